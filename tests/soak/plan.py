"""What a soak will do: stories of calls and deaths in their midst, all drawn from one seed. Pure.

A story is what the people of one call do: the caller's way in, how operators and desks take the call, then acts in
order, each tied to a moment of the story ("talking", "target_rings" …). A death is tied to a moment of a story as well,
so the same seed kills the same thing in the same situation, however fast the machine is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

STORY_SECONDS = 15.0  # what a story takes on average, its pause included
WHISPER_TO_DROP = 2.2  # seconds after its answer that a desk leaves: the whisper, and a moment in the talk
LINGER = 4.0  # seconds that the phones have to see that a call is over
APART = 2.6  # seconds between two parties that come in: PJSIP's RTP stamps begin at zero (docs/limits.md)

MOMENTS = (
    "answered",  # the hotline has answered: the greeting
    "operator_rings",
    "talking",  # an operator has the caller
    "asked",  # a target has just been asked for
    "target_rings",
    "joined",  # the target has answered, its whisper is over
    "released",  # the operator has left, the caller has not
    "back",  # another operator has the caller after the target had him
    "over",  # the caller's phone is free again
)


@dataclass(frozen=True, slots=True)
class Reply:
    """How a phone takes a call that comes in: `answer`, `ring` (until it is stopped), or a status."""

    how: str = "answer"  # answer | ring | busy | reject | unavailable | drop
    after: float = 0.3  # seconds of ringing


@dataclass(frozen=True, slots=True)
class Act:
    """`when` a moment has come (since the act before), `after` seconds more, `who` does what.

    do: `keys` (what: digits), `ask` (what: target, mode, trigger), `hang_up`, `second_line` (what: target), `attended`.
    """

    when: str
    after: float
    who: str  # caller | operator | desk
    do: str
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    index: int
    kind: str
    number: str  # the caller's, of this call alone
    caller: int  # which phone
    pause: float  # seconds before it, since the phone's story before
    key: str = "5"  # pressed in the greeting: 5 goes on, 2 English, 0 emergency, "" listens
    key_after: float = 0.8
    operators: tuple[Reply, ...] = (Reply(),)  # the n-th operator who is rung; the last counts for all that follow
    desks: tuple[Reply, ...] = (Reply(),)  # the n-th desk that is rung, the same way
    acts: tuple[Act, ...] = ()
    handed_over_by: str | None = None  # the desk whose phone calls in the caller's name
    patience: float = 60.0  # seconds that the caller waits for an operator


@dataclass(frozen=True, slots=True)
class Death:
    story: int
    moment: str
    after: float  # seconds
    what: str  # one of DEATHS
    seconds: float = 0.0  # how long it lasts


@dataclass(frozen=True, slots=True)
class Schedule:
    seed: int
    minutes: float
    callers: int
    operators: int
    stories: tuple[Story, ...]
    deaths: tuple[Death, ...]

    def of_caller(self, caller: int) -> list[Story]:
        return [story for story in self.stories if story.caller == caller]

    def of_story(self, index: int) -> list[Death]:
        return [death for death in self.deaths if death.story == index]


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

KEYS = {
    ("110", "transfer"): "*1",
    ("110", "conference"): "*3",
    ("110", "consult"): "*5",
    ("119", "transfer"): "*71",
    ("119", "conference"): "*73",
    ("120", "conference"): "*83",
    ("gas", "transfer"): "*91",
    ("gas", "blind"): "*94",
    ("survey", "suspend"): "*98",
}
CANCEL, TAKE_BACK, JOIN, HAND_BACK, PULL_IN = "*0", "*2", "*6", "*9", "*8"

Rng = random.Random
Kind = Callable[[Story, Rng], Story]


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
        pause=_seconds(rng, 0.3, 3.0),
        key=rng.choice(("5", "5", "5", "2", "")),
        key_after=_seconds(rng, 0.5, 1.5),
        operators=_operators(rng),
        desks=(Reply("answer", _seconds(rng, 0.2, 2.0)),),
    )
    return KINDS[kind][1](story, rng)


def _operators(rng: Rng) -> tuple[Reply, ...]:
    """Mostly the first one answers; now and then one is busy, rejects or lets it ring, and the next one answers."""
    first = rng.choices(("answer", "busy", "reject", "ring"), (12, 1, 1, 1))[0]
    answers = Reply("answer", _seconds(rng, 0.1, 1.5))
    return (answers,) if first == "answer" else (Reply(first, 0.3), answers)


def _seconds(rng: Rng, least: float, most: float) -> float:
    return round(rng.uniform(least, most), 2)


# — the kinds of stories ——————————————————————————————————————————————————————————————————————————————————————————————


def _act(when: str, after: float, who: str, do: str, *what: str) -> Act:
    return Act(when, after, who, do, what)


def _ask(rng: Rng, target: str, mode: str, triggers: Sequence[str] = ("key", "key", "url_key", "api")) -> Act:
    return _act("talking", _seconds(rng, APART, 4.0), "operator", "ask", target, mode, rng.choice(triggers))


def _end(when: str, rng: Rng, *who: str) -> Act:
    return _act(when, _seconds(rng, 1.5, 4.0), rng.choice(who), "hang_up")


def _leave_in_the_greeting(story: Story, rng: Rng) -> Story:
    return replace(story, key="", acts=(_act("answered", _seconds(rng, 0.1, 4.0), "caller", "hang_up"),))


def _leave_while_it_rings(story: Story, rng: Rng) -> Story:
    act = _act("operator_rings", _seconds(rng, 0.0, 3.0), "caller", "hang_up")
    return replace(story, operators=(Reply("ring"),), acts=(act,))


def _talk(story: Story, rng: Rng) -> Story:
    return replace(story, acts=(_end("talking", rng, "caller", "operator"),))


def _emergency(story: Story, rng: Rng) -> Story:
    """The emergency key, in the greeting or while the operator's phone rings."""
    desks = _desks(rng)
    ends = _act("joined", _seconds(rng, 2.0, 4.0), rng.choice(("caller", "desk")), "hang_up")
    if rng.random() < 0.5:
        return replace(story, key="0", desks=desks, acts=(ends,))
    key = _act("operator_rings", _seconds(rng, 0.2, 1.5), "caller", "keys", "0")
    return replace(story, operators=(Reply("ring"), Reply("answer", 0.5)), desks=desks, acts=(key, ends))


