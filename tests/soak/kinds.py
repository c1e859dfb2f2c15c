"""The kinds of stories, each made of chance. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.soak.script import APART, CANCEL, HAND_BACK, JOIN, PULL_IN, TAKE_BACK, Act, Reply, Story

Rng = random.Random
Kind = Callable[[Story, Rng], Story]


def seconds(rng: Rng, least: float, most: float) -> float:
    return round(rng.uniform(least, most), 2)


def _act(when: str, after: float, who: str, do: str, *what: str) -> Act:
    return Act(when, after, who, do, what)


def _ask(rng: Rng, target: str, mode: str, triggers: Sequence[str] = ("key", "key", "url_key", "api")) -> Act:
    return _act("talking", seconds(rng, APART, 4.0), "operator", "ask", target, mode, rng.choice(triggers))


def _end(when: str, rng: Rng, *who: str) -> Act:
    return _act(when, seconds(rng, 1.5, 4.0), rng.choice(who), "hang_up")


def _leave_in_the_greeting(story: Story, rng: Rng) -> Story:
    return replace(story, key="", acts=(_act("answered", seconds(rng, 0.1, 4.0), "caller", "hang_up"),))


def _leave_while_it_rings(story: Story, rng: Rng) -> Story:
    act = _act("operator_rings", seconds(rng, 0.0, 3.0), "caller", "hang_up")
    return replace(story, operators=(Reply("ring"),), acts=(act,))


def _talk(story: Story, rng: Rng) -> Story:
    return replace(story, acts=(_end("talking", rng, "caller", "operator"),))


def _emergency(story: Story, rng: Rng) -> Story:
    """The emergency key, in the greeting or while the operator's phone rings."""
    desks = _desks(rng)
    ends = _act("joined", seconds(rng, 2.0, 4.0), rng.choice(("caller", "desk")), "hang_up")
    if rng.random() < 0.5:
        return replace(story, key="0", desks=desks, acts=(ends,))
    key = _act("operator_rings", seconds(rng, 0.2, 1.5), "caller", "keys", "0")
    return replace(story, operators=(Reply("ring"), Reply("answer", 0.5)), desks=desks, acts=(key, ends))


def _desks(rng: Rng) -> tuple[Reply, ...]:
    """The first route answers, or fails and the second answers, or both fail."""
    fails = ("busy", "reject", "unavailable", "ring")
    answers = Reply("answer", seconds(rng, 0.2, 2.5))
    outcome = rng.choices(("answer", "second", "none"), (6, 2, 1))[0]
    first, second = Reply(rng.choice(fails)), Reply(rng.choice(fails))
    return {"answer": (answers,), "second": (first, answers), "none": (first, second)}[outcome]


def _transfer(story: Story, rng: Rng) -> Story:
    target = rng.choice(("110", "110", "119", "gas"))
    ask = _ask(rng, target, "transfer", ("key", "key", "url_key", "api", "refer"))
    desks = _desks(rng) if target == "110" else (Reply("answer", seconds(rng, 0.2, 2.5)),)
    return replace(story, desks=desks, acts=(ask, _end("released", rng, "caller", "desk")))


def _dropped(story: Story, rng: Rng) -> Story:
    """The desk answers and leaves at once, before the operator is released."""
    return replace(
        story,
        desks=(Reply("drop", 0.5),),
        acts=(_ask(rng, "110", "transfer"), _end("talking", rng, "caller", "operator")),
    )


def _conference(story: Story, rng: Rng) -> Story:
    target = rng.choice(("110", "110", "119", "120"))
    stays = seconds(rng, 1.5, 3.0)
    how = rng.choice(("caller", "operator", "desk", "take_back", "hand_over", "hand_back"))
    if how == "hand_over" and target == "120":
        how = "operator"
    if how == "hand_back" and target != "110":
        how = "desk"
    then: tuple[Act, ...] = {
        "caller": (_act("joined", stays, "caller", "hang_up"),),
        "operator": (_act("joined", stays, "operator", "hang_up"), _end("released", rng, "caller", "desk")),
        "desk": (_act("joined", stays, "desk", "hang_up"), _end("talking", rng, "caller", "operator")),
        "take_back": (_act("joined", stays, "operator", "keys", TAKE_BACK), _end("talking", rng, "caller", "operator")),
        "hand_over": (
            _act("joined", stays, "operator", "ask", target, "transfer", "key"),
            _end("released", rng, "caller", "desk"),
        ),
        "hand_back": (_act("joined", stays, "desk", "keys", HAND_BACK), _end("talking", rng, "caller", "operator")),
    }[how]
    return replace(story, acts=(_ask(rng, target, "conference"), *then))


