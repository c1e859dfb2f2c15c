"""Transfers and their attempts: what the dialplan told (TRANSFER_ASK … TRANSFER_END) and the legs it dialled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ivr.calls.model import Attempt, Leg, Row, Transfer
from ivr.calls.projection_channels import Channel, number

# An attempt of which nothing more was told, by what became of its transfer.
_LEFT_OPEN = {"cancelled": "cancelled", "abandoned": "abandoned", "interrupted": "interrupted", "failed": "unreachable"}


@dataclass(slots=True)
class Dial:
    """One route that was dialled: the row that told so, the rows that told how it went, the leg."""

    row: Row
    until: datetime | None = None  # when the next route was dialled
    leg: str | None = None
    failed: Row | None = None
    joined: Row | None = None

    @property
    def rang_at(self) -> datetime | None:
        """`ring_ms` is Dial's RINGTIME_MS: from the dialling to the first ringing."""
        told = self.joined or self.failed
        milliseconds = told.extra.get("ring_ms", "") if told else ""
        if not (milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) < 7):
            return None
        return self.row.at + timedelta(milliseconds=int(milliseconds))

    @property
    def route(self) -> str:
        return self.row.extra.get("uri") or self.row.extra.get("route", "")


@dataclass(slots=True)
class Story:
    """What was told of one transfer. The first row of a kind counts."""

    asked: Row
    dials: list[Dial] = field(default_factory=list)
    refused: Row | None = None
    ended: Row | None = None


def stories_of(rows: Iterable[Row], channels: Mapping[str, Channel]) -> list[Story]:
    """One story a transfer id, in the order of asking. What was told before anybody asked is not heard."""
    stories: dict[str, Story] = {}
    for row in rows:
        if row.user_event.startswith("TRANSFER_"):
            _hear(row, stories)
    taken: set[str] = set()
    for story in stories.values():
        for dial in story.dials:
            dial.leg = _leg_of(dial, channels, taken)
            if dial.leg:
                taken.add(dial.leg)
                channels[dial.leg].ringing_at = channels[dial.leg].ringing_at or dial.rang_at
    return list(stories.values())


def _hear(row: Row, stories: dict[str, Story]) -> None:
    id = row.extra.get("id", "")
    if row.user_event == "TRANSFER_ASK" and id:
        stories.setdefault(id, Story(row))
    story = stories.get(id)
    if story is None:
        return
    match row.user_event:
        case "TRANSFER_DIAL":
            if story.dials:
                story.dials[-1].until = row.at
            story.dials.append(Dial(row))
        case "TRANSFER_ROUTE_FAILED":
            if dial := _dial_of(row, story.dials):
                dial.failed = dial.failed or row
        case "TRANSFER_JOINED":
            if dial := _dial_of(row, story.dials):
                dial.joined = dial.joined or row
        case "TRANSFER_REFUSED":
            story.refused = story.refused or row
        case "TRANSFER_END":
            story.ended = story.ended or row


def _dial_of(row: Row, dials: Sequence[Dial]) -> Dial | None:
    """The latest dial of the row's route: a route may be dialled twice."""
    route = row.extra.get("route")
    return next((dial for dial in reversed(dials) if dial.row.extra.get("route") == route), None)


def _leg_of(dial: Dial, channels: Mapping[str, Channel], taken: set[str]) -> str | None:
    """The leg that TRANSFER_JOINED names, or the one that the helper made next: it has the helper's linkedid."""
    named = channels.get(dial.joined.extra.get("leg", "")) if dial.joined else None
    if named and named.is_party and named.id not in taken:
        return named.id
    ends = [moment for moment in (dial.until, dial.failed.at if dial.failed else None) if moment]
    until = min(ends) if ends else None
    made = [
        channel
        for channel in channels.values()
        if channel.is_party
        and channel.linkedid == dial.row.linkedid
        and channel.id not in (dial.row.uniqueid, channel.linkedid)
        and channel.id not in taken
        and dial.row.at <= channel.started_at
        and (until is None or channel.started_at <= until)
    ]
    return min(made, key=lambda channel: (channel.started_at, channel.id)).id if made else None


def transfers_of(
    stories: Iterable[Story], call_id: str, legs: Mapping[str, Leg], ended_at: datetime | None, interrupted: bool
) -> tuple[Transfer, ...]:
    """`legs` by id; `ended_at`: the call's end, None while it runs; `interrupted`: Asterisk died during it."""
    return tuple(_transfer(story, call_id, legs, ended_at, interrupted) for story in stories)


def _transfer(
    story: Story, call_id: str, legs: Mapping[str, Leg], ended_at: datetime | None, interrupted: bool
) -> Transfer:
    asked, extra = story.asked, story.asked.extra
    by = extra.get("by") or asked.uniqueid
    result, reason, over_at, cause = None, None, None, 0
    if story.refused and not story.dials:  # what was dialled had been let through: an order sent again was refused
        result, reason, over_at = "refused", story.refused.extra.get("reason") or None, story.refused.at
    elif story.ended:
        told = story.ended.extra
        result, reason, cause = told.get("result") or "failed", told.get("reason") or None, number(told.get("cause"))
        over_at = story.ended.at
    elif ended_at:  # nobody was left to tell
        joined = any(dial.joined for dial in story.dials)
        result = "interrupted" if interrupted else "completed" if joined else "abandoned"
        over_at = ended_at
    if over_at:
        over_at = max(over_at, asked.at, *(dial.row.at for dial in story.dials))
    attempts = tuple(_attempt(dial, result, legs) for dial in story.dials)
    if result == "failed" and not reason and attempts:
        reason = attempts[-1].result
    return Transfer(
        id=extra["id"],
        call_id=call_id,
        asked_by=by if by in legs else None,
        target=extra.get("target", ""),
        mode=extra.get("mode", ""),
        trigger=extra.get("trigger", ""),
        asked_at=asked.at,
        result=result,
        cause=cause or None,
        reason=reason,
        ended_at=over_at,
        attempts=attempts,
    )


def _attempt(dial: Dial, transfer_result: str | None, legs: Mapping[str, Leg]) -> Attempt:
    leg = legs.get(dial.leg or "")
    cause = 0
    if dial.joined:
        result: str | None = "answered"
    elif dial.failed:
        result, cause = dial.failed.extra.get("result") or "unreachable", number(dial.failed.extra.get("cause"))
    elif transfer_result:
        result = _LEFT_OPEN.get(transfer_result, "answered" if leg and leg.answered_at else "unreachable")
    else:
        result = None
    if not cause and leg and leg.cause and not dial.joined:
        cause = leg.cause
    ringing_at, answered_at = (leg.ringing_at, leg.answered_at) if leg else (None, None)
    if answered_at and answered_at < dial.row.at:  # the phone's attended transfer: it had answered before
        ringing_at, answered_at = None, dial.row.at
    elif ringing_at and ringing_at < dial.row.at:
        ringing_at = dial.row.at
    return Attempt(
        route=dial.route,
        dialled_at=dial.row.at,
        leg_id=leg.id if leg else None,
        ringing_at=ringing_at,
        answered_at=answered_at,
        result=result,
        cause=cause or None,
    )
