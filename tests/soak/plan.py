"""What a soak will do: its stories and the deaths in their midst, all drawn from one seed. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.soak.kinds import KINDS, Rng, seconds
from tests.soak.script import MOMENTS, STORY_SECONDS, Death, Reply, Schedule, Story

# what → (weight, seconds that it lasts, from … to)
DEATHS: dict[str, tuple[int, float, float]] = {
    "controller": (6, 0, 0),
    "controller_frozen": (4, 2, 14),
    "asterisk": (1, 0, 0),
    "up": (2, 1, 4),
    "database_locked": (3, 3, 12),
    "operator_phone": (4, 8, 12),
    "desk_phone": (3, 4, 10),
    "caller_phone": (3, 2, 4),
}
_PARTY = {"operator_phone": "talking", "desk_phone": "joined", "caller_phone": "talking"}


def plan(seed: int, minutes: float, callers: int = 7, operators: int = 6, deaths_per_minute: float = 4.0) -> Schedule:
    """The same arguments make the same schedule, on every machine and for ever (random.Random, Mersenne twister)."""
    rng = random.Random(seed)
    count = max(callers, round(minutes * 60 * callers / STORY_SECONDS))
    kinds = _dealt(rng, count)
    stories = tuple(_story(rng, index, kinds[index], index % callers) for index in range(count))
    return Schedule(seed, minutes, callers, operators, stories, _deaths(rng, stories, minutes, deaths_per_minute))


def _dealt(rng: Rng, count: int) -> list[str]:
    """Kinds by weight; the first of every deal of cards holds each kind, so that a short soak has many of them."""
    deck = [name for name, (weight, _) in KINDS.items() for _ in range(weight)]
    dealt: list[str] = []
    while len(dealt) < count:
        dealt += rng.sample(deck, len(deck))
    return dealt[:count]


def _story(rng: Rng, index: int, kind: str, caller: int) -> Story:
    story = Story(
        index=index,
        kind=kind,
        number=f"138{index:08d}",
        caller=caller,
        pause=seconds(rng, 0.3, 3.0),
        key=rng.choice(("5", "5", "5", "2", "")),
        key_after=seconds(rng, 0.5, 1.5),
        operators=_operators(rng),
        desks=(Reply("answer", seconds(rng, 0.2, 2.0)),),
    )
    return KINDS[kind][1](story, rng)


def _operators(rng: Rng) -> tuple[Reply, ...]:
    """Mostly the first one answers; now and then one is busy, rejects or lets it ring, and the next one answers."""
    first = rng.choices(("answer", "busy", "reject", "ring"), (12, 1, 1, 1))[0]
    answers = Reply("answer", seconds(rng, 0.1, 1.5))
    return (answers,) if first == "answer" else (Reply(first, 0.3), answers)


# — the deaths ————————————————————————————————————————————————————————————————————————————————————————————————————————


def _deaths(rng: Rng, stories: Sequence[Story], minutes: float, per_minute: float) -> tuple[Death, ...]:
    """Spread over the soak; each at a moment that its story has. One at least is the controller's, one Asterisk's."""
    count = max(2, round(minutes * per_minute)) if per_minute else 0
    names, weights = list(DEATHS), [weight for weight, _, _ in DEATHS.values()]
    chosen = ["controller", "asterisk", *rng.choices(names, weights, k=max(0, count - 2))][:count]
    rng.shuffle(chosen)
    step = len(stories) / (count + 1)
    return tuple(
        _death(rng, stories, what, min(len(stories) - 1, round((n + 1) * step + rng.uniform(-0.3, 0.3) * step)))
        for n, what in enumerate(chosen)
    )


def _death(rng: Rng, stories: Sequence[Story], what: str, index: int) -> Death:
    """At that story, or the next one in which somebody of that kind is there to die."""
    _, least, most = DEATHS[what]
    wanted = _PARTY.get(what)
    at = next((n for n in range(index, len(stories)) if wanted is None or wanted in moments_of(stories[n])), index)
    there = moments_of(stories[at])
    moments = there[there.index(wanted) :] if wanted in there else there
    return Death(at, rng.choice(moments), seconds(rng, 0.0, 1.5), what, seconds(rng, least, most))


def moments_of(story: Story) -> list[str]:
    """The moments that the story's acts lead through, in order, without its end."""
    found = ["answered"]
    if story.key != "0" and story.kind != "leave_in_the_greeting":
        found.append("operator_rings")
        if story.operators[-1].how == "answer" and story.kind != "emergency":
            found.append("talking")
    if any(act.do in ("ask", "second_line") for act in story.acts):
        found.append("asked")
    if any(act.what[:1] != ("survey",) for act in story.acts if act.do in ("ask", "second_line")):
        found.append("target_rings")
    found += [act.when for act in story.acts if act.when in ("joined", "released", "back") and act.when not in found]
    return sorted(set(found), key=MOMENTS.index)