def _consult(story: Story, rng: Rng) -> Story:
    stays = seconds(rng, 1.5, 3.0)
    how = rng.choice(("join", "desk", "operator", "caller"))
    then: tuple[Act, ...] = {
        "join": (
            _act("joined", stays, "operator", "keys", JOIN),
            _act("joined", APART, "operator", "hang_up"),
            _end("released", rng, "caller", "desk"),
        ),
        "desk": (_act("joined", stays, "desk", "hang_up"), _end("talking", rng, "caller", "operator")),
        "operator": (_act("joined", stays, "operator", "hang_up"), _end("released", rng, "caller", "desk")),
        "caller": (_act("joined", stays, "caller", "hang_up"), _act("over", 1.0, "operator", "hang_up")),
    }[how]
    return replace(story, acts=(_ask(rng, "110", "consult"), *then))


def _blind(story: Story, rng: Rng) -> Story:
    return replace(story, acts=(_ask(rng, "gas", "blind"), _end("joined", rng, "caller", "desk")))


def _suspend(story: Story, rng: Rng) -> Story:
    digit = _act("asked", seconds(rng, 2.0, 3.5), "caller", "keys", rng.choice("12345"))
    return replace(
        story,
        acts=(
            _ask(rng, "survey", "suspend"),
            digit,
            _act("talking", 3.0, rng.choice(("caller", "operator")), "hang_up"),
        ),
    )


def _attended(story: Story, rng: Rng) -> Story:
    asks = _act("talking", seconds(rng, APART, 3.5), "operator", "second_line", "110")
    moves = _act("joined", seconds(rng, 1.0, 2.5), "operator", "attended")
    return replace(story, acts=(asks, moves, _end("released", rng, "caller", "desk")))


def _handed_over(story: Story, rng: Rng) -> Story:
    """110 hands a caller over to the hotline; back to 110 he cannot go before all three have talked (R21)."""
    ends = _act("talking", seconds(rng, 2.0, 4.0), rng.choice(("caller", "operator")), "hang_up")
    asks = (_ask(rng, "110", "transfer", ("key",)),) if rng.random() < 0.5 else ()
    return replace(story, handed_over_by="110", key="", acts=(*asks, ends))


def _hand_back(story: Story, rng: Rng) -> Story:
    ends = _act("back", seconds(rng, 1.5, 3.0), rng.choice(("caller", "operator")), "hang_up")
    back = _act("released", seconds(rng, 1.0, 2.5), "desk", "keys", HAND_BACK)
    return replace(story, acts=(_ask(rng, "110", "transfer"), back, ends))


def _pull_in(story: Story, rng: Rng) -> Story:
    pulls = _act("released", seconds(rng, 1.0, 2.5), "desk", "keys", PULL_IN)
    leaves = rng.choice(("desk", "operator"))
    stays = {"desk": "operator", "operator": "desk"}[leaves]
    acts = (
        _ask(rng, "110", "transfer"),
        pulls,
        _act("back", APART, leaves, "hang_up"),
        _act("asked", seconds(rng, 1.5, 3.0), rng.choice(("caller", stays)), "hang_up"),
    )
    return replace(story, acts=acts)


def _cancel(story: Story, rng: Rng) -> Story:
    cancels = _act("target_rings", seconds(rng, 0.3, 2.0), "operator", "keys", CANCEL)
    ends = _act("talking", seconds(rng, 2.5, 4.0), rng.choice(("caller", "operator")), "hang_up")
    return replace(story, desks=(Reply("ring"),), acts=(_ask(rng, "110", "transfer"), cancels, ends))


def _leave_while_the_target_rings(story: Story, rng: Rng) -> Story:
    leaves = _act("target_rings", seconds(rng, 0.0, 2.0), "caller", "hang_up")
    return replace(story, desks=(Reply("ring"),), acts=(_ask(rng, "110", "transfer"), leaves))


# kind → (how often, relative to the others; how its story is made)
KINDS: dict[str, tuple[int, Kind]] = {
    "leave_in_the_greeting": (1, _leave_in_the_greeting),
    "leave_while_it_rings": (1, _leave_while_it_rings),
    "talk": (3, _talk),
    "emergency": (2, _emergency),
    "transfer": (5, _transfer),
    "dropped": (1, _dropped),
    "conference": (3, _conference),
    "consult": (2, _consult),
    "blind": (1, _blind),
    "suspend": (1, _suspend),
    "attended": (2, _attended),
    "handed_over": (1, _handed_over),
    "hand_back": (1, _hand_back),
    "pull_in": (1, _pull_in),
    "cancel": (1, _cancel),
    "leave_while_the_target_rings": (1, _leave_while_the_target_rings),
}
