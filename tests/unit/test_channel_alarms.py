"""What the room hears of the channels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ivr.channels.inbound import State
from ivr.web.channel_alarms import GRACE, found

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)


def test_given_matters_beyond_their_time_then_one_alarm_says_how_many_and_since_when() -> None:
    assert list(found(State(), NOW)) == []
    (alarm,) = found(State(late=2, oldest=NOW - timedelta(hours=1)), NOW)
    assert (alarm.kind, alarm.since) == ("channel_late", NOW - timedelta(hours=1))
    assert ("2" in alarm.message["zh"], "2 matters" in alarm.message["en"]) == (True, True)


def test_given_a_mailbox_that_is_not_read_then_it_alarms_once_its_server_had_time_to_start() -> None:
    state = State(trouble={"mail": (NOW, "connection refused")})
    assert list(found(state, NOW + GRACE / 2)) == []
    (alarm,) = found(state, NOW + GRACE)
    assert (alarm.about, alarm.severity) == ("mail", "bad")
    assert "connection refused" in alarm.message["zh"]
