"""The states that a death meets: how a call comes into each, how its story goes on, and how the log tells it.

reach    brings the call near; it may stay there for minutes
brink    the last step, just before the death strikes
go_on    the story's end, with the death in the middle of it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.matrix.cell import Cell
from tests.matrix.house import DIGITS, KEYS

Act = Callable[[Cell], None]
Way = tuple[tuple[str, ...], tuple[tuple[str, ...], ...], tuple[str, ...], str]  # parties, transfers, steps, outcome


@dataclass(frozen=True, slots=True)
class State:
    name: str
    story: str  # numbered, in prose; the death strikes at the sign
    reach: Act
    brink: Act
    go_on: Act
    way: Way  # of the undisturbed story: who took part in the order of coming, transfers, steps, outcome
    broken: Way  # if everything ends where the death strikes
    parties: frozenset[str]  # who of operator and desk has a part in it when the death strikes
    invites: int = 0  # that the desk gets
    by_caller: bool = False  # the caller acts next


def nothing(_: Cell) -> None: ...


def _queued(cell: Cell) -> None:
    cell.call()
    cell.choose()


def _talks(cell: Cell) -> None:
    cell.operator_comes()
    _queued(cell)
    cell.operator_rings()
    cell.talk("caller", "operator")


def _asks(key: str, desk: str) -> Act:
    def act(cell: Cell) -> None:
        cell.press("operator", KEYS[key])
        cell.desk_rings({"desk": cell.run.desk, "keyed": cell.run.keyed, "slow": cell.run.slow}[desk])

    return act


def _rings(cell: Cell) -> None:
    _asks("transfer", "desk")(cell)
    cell.lines["desk"].phone.wait_for("ringing", call=cell.lines["desk"].call)


def _acknowledges(cell: Cell) -> None:
    _asks("acknowledged", "keyed")(cell)
    cell.answer("desk")
    line = cell.lines["desk"]
    answered = line.phone.wait_for("confirmed", call=line.call).at
    cell.until(lambda: line.phone.voice(answered, call=line.call) > 0.1, "the question to the desk")


def _three(cell: Cell) -> None:
    _talks(cell)
    _asks("conference", "desk")(cell)
    cell.answer("desk")
    cell.talk("caller", "operator", "desk")


def _handed_over(cell: Cell) -> None:
    _talks(cell)
    _asks("transfer", "desk")(cell)
    cell.answer("desk")
    cell.released()
    cell.talk("caller", "desk")


def _stays(*names: str) -> Act:
    """They talk on, until the death is over and a little longer."""

    def act(cell: Cell) -> None:
        cell.run.over.wait(120)
        cell.pause(1.5)
        cell.talk(*names)
        cell.hang_up()

    return act


def _then(*acts: Act) -> Act:
    def act(cell: Cell) -> None:
        for one in acts:
            one(cell)

    return act


def _turn(cell: Cell) -> None:
    cell.run.turn(cell)


def _operator_takes(cell: Cell) -> None:
    cell.operator_rings()
    cell.talk("caller", "operator")


def _brought(cell: Cell) -> None:
    """The desk is in: the operator is released, caller and desk talk."""
    cell.released()
    cell.talk("caller", "desk")


def _answers(cell: Cell) -> None:
    cell.answer("desk")


def _hands_back(cell: Cell) -> None:
    cell.press("desk", "*9")
    cell.pause(0.5)  # the digits take as long


def _is_back(cell: Cell) -> None:
    cell.released("desk")
    operator = cell.lines["operator"]
    cell.operator_rings(since=operator.left or 0.0)
    cell.talk("caller", "operator")


def _steps(place: int, *more: str) -> tuple[str, ...]:
    queue = f"queue q-s{place}"
    return tuple(queue if step == "queue" else step for step in ("greeting zh", f"key {DIGITS[place]}", *more))


def _operator(place: int) -> str:
    return f"operator 20{place}0"


def _way(place: int, *parties: str, transfer: tuple[str, ...] | None = None, back: bool = False) -> Way:
    names = tuple(_operator(place) if party == "operator" else party for party in parties)
    steps = _steps(place, "queue", "requeued handed_back", "queue") if back else _steps(place, "queue")
    outcome = "transferred" if any(party.startswith("desk") for party in parties) and transfer else "answered"
    return (("caller", *names), (transfer,) if transfer else (), steps, outcome)


def _completed(target: str, mode: str = "transfer") -> tuple[str, ...]:
    return (target, mode, "key", "completed", "answered")


def _cut(way: Way, parties: int, transfers: tuple[tuple[str, ...], ...], steps: int) -> Way:
    return (way[0][:parties], transfers, way[2][:steps], "interrupted")


def _interrupted(target: str) -> tuple[tuple[str, ...], ...]:
    return ((target, "transfer", "key", "interrupted", "interrupted"),)


def _greeting(place: int) -> State:
    def reach(cell: Cell) -> None:
        cell.operator_comes()
        cell.call()
        line = cell.lines["caller"]
        cell.until(lambda: line.phone.voice(line.since, call=line.call) > 0, "the greeting")

    way = _way(place, "operator")
    return State(
        "greeting",
        "1. A citizen calls and hears the greeting. † 2. He presses his key. 3. His operator answers, they talk.",
        reach,
        nothing,
        _then(_turn, Cell.choose, _operator_takes, _stays("caller", "operator")),
        way,
        _cut(way, 1, (), 1),
        frozenset(),
        by_caller=True,
    )


def _waiting(place: int) -> State:
    way = _way(place, "operator")
    return State(
        "waiting",
        "1. A citizen waits in the queue. † 2. An operator comes to work. 3. They talk.",
        _queued,
        nothing,
        _then(_turn, Cell.operator_comes, _operator_takes, _stays("caller", "operator")),
        way,
        _cut(way, 1, (), 3),
        frozenset(),
    )


def _operator_ringing(place: int) -> State:
    def reach(cell: Cell) -> None:
        cell.operator_comes(answers=False)
        cell.call()  # he waits in the long greeting for the brink

    def brink(cell: Cell) -> None:
        cell.choose()
        cell.operator_rings()

    def answer(cell: Cell) -> None:
        cell.answer("operator")
        cell.talk("caller", "operator")

    way = _way(place, "operator")
    return State(
        "operator ringing",
        "1. A citizen's operator rings. † 2. The operator answers. 3. They talk.",
        reach,
        brink,
        _then(_turn, answer, _stays("caller", "operator")),
        way,
        _cut(way, 2, (), 3),
        frozenset({"operator"}),
    )


def _talking(place: int) -> State:
    way = _way(place, "operator")
    return State(
        "talking",
        "1. Citizen and operator talk. † 2. They talk on. 3. The citizen hangs up.",
        _talks,
        nothing,
        _stays("caller", "operator"),
        way,
        _cut(way, 2, (), 3),
        frozenset({"operator"}),
    )


def _target(place: int, name: str, target: str, story: str, brink: Act, act: Act) -> State:
    way = _way(place, "operator", f"desk {target}", transfer=_completed(target))
    return State(
        name,
        f"1. Citizen and operator talk. 2. The operator presses {target}'s key. 3. {story} The desk comes in. "
        "5. The operator is released. 6. Citizen and desk talk.",
        _talks,
        brink,
        _then(_turn, act, _brought, _stays("caller", "desk")),
        way,
        _cut(way, 3, _interrupted(target), 3),
        frozenset({"operator", "desk"}),
        invites=1,
    )


def _presses_one(cell: Cell) -> None:
    cell.press("desk", "1")


def _three_party(place: int) -> State:
    way = _way(place, "operator", "desk 110", transfer=_completed("110", "conference"))
    return State(
        "three-party",
        "1. Citizen, operator and 110 talk. † 2. They talk on. 3. The citizen hangs up.",
        _three,
        nothing,
        _stays("caller", "operator", "desk"),
        way,
        _cut(way, 3, way[1], 3),
        frozenset({"operator", "desk"}),
        invites=1,
    )


def _after_release(place: int) -> State:
    way = _way(place, "operator", "desk 110", transfer=_completed("110"))
    return State(
        "after release",
        "1. The operator has handed the citizen over to 110. † 2. They talk on. 3. The citizen hangs up.",
        _handed_over,
        nothing,
        _stays("caller", "desk"),
        way,
        _cut(way, 3, way[1], 3),
        frozenset({"desk"}),
        invites=1,
    )


def _handing_back(place: int) -> State:
    way = _way(place, "operator", "desk 110", "operator", transfer=_completed("110"), back=True)
    return State(
        "handing back",
        "1. 110 has the citizen. 2. It presses the key to hand him back. † 3. He is first in the queue. "
        "4. The operator answers, they talk.",
        _handed_over,
        _hands_back,
        _then(_is_back, _stays("caller", "operator")),
        way,
        _cut(way, 3, way[1], 3),
        frozenset({"operator", "desk"}),
        invites=1,
    )


def _arriving(place: int) -> State:
    way = _way(place, "operator")
    return State(
        "arriving",
        "† 1. A citizen calls meanwhile. 2. He presses his key. 3. His operator answers.",
        Cell.operator_comes,
        nothing,
        _then(_turn, Cell.call, Cell.choose, _operator_takes, _stays("caller", "operator")),
        way,
        way,
        frozenset(),
        by_caller=True,
    )


def _all() -> tuple[State, ...]:
    dialling = ("target dialling", "120", "The INVITE is out, nothing has come back. † 4.", _asks("slow", "slow"))
    ringing = ("target ringing", "110", "110 rings. † 4.", _rings)
    asked = ("acknowledging", "119", "The desk has answered and is asked to press 1. † 4. It does.", _acknowledges)
    return (
        _greeting(0),
        _waiting(1),
        _operator_ringing(2),
        _talking(3),
        _target(4, *dialling, _answers),
        _target(5, *ringing, _answers),
        _target(6, *asked, _presses_one),
        _three_party(7),
        _after_release(8),
        _handing_back(9),
        _arriving(10),
    )


STATES = _all()
