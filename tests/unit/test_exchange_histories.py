"""More than a thousand histories of two desks that work on the same cases while everything goes wrong (R40, R44).

Whatever happened: when the trouble is over, both hold the same events and fold to the same case, nothing is there
twice, and nothing that somebody altered was taken.
"""

from __future__ import annotations

from typing import Any

import pytest

from ivr.desks.case import fold
from ivr.desks.exchange import seal
from tests.unit.exchange_world import World

EACH = 150  # histories a test
ACTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("written", {"cause": "路灯不亮", "place": "和平路 1 号"}),
    ("written", {"text": "又来电催办"}),
    ("called", {"call": "c-1"}),
    ("offered", {"to": "110", "way": "voice", "mode": "conference", "transfer": "t-1"}),
    ("offered", {"to": "12345", "way": "online"}),
    ("offered", {"to": "110", "way": "online"}),
    ("voice_failed", {"transfer": "t-1"}),
    ("proposed", {"whose": "ours"}),
    ("proposed", {"whose": "yours"}),
    ("proposed", {"whose": "both"}),
    ("emergency", {"danger": "life"}),
    ("accepted", {}),
    ("refused", {"reason": "不属于本平台"}),
    ("returned", {"reason": "现场无警情"}),
    ("handled", {"result": "solved"}),
    ("closed", {}),
)


def history(seed: int) -> World:
    world = World(seed)
    draw = world.random
    for number in range(draw.randint(1, 2)):
        case = f"00000000-0000-4000-8000-{seed:06d}{number:06d}"
        first, second = draw.choice([("12345", "110"), ("110", "12345")])
        world.desks[first].do(case, "opened", {"number": f"{first}-20261127-{number:06d}", "channel": "phone"})
        world.desks[first].do(case, "offered", {"to": second, "way": "online"})
        for _ in range(draw.randint(2, 12)):
            kind, data = draw.choice(ACTS)
            desk = draw.choice([first, second])
            when = draw.choice([draw.uniform(0, 60), draw.uniform(0, 7200), draw.uniform(0, 86400)])
            world.at(when, lambda desk=desk, kind=kind, data=data, case=case: world.desks[desk].do(case, kind, data))  # type: ignore[misc]
    if draw.random() < 0.5:  # data down for an hour
        begin = draw.uniform(0, 3600)
        world.shut = [(begin, begin + 3600)]
    for _ in range(draw.randint(0, 4)):
        world.at(draw.choice([draw.uniform(0, 900), draw.uniform(0, 90000)]), world.steal)
    return world


def settle(world: World) -> None:
    """The last acts and late messages arrive, then the trouble ends and the desks have an hour to agree."""
    world.run(90_000)
    world.calm()
    world.run(world.now + 7200)


@pytest.mark.parametrize("block", range(8))
def test_given_any_history_when_the_trouble_is_over_then_both_desks_hold_the_same_case(block: int) -> None:
    for seed in range(block * EACH, (block + 1) * EACH):
        world = history(seed)
        settle(world)
        one, other = (desk.disk for desk in world.desks.values())
        for case in {id for id, _, _ in {**one.events, **other.events}}:
            if set(world.desks) <= fold([*one.of(case), *other.of(case)]).desks:  # else it was never offered
                assert set(map(seal, one.of(case))) == set(map(seal, other.of(case))), seed
                assert fold(one.of(case)) == fold(other.of(case)), seed
        for desk in world.desks.values():
            assert [row for row in desk.disk.outbox if row.state != "delivered"] == [], seed
            taken = {digest for digest, _ in desk.disk.inbox.values()}
            assert taken.isdisjoint(world.forged), seed
