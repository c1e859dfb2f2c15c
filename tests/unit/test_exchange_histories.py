"""More than a thousand histories of two desks that work on the same cases while everything goes wrong (R40, R44).

Whatever happened: when the trouble is over, both hold the same events and fold to the same case, nothing is there
twice, and nothing that somebody altered was taken.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ivr.desks.case import KINDS, fold, strange
from ivr.desks.exchange import seal
from tests.unit.exchange_world import World
from tests.unit.test_case import DATA

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
OTHERS = [(kind, data) for kind in sorted(set(DATA) - {"opened"} - {act for act, _ in ACTS}) for data in DATA[kind]]
TROUBLES = {"lost", "doubled", "late", "day", "altered", "answer lost", "shut", "stolen"}
STEPS = (
    *("before an event is kept", "after an event is kept", "before it sends", "after it sent"),
    *("before a message is kept", "before it answers", "before an answer is kept", "after an answer is kept"),
)
SEEN = {"taken", "waiting", "known", "refused signature", "refused replay", "exchange_altered"}
STORIES = (  # of the desk that had the case first (0), or of the other one
    (0, ("ordered", "order_signed", "order_extension", "order_extended", "order_done", "order_reopened", "order_done")),
    (0, ("ordered", "order_signed", "order_returned", "guided", "told")),
    (0, ("received", "responded", "received", "handled", "called_back", "closed", "split")),
    (0, ("emergency", "written", "handled", "closed", "emergency")),
    (1, ("accepted", "returned")),
)


def history(seed: int) -> World:
    world = World(seed)
    draw = world.random
    if draw.random() < 0.3:  # one desk is older: it learns the rest at the end
        unknown = draw.sample(sorted(set(KINDS) - {"opened", "offered"}), 5)
        older = draw.choice(sorted(world.desks))
        world.desks[older].kinds = {kind: shape for kind, shape in KINDS.items() if kind not in unknown}
    for number in range(draw.randint(1, 2)):
        case = f"00000000-0000-4000-8000-{seed:06d}{number:06d}"
        first, second = draw.choice([("12345", "110"), ("110", "12345")])
        world.desks[first].do(case, "opened", {"number": f"{first}-20261127-{number:06d}", "channel": "phone"})
        world.desks[first].do(case, "offered", {"to": second, "way": "online"})
        if draw.random() < 0.5:  # what belongs together, one after another
            times = sorted(draw.uniform(0, 7200) for _ in range(7))
            whose, story = draw.choice(STORIES)
            who = (first, second)[whose]
            for when, kind in zip(times, story, strict=False):
                world.at(when, lambda desk=who, kind=kind, case=case: world.desks[desk].do(case, kind, DATA[kind][0]))  # type: ignore[misc]
        for _ in range(draw.randint(2, 12)):
            kind, data = draw.choice(ACTS if draw.random() < 0.6 else OTHERS)
            desk = draw.choice([first, second])
            when = draw.choice([draw.uniform(0, 60), draw.uniform(0, 7200), draw.uniform(0, 86400)])
            world.at(when, lambda desk=desk, kind=kind, data=data, case=case: world.desks[desk].do(case, kind, data))  # type: ignore[misc]
    if draw.random() < 0.5:  # data down for an hour
        begin = draw.uniform(0, 3600)
        world.shut = [(begin, begin + 3600)]
    for _ in range(draw.randint(0, 4)):
        does = draw.choice([world.steal, world.steal, world.forge])
        world.at(draw.choice([draw.uniform(0, 900), draw.uniform(0, 90000)]), does)
    return world


def settle(world: World) -> None:
    """The last acts and late messages arrive, then the trouble ends and the desks have an hour to agree."""
    world.run(90_000)
    world.calm()
    world.run(world.now + 7200)


@pytest.mark.parametrize("block", range(8))
def test_given_any_history_when_the_trouble_is_over_then_both_desks_hold_the_same_case(block: int) -> None:
    happened: Counter[str] = Counter()
    for seed in range(block * EACH, (block + 1) * EACH):
        world = history(seed)
        settle(world)
        one, other = (desk.disk for desk in world.desks.values())
        for case in {id for id, _, _ in {**one.events, **other.events}}:
            here, there = fold(one.of(case)), fold(other.of(case))
            assert not strange(here) | strange(there), seed
            if set(world.desks) <= fold([*one.of(case), *other.of(case)]).desks:  # else it was never offered
                assert set(map(seal, one.of(case))) == set(map(seal, other.of(case))), seed
                assert here == there, seed
        for desk in world.desks.values():
            assert [row for row in desk.disk.outbox if row.state != "delivered"] == [], seed
            taken = {digest for digest, _ in desk.disk.inbox.values()}
            assert taken.isdisjoint(world.forged), seed
        happened += world.happened
    drawn = {*TROUBLES, *SEEN, *(f"killed {step}" for step in STEPS)} | {f"did {kind}" for kind, _ in ACTS}
    drawn |= {f"did {kind}" for _, story in STORIES for kind in story}
    assert drawn - set(happened) == set(), "these histories are too tame"
