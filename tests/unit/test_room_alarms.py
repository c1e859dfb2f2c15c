"""What the room is told just after a start: nothing of what could not be well yet, all of what was and is no more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.web.room_alarms import GRACE, Starting, found
from tests.unit.live_streams import live
from tests.web.house import a_site

BEGAN = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DOWN = HotlineError("ami_down", "AMI is down", {"state": "down"}, 503)


class Room:
    """A site whose 110 is `reachable` or not, looked at in a given second."""

    def __init__(self, site: Site) -> None:
        self.site, self.starting, self.live = site, Starting(BEGAN), live()

    def look(self, after: timedelta, problems: Mapping[str, HotlineError | None], reachable: bool) -> list[str]:
        status = "Reachable" if reachable else "Unreachable"
        stamp = str(after.total_seconds())
        uri = "sip:110@127.0.0.110"
        self.live.apply(
            {"Event": "ContactStatus", "Timestamp": stamp, "URI": uri, "ContactStatus": status, "AOR": "desk-110"}
        )
        state = self.live.snapshot()
        alarms = found(state, self.site, problems, ())
        return [alarm.id for alarm in self.starting.due(alarms, state, problems, BEGAN + after)]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(a_site(tmp_path))


def test_given_nothing_was_up_yet_when_the_grace_is_over_then_it_alarms_and_not_before(room: Room) -> None:
    problems = {"ami": DOWN, "database": None}
    assert room.look(0 * SECOND, problems, reachable=False) == []
    assert room.look(GRACE - SECOND, problems, reachable=False) == []
    assert room.look(GRACE, problems, reachable=False) == ["health:ami", "unreachable:110"]


def test_given_it_has_been_well_when_it_fails_within_the_grace_then_it_alarms_at_once(room: Room) -> None:
    assert room.look(SECOND, {"ami": DOWN}, reachable=False) == []
    assert room.look(2 * SECOND, {"ami": None}, reachable=True) == []
    assert room.look(3 * SECOND, {"ami": DOWN}, reachable=False) == ["health:ami", "unreachable:110"]


def test_given_callers_wait_and_nobody_is_there_then_a_start_hides_nothing_of_it(room: Room) -> None:
    joins = {"Event": "QueueCallerJoin", "Timestamp": "1", "Uniqueid": "hotline-1.0", "Channel": "PJSIP/trunk-public-0"}
    room.live.apply({**joins, "Queue": "q-general", "Position": "1", "ChanVariable": "CALL_ID=one"})
    for number in room.live.snapshot().operators:
        room.live.apply({"Event": "DeviceStateChange", "Device": f"PJSIP/{number}", "State": "UNAVAILABLE"})
    assert room.look(SECOND, {"ami": None}, reachable=True) == ["no_operator"]
