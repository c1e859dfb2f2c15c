"""The rows of one group → its calls. Pure: the same rows give the same calls, whoever asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from ivr.calls.ids import split
from ivr.calls.model import Call, Leg, Row, Step, Talk, Transfer
from ivr.calls.projection_channels import channels_of, stays_of
from ivr.calls.projection_legs import Caller, legs_of
from ivr.calls.projection_talks import talks_of
from ivr.calls.projection_transfers import stories_of, transfers_of

NEIGHBOUR = ("desk", "neighbour")  # role and party of the hotline that takes callers while this one is being emptied
FOREIGN = UUID("6b1f3c1e-6f0e-5d3a-9a57-0c1f2f1d7b3e")  # namespace of the ids of calls that another Asterisk wrote down


@dataclass(frozen=True, slots=True)
class Opening:
    """How a call began: its CALL event, or what stands for it."""

    id: str
    channel: str
    number: str
    caller: str
    handed_over_by: str | None = None
    language: str | None = None


def calls_of(rows: Sequence[Row], over: Mapping[str, datetime], foreign: bool = False) -> tuple[Call, ...]:
    """Calls in a group of rows that belong together, sorted by time and without doubles.

    A group without a CALL event (a phone code) is no call; `foreign`: it is one if somebody answered or was dialled.
    `over`: runs of Asterisk that are over → their last row's time.
    """
    openings: dict[str, Opening] = {}
    for row in rows:
        if row.user_event == "CALL" and row.extra.get("id"):
            openings.setdefault(row.extra["id"], _opening(row))
    if not openings:
        opening = _foreign_opening(rows) if foreign else None
        return (_call(opening, rows, over),) if opening else ()
    if len(openings) == 1:
        return (_call(next(iter(openings.values())), rows, over),)
    shares = _shares(rows, openings)
    return tuple(_call(opening, shares[id], over) for id, opening in openings.items() if shares[id])


def _opening(row: Row) -> Opening:
    told = row.extra
    return Opening(
        id=told["id"],
        channel=row.uniqueid,
        number=told.get("number", ""),
        caller=told.get("caller") or row.num,
        handed_over_by=told.get("handed_over_by") or None,
        language=told.get("language") or None,
    )


def _foreign_opening(rows: Sequence[Row]) -> Opening | None:
    parties = [channel for channel in channels_of(rows).values() if channel.is_party]
    if not parties or not (len(parties) > 1 or parties[0].answered_at):
        return None
    caller = min(parties, key=lambda channel: (channel.started_at, channel.id))
    return Opening(str(uuid5(FOREIGN, caller.linkedid)), caller.id, caller.exten, caller.num)


def _shares(rows: Sequence[Row], openings: Mapping[str, Opening]) -> dict[str, list[Row]]:
    """Rows by call, where two callers were brought together: each keeps the call that he opened.

    A channel belongs to the call that its own events name, else to that of the channel it was made for, else to the
    first call. What the two calls' parties said to each other is in neither.
    """
    home = {opening.channel: id for id, opening in openings.items()}
    made_for: dict[str, str] = {}
    for row in rows:
        made_for.setdefault(row.uniqueid, row.linkedid)
        if row.extra.get("call") in openings:
            home.setdefault(row.uniqueid, row.extra["call"])
    first = next(iter(openings))
    shares: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        named = row.extra.get("id" if row.user_event == "CALL" else "call")
        own = home.get(row.uniqueid) or home.get(made_for[row.uniqueid], first)
        shares[named if named and named in openings else own].append(row)
    return shares


def _call(opening: Opening, rows: Sequence[Row], over: Mapping[str, datetime]) -> Call:
    channels = channels_of(rows)
    stays = stays_of(rows)
    told = [row for row in rows if row.user_event]
    stories = stories_of(told, channels)
    caller = Caller(opening.id, opening.channel, opening.caller)
    dialled = {dial.leg: dial.route for story in stories for dial in story.dials if dial.leg}
    legs = legs_of(caller, channels, stays, over, dialled)
    ended_at = _end(legs)
    interrupted = any(leg.hung_up_by == "interrupted" for leg in legs)
    talks = talks_of(legs, channels, stays)
    transfers = transfers_of(stories, opening.id, {leg.id: leg for leg in legs}, ended_at, interrupted)
    steps = tuple(_steps(told, opening.id))
    languages = [step.value for step in steps if step.step == "language" and step.value]
    with_caller = [talk for talk in talks if opening.channel in (talk.leg_a, talk.leg_b)]
    return Call(
        id=opening.id,
        number=opening.number,
        caller=opening.caller,
        entered_at=legs[0].started_at,
        node=split(opening.channel)[0],
        answered_at=min((talk.started_at for talk in with_caller), default=None),
        ended_at=ended_at,
        outcome=_outcome(legs, with_caller, transfers, steps, interrupted) if ended_at else None,
        handed_over_by=opening.handed_over_by,
        language=languages[-1] if languages else opening.language,
        legs=legs,
        talks=talks,
        transfers=transfers,
        steps=steps,
    )


def _end(legs: Sequence[Leg]) -> datetime | None:
    ends = [leg.ended_at for leg in legs]
    return None if None in ends else max(end for end in ends if end)


def _steps(rows: Iterable[Row], call_id: str) -> Iterable[Step]:
    """What the caller went through; a return to the queue is a step too."""
    for row in rows:
        if row.user_event == "STEP" and row.extra.get("step"):
            yield Step(call_id, row.at, row.extra["step"], row.extra.get("value", ""))
        elif row.user_event == "SUPERVISION" and row.extra.get("mode"):
            yield Step(call_id, row.at, f"supervision_{row.extra['mode']}", row.extra.get("supervisor", ""))
        elif row.user_event == "REQUEUED":
            yield Step(call_id, row.at, "requeued", row.extra.get("reason", ""))


def _outcome(
    legs: Sequence[Leg],
    with_caller: Iterable[Talk],
    transfers: Iterable[Transfer],
    steps: Iterable[Step],
    interrupted: bool,
) -> str:
    """See docs/contracts.md, "Call outcome"."""
    if interrupted:
        return "interrupted"
    caller, roles = legs[0].id, {leg.id: leg.role for leg in legs}
    neighbour = {leg.id for leg in legs if (leg.role, leg.party) == NEIGHBOUR}
    trigger = {attempt.leg_id: transfer.trigger for transfer in transfers for attempt in transfer.attempts}
    partners = {talk.leg_b if talk.leg_a == caller else talk.leg_a for talk in with_caller}
    if any(trigger.get(partner) == "caller_key" for partner in partners):
        return "emergency"
    if partners and partners <= neighbour:
        return "diverted"
    partners -= neighbour
    if any(partner in trigger or roles[partner] not in ("operator", "supervisor") for partner in partners):
        return "transferred"
    if partners:
        return "answered"
    last = [step.step for step in steps if step.step in {"screened", "emergency_key"}][-1:]
    return "abandoned" if (legs[0].answered_at or neighbour) and last != ["screened"] else "rejected"