def _desks(rng: Rng) -> tuple[Reply, ...]:
    """The first route answers, or fails and the second answers, or both fail."""
    fails = ("busy", "reject", "unavailable", "ring")
    answers = Reply("answer", _seconds(rng, 0.2, 2.5))
    outcome = rng.choices(("answer", "second", "none"), (6, 2, 1))[0]
    first, second = Reply(rng.choice(fails)), Reply(rng.choice(fails))
    return {"answer": (answers,), "second": (first, answers), "none": (first, second)}[outcome]


def _transfer(story: Story, rng: Rng) -> Story:
    target = rng.choice(("110", "110", "119", "gas"))
    ask = _ask(rng, target, "transfer", ("key", "key", "url_key", "api", "refer"))
    desks = _desks(rng) if target == "110" else (Reply("answer", _seconds(rng, 0.2, 2.5)),)
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
    stays = _seconds(rng, 1.5, 3.0)
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
    stays = _seconds(rng, 1.5, 3.0)
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
    digit = _act("asked", _seconds(rng, 2.0, 3.5), "caller", "keys", rng.choice("12345"))
    return replace(
        story,
        acts=(
            _ask(rng, "survey", "suspend"),
            digit,
            _act("talking", 3.0, rng.choice(("caller", "operator")), "hang_up"),
        ),
    )


def _attended(story: Story, rng: Rng) -> Story:
    asks = _act("talking", _seconds(rng, APART, 3.5), "operator", "second_line", "110")
    moves = _act("joined", _seconds(rng, 1.0, 2.5), "operator", "attended")
    return replace(story, acts=(asks, moves, _end("released", rng, "caller", "desk")))


def _handed_over(story: Story, rng: Rng) -> Story:
    """110 hands a caller over to the hotline; back to 110 he cannot go before all three have talked (R21)."""
    ends = _act("talking", _seconds(rng, 2.0, 4.0), rng.choice(("caller", "operator")), "hang_up")
    asks = (_ask(rng, "110", "transfer", ("key",)),) if rng.random() < 0.5 else ()
    return replace(story, handed_over_by="110", key="", acts=(*asks, ends))


def _hand_back(story: Story, rng: Rng) -> Story:
    ends = _act("back", _seconds(rng, 1.5, 3.0), rng.choice(("caller", "operator")), "hang_up")
    back = _act("released", _seconds(rng, 1.0, 2.5), "desk", "keys", HAND_BACK)
    return replace(story, acts=(_ask(rng, "110", "transfer"), back, ends))


def _pull_in(story: Story, rng: Rng) -> Story:
    pulls = _act("released", _seconds(rng, 1.0, 2.5), "desk", "keys", PULL_IN)
    leaves = rng.choice(("desk", "operator"))
    stays = {"desk": "operator", "operator": "desk"}[leaves]
    acts = (
        _ask(rng, "110", "transfer"),
        pulls,
        _act("back", APART, leaves, "hang_up"),
        _act("asked", _seconds(rng, 1.5, 3.0), rng.choice(("caller", stays)), "hang_up"),
    )
    return replace(story, acts=acts)


def _cancel(story: Story, rng: Rng) -> Story:
    cancels = _act("target_rings", _seconds(rng, 0.3, 2.0), "operator", "keys", CANCEL)
    ends = _act("talking", _seconds(rng, 2.5, 4.0), rng.choice(("caller", "operator")), "hang_up")
    return replace(story, desks=(Reply("ring"),), acts=(_ask(rng, "110", "transfer"), cancels, ends))


def _leave_while_the_target_rings(story: Story, rng: Rng) -> Story:
    leaves = _act("target_rings", _seconds(rng, 0.0, 2.0), "caller", "hang_up")
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
    return Death(at, rng.choice(moments), _seconds(rng, 0.0, 1.5), what, _seconds(rng, least, most))


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
