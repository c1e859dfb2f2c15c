"""A target that must press a key (R12): voicemail does not, whoever asked for it and on whichever route."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.pbx.conftest import finish
from tests.pbx.hotline import Hotline
from tests.pbx.story import all_hear_each_other, told
from tests.pbx.test_transfer import TRIGGERS
from tests.phones import Phone


@pytest.fixture(scope="module")
def keyed_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    keyed = {"acknowledge": "key", "acknowledge_seconds": 4, "stay": 4}
    hotline = Hotline(tmp_path_factory.mktemp("keyed"), {"targets": {"110": keyed}})
    try:
        yield hotline.start()
    finally:
        hotline.stop()


@pytest.fixture
def hotline(keyed_hotline: Hotline, request: pytest.FixtureRequest) -> Iterator[Hotline]:
    yield keyed_hotline
    finish(keyed_hotline, request.node)


def press(desk: Phone, since: float) -> None:
    """The desk answers and presses the key while it hears the question."""
    invite = desk.wait_invite(since=since)
    desk.wait_for("confirmed", call=invite.call)
    time.sleep(1)
    desk.dtmf("1")


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_given_voicemail_on_the_first_route_when_the_second_presses_the_key_then_it_takes_over(
    hotline: Hotline, trigger: str
) -> None:
    voicemail, second = hotline.desk("110", 1), hotline.desk("110", 2)
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    pressed = time.time()
    TRIGGERS[trigger](hotline, operator)
    press(second, pressed)
    citizen.wait_heard("110", since=pressed)
    operator.wait_for("disconnected")
    all_hear_each_other(citizen, second)
    assert voicemail.heard("caller", pressed, time.time()) < 0.02, "voicemail never hears the caller"
    citizen.hangup()
    (transfer,) = told(hotline.call_of(citizen.name)).transfers
    assert transfer == ("110", "transfer", trigger, "completed", "not_acknowledged", "answered")


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_given_voicemail_on_both_routes_when_110_is_called_for_then_the_operator_keeps_the_caller(
    hotline: Hotline, trigger: str
) -> None:
    for route in (1, 2):
        hotline.desk("110", route)
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    pressed = time.time()
    TRIGGERS[trigger](hotline, operator)
    hotline.wait_attempt(citizen.name, "failed")
    all_hear_each_other(citizen, operator)
    assert citizen.heard("110", pressed, time.time()) < 0.02
    citizen.hangup()
    (transfer,) = told(hotline.call_of(citizen.name)).transfers
    assert transfer == ("110", "transfer", trigger, "failed", "not_acknowledged", "not_acknowledged")


@pytest.mark.parametrize("route", [1, 2])
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_given_110_came_in_when_it_drops_within_two_seconds_then_the_operator_keeps_the_caller(
    hotline: Hotline, trigger: str, route: int
) -> None:
    desk = hotline.desk("110", route)
    if route == 2:
        hotline.desk("110", 1, answers=False).on_call("busy")
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    pressed = time.time()
    TRIGGERS[trigger](hotline, operator)
    press(desk, pressed)
    citizen.wait_heard("110", since=pressed)
    hotline.wait_attempt(citizen.name, "joined")
    desk.hangup()
    hotline.wait_attempt(citizen.name, "dropped")
    all_hear_each_other(citizen, operator)
    citizen.hangup()
    (transfer,) = told(hotline.call_of(citizen.name)).transfers
    assert transfer == ("110", "transfer", trigger, "dropped", *["busy"][: route - 1], "answered")
