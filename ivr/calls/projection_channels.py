"""What the rows tell about each channel: facts first, judgement (legs, roles, who hung up) in `projection_legs`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.calls.model import Row

# Channels that Asterisk makes for itself; nobody is at their end.
_NOBODY = frozenset({"Local", "CBAnn", "CBRec", "Announcer", "Recorder", "Snoop", "Surrogate", "AsyncGoto", "Message"})
_SLACK = timedelta(milliseconds=10)  # within it rows may be out of order


@dataclass(slots=True)
class Channel:
    """One channel's life. Times in UTC; `last_at` is its last row's."""

    id: str
    name: str
    linkedid: str  # the first one: whose channel it was made for
    run: str
    started_at: datetime
    last_at: datetime
    exten: str = ""
    num: str = ""
    app: str = ""  # AppDial, AppQueue: made by these
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: int = 0  # 0: none told
    hangup_source: str = ""  # name of the channel that hung up, "dialplan/…", or nobody
    recording: str | None = None
    recorded_from: datetime | None = None
    role: str = ""  # as a LEG event told
    party: str = ""

    @property
    def is_party(self) -> bool:
        """Somebody is at its end."""
        technology, slash, _ = self.name.partition("/")
        return bool(slash) and technology not in _NOBODY

    @property
    def endpoint(self) -> str:
        """`PJSIP/desk-110-00000002` → `desk-110`."""
        return self.name.partition("/")[2].rpartition("-")[0]


@dataclass(frozen=True, slots=True)
class Stay:
    """One channel in one bridge, from … to (None: it is still there)."""

    bridge: str
    channel: str
    start: datetime
    end: datetime | None


def number(text: str | None) -> int:
    """A Q.850 cause as it stands in the journal; 0 where there is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else 0


def channels_of(rows: Iterable[Row]) -> dict[str, Channel]:
    """Channels by id, in the order of their first rows. `rows` are sorted by time."""
    found: dict[str, Channel] = {}
    ringing: dict[str, datetime] = {}
    for row in rows:
        channel = found.get(row.uniqueid)
        if channel is None:
            channel = found[row.uniqueid] = Channel(
                row.uniqueid, row.channel, row.linkedid, row.run, row.at, row.at, row.exten, row.num
            )
        channel.last_at = row.at
        match row.event:
            case "CHAN_START":
                channel.name, channel.linkedid, channel.exten = row.channel, row.linkedid, row.exten
                channel.num = row.num or channel.num
            case "ANSWER":
                channel.answered_at = channel.answered_at or row.at
            case "HANGUP":
                if not channel.cause:
                    channel.cause = number(row.extra.get("hangupcause"))
                channel.hangup_source = channel.hangup_source or row.extra.get("hangupsource", "")
                channel.ended_at = channel.ended_at or row.at
            case "CHAN_END":
                channel.ended_at = channel.ended_at or row.at
            case "USER_DEFINED":
                _told(channel, row)
                if row.user_event == "RINGING":
                    ringing.setdefault(row.extra.get("leg") or row.uniqueid, row.at)
        if row.app.startswith("App"):
            channel.app = row.app
    for id, at in ringing.items():
        if id in found:
            found[id].ringing_at = at
    return found


def _told(channel: Channel, row: Row) -> None:
    """What the dialplan says of its own channel."""
    if row.user_event == "LEG":
        channel.role, channel.party = row.extra.get("role", ""), row.extra.get("party", "")
    elif row.user_event == "RECORDING" and channel.recording is None:
        channel.recording, channel.recorded_from = row.extra.get("file") or None, row.at


def stays_of(rows: Iterable[Row]) -> list[Stay]:
    """Who was in which bridge. `rows` are sorted by time.

    A channel is in one bridge at a time. An exit that seems to come just before its own entry (rows within 10 ms may be
    out of order) ends it at once. Who waits in a holding bridge hears nobody.
    """
    done: list[Stay] = []
    inside: dict[str, tuple[str, datetime]] = {}  # channel → bridge, since
    early: dict[tuple[str, str], datetime] = {}  # exits without an entry
    moved: set[tuple[str, str]] = set()  # entered another bridge; the exit is still to come
    for row in rows:
        if row.event not in {"BRIDGE_ENTER", "BRIDGE_EXIT"}:
            continue
        bridge, channel = row.extra.get("bridge_id", ""), row.uniqueid
        if not bridge or is_holding(row):
            continue
        now = inside.get(channel)
        if row.event == "BRIDGE_EXIT":
            if now and now[0] == bridge:
                done.append(Stay(bridge, channel, now[1], row.at))
                del inside[channel]
            elif (channel, bridge) in moved:
                moved.discard((channel, bridge))
            else:
                early[channel, bridge] = row.at
        elif now is None or now[0] != bridge:
            if now:
                done.append(Stay(now[0], channel, now[1], row.at))
                moved.add((channel, now[0]))
                del inside[channel]
            exit_at = early.pop((channel, bridge), None)
            if exit_at is None or row.at - exit_at > _SLACK:
                inside[channel] = (bridge, row.at)
    done += [Stay(bridge, channel, since, None) for channel, (bridge, since) in inside.items()]
    return done


def is_holding(row: Row) -> bool:
    """The row is about a bridge in which nobody hears anybody (BridgeWait)."""
    return row.extra.get("bridge_technology") == "holding_bridge"
