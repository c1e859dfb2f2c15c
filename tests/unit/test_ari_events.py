"""ARI's ChannelTransfer as a real Asterisk 22.10.1 sent it (tests/unit/ari, one file a story)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ivr.pbx.ari import ReferRequest, read

OPERATOR = "PJSIP/1001-00000001"


def recorded(story: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((Path(__file__).with_name("ari") / f"{story}.json").read_text())
    return event


def test_a_blind_refer_names_the_operator_and_whom_he_wants() -> None:
    event = recorded("blind")
    request = read(event)
    assert request == ReferRequest("blind", OPERATOR, event["referred_by"]["source_channel"]["id"], "110")


def test_an_attended_refer_names_the_target_who_answered_on_the_second_line() -> None:
    request = read(recorded("attended_target_answered"))
    assert request is not None
    assert (request.kind, request.operator_channel, request.exten) == ("attended", OPERATOR, "110")
    assert (request.second_line, request.target_channel) == ("PJSIP/1001-00000002", "PJSIP/desk-110-00000003")


def test_an_attended_refer_while_the_target_still_rings_names_no_target_yet() -> None:
    request = read(recorded("attended_target_rings"))
    assert request is not None
    assert (request.kind, request.exten) == ("attended", "110")
    assert (request.second_line, request.target_channel) == ("PJSIP/1001-00000002", None)


def test_the_event_that_comes_again_when_the_leg_ends_asks_for_nothing() -> None:
    assert read(recorded("blind_again_when_the_leg_ends")) is None


@pytest.mark.parametrize("event", [{}, {"type": "ChannelTransfer"}, {"type": "ChannelTransfer", "referred_by": 1}])
def test_an_event_of_another_shape_is_an_error_that_the_reader_catches(event: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        read(event)
