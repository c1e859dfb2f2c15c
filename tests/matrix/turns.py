"""How a story goes on where one of its own parties dies, and how the log tells it then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.matrix.cell import Cell
from tests.matrix.states import STATES, Act, Way, _stays, _then

BY = {state.name: state for state in STATES}
PLACE = {state.name: place for place, state in enumerate(STATES)}


@dataclass(frozen=True, slots=True)
class Turn:
    go_on: Act
    way: Way


def _colleague_takes(cell: Cell) -> None:
    cell.lines["operator"].left = cell.run.struck
    cell.operator_rings(colleague=True)
    cell.talk("caller", "colleague")


def _late(cell: Cell) -> None:
    """By then Asterisk has noticed that the operator's phone is dead (rtp_timeout 6 s)."""
    cell.lines["operator"].left = cell.run.struck
    cell.pause(9)


def _answers(cell: Cell) -> None:
    cell.answer("desk")
    cell.talk("caller", "desk")


def _presses_one(cell: Cell) -> None:
    cell.press("desk", "1")
    cell.talk("caller", "desk")


def _only(*names: str) -> Act:
    def act(cell: Cell) -> None:
        for name in set(cell.lines) - set(names):
            cell.lines[name].left = cell.run.struck

    return act


def _neighbour_takes(press: str = "") -> Act:
    def act(cell: Cell) -> None:
        cell.lines["desk"].left = cell.run.struck
        cell.desk_rings(cell.run.neighbour, "neighbour")
        cell.answer("neighbour")
        if press:
            cell.pause(1)
            cell.press("neighbour", press)
        cell.released()
        cell.talk("caller", "neighbour")

    return act


def _operator_again(cell: Cell) -> None:
    desk, operator = cell.lines["desk"], cell.lines["operator"]
    desk.left = cell.run.struck
    cell.operator_rings(since=operator.left or cell.run.struck)
    cell.talk("caller", "operator")


def _handed_back_to_colleague(cell: Cell) -> None:
    cell.released("desk")
    cell.operator_rings(colleague=True)
    cell.talk("caller", "colleague")


def _changed(
    name: str,
    *,
    more: tuple[str, ...] = (),
    parties: tuple[str, ...] | None = None,
    transfers: tuple[tuple[str, ...], ...] | None = None,
    steps: tuple[str, ...] = (),
    outcome: str | None = None,
) -> Way:
    was = BY[name].way
    return (
        (*was[0], *more) if parties is None else parties,
        was[1] if transfers is None else transfers,
        (*was[2], *steps),
        outcome or was[3],
    )


def _requeued(name: str, why: str) -> tuple[str, ...]:
    return (f"requeued {why}", f"queue q-s{PLACE[name]}")


def _operator_dies() -> dict[str, Turn]:
    stays = _stays("caller", "colleague")
    alone = ("alone ringing",)
    found = {
        "operator ringing": Turn(_then(_colleague_takes, stays), _changed("operator ringing", more=("operator 2021",))),
        "talking": Turn(
            _then(_colleague_takes, stays),
            _changed("talking", more=("operator 2031",), steps=_requeued("talking", "operator_died")),
        ),
        "three-party": Turn(_then(_only("caller", "desk"), _stays("caller", "desk")), BY["three-party"].way),
        "handing back": Turn(
            _then(_handed_back_to_colleague, stays),
            _changed("handing back", parties=("caller", "operator 2090", "desk 110", "operator 2091")),
        ),
    }
    for name, act in (("target dialling", _answers), ("target ringing", _answers), ("acknowledging", _presses_one)):
        found[name] = Turn(_then(_late, act, _stays("caller", "desk")), _changed(name, steps=alone))
    return found


def _desk_dies() -> dict[str, Turn]:
    stays = _stays("caller", "neighbour")
    found = {
        "three-party": Turn(_then(_only("caller", "operator"), _stays("caller", "operator")), BY["three-party"].way),
        "after release": Turn(
            _then(_operator_again, _stays("caller", "operator")),
            _changed("after release", more=("operator 2080",), steps=_requeued("after release", "desk_died")),
        ),
        "handing back": Turn(_then(_operator_again, _stays("caller", "operator")), BY["handing back"].way),
    }
    for name, result, press in (
        ("target dialling", "unreachable", ""),
        ("target ringing", "unreachable", ""),
        ("acknowledging", "not_acknowledged", "1"),
    ):
        target = BY[name].way[1][0][0]
        found[name] = Turn(
            _then(_neighbour_takes(press), stays),
            _changed(
                name,
                more=(f"desk {target}",),
                transfers=((target, "transfer", "key", "completed", result, "answered"),),
            ),
        )
    return found


TURNS: Mapping[str, Mapping[str, Turn]] = {"operator": _operator_dies(), "desk": _desk_dies()}
