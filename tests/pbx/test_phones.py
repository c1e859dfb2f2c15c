"""Two phones call each other directly, without any Asterisk: what the other tests measure with, measured."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest

from tests.pbx.running import eventually
from tests.phones import Phone, PhoneError, RawCaller

Switch = Callable[..., Phone]


@pytest.fixture
def phone() -> Iterator[Switch]:
    """Switches phones on; each is switched off at the end."""
    phones: list[Phone] = []

    def switch_on(name: str, tone: str, host: int, **options: object) -> Phone:
        ip = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}.{host}"
        phones.append(Phone(name, ip=ip, tone=tone, **options))  # type: ignore[arg-type]
        return phones[-1]

    yield switch_on
    for one in phones:
        one.close()


@pytest.fixture
def citizen(phone: Switch) -> Phone:
    return phone("citizen", "caller", 11)


@pytest.fixture
def operator(phone: Switch) -> Phone:
    return phone("operator", "operator", 12)


def talk(citizen: Phone, operator: Phone) -> float:
    """A call between the two; returns when both surely have sound."""
    operator.on_call("answer")
    citizen.call(operator.uri)
    operator.wait_for("confirmed")
    return max(citizen.wait_heard("operator"), operator.wait_heard("caller"))


def test_given_a_call_when_answered_then_each_hears_the_other_without_a_gap(citizen: Phone, operator: Phone) -> None:
    """A busy machine may cost frames now and then: a second in which both heard all must come."""
    start = talk(citizen, operator)
    seen: dict[str, object] = {}

    def whole_second() -> bool:
        until = time.time() - 0.1
        window = (until - 1, until)
        seen["shares"] = [citizen.heard("operator", *window), operator.heard("caller", *window)]
        seen["gaps"] = citizen.gaps("operator", *window), operator.gaps("caller", *window)
        return until - 1 > start and seen == {"shares": [1, 1], "gaps": ([], [])}

    eventually(whole_second, 30, lambda: f"{seen}")
    assert citizen.heard("caller", start) == operator.heard("operator", start) == 0
    assert citizen.voice(start) == operator.voice(start) == 0


def test_given_a_talk_when_one_hangs_up_then_the_other_knows(citizen: Phone, operator: Phone) -> None:
    talk(citizen, operator)
    operator.hangup()
    assert citizen.wait_for("disconnected").what["code"] == 200
    assert citizen.states() == operator.states() == {1: "disconnected"}


@pytest.mark.parametrize("method", ["rfc4733", "info"])
def test_given_a_talk_when_keys_are_pressed_then_the_other_gets_them(
    citizen: Phone, operator: Phone, method: str
) -> None:
    talk(citizen, operator)
    operator.dtmf("*1#", method=method)
    keys = [citizen.wait_event("dtmf", lambda event, key=key: event.what["digit"] == key) for key in "*1#"]
    assert citizen.digits() == "*1#"
    assert {event.what["method"] for event in keys} == {method}


@pytest.mark.parametrize(
    ("mode", "code"), [("busy", 486), ("reject", 603), (("status", 503), 503), (("status", 404), 404)]
)
def test_given_a_phone_that_refuses_when_called_then_the_caller_gets_its_code(
    citizen: Phone, operator: Phone, mode: str | tuple[str, int], code: int
) -> None:
    operator.on_call(mode)
    citizen.call(operator.uri)
    assert citizen.wait_for("disconnected").what["code"] == code


def test_given_a_ringing_phone_when_the_caller_gives_up_then_it_stops(citizen: Phone, operator: Phone) -> None:
    citizen.call(operator.uri)
    citizen.wait_for("ringing")
    citizen.hangup()
    assert operator.wait_for("disconnected").what["code"] == 487
    assert operator.state_event("confirmed", 1) is None


def test_given_a_call_that_was_refused_when_one_waits_for_talk_then_it_fails_at_once(
    citizen: Phone, operator: Phone
) -> None:
    operator.on_call("busy")
    citizen.call(operator.uri)
    with pytest.raises(PhoneError, match="486"):
        citizen.wait_for("confirmed", timeout=60)


def test_given_a_phone_that_answers_late_and_drops_then_it_does_both(citizen: Phone, operator: Phone) -> None:
    operator.on_call("answer_then_drop", after=0.3, drop_after=0.5)
    citizen.call(operator.uri)
    ringing, up = citizen.wait_for("ringing"), citizen.wait_for("confirmed")
    down = citizen.wait_for("disconnected")
    assert up.at - ringing.at > 0.25
    assert down.at - up.at > 0.45


def test_given_a_dead_phone_then_silence_and_no_goodbye(citizen: Phone, operator: Phone) -> None:
    talk(citizen, operator)
    time.sleep(0.6)
    operator.die()
    died = time.time()
    time.sleep(1.0)
    assert citizen.heard("operator", died + 0.2) == 0
    *_, (start, seconds) = citizen.gaps("operator", died - 0.5)
    assert died - 0.05 < start < died + 0.2
    assert seconds > 0.6
    assert citizen.states() == {1: "confirmed"}
    assert operator.heard("caller", died - 0.5, died - 0.1) > 0.5  # what it had heard is still there
    with pytest.raises(PhoneError, match="dead"):
        operator.hangup()


def test_given_a_talk_when_held_then_nobody_hears_and_afterwards_both_do(citizen: Phone, operator: Phone) -> None:
    talk(citizen, operator)
    operator.hold()
    operator.wait_event("media", lambda event: event.what["active"] == [False])
    held = time.time()
    time.sleep(0.6)
    assert citizen.heard("operator", held + 0.2) == operator.heard("caller", held + 0.2) == 0
    back = time.time()
    operator.unhold()
    citizen.wait_heard("operator", since=back)
    operator.wait_heard("caller", since=back)


def test_given_two_calls_on_one_phone_then_each_has_its_own_sound(
    citizen: Phone, operator: Phone, phone: Switch
) -> None:
    desk = phone("110", "110", 13).on_call("answer")
    first = citizen.call(operator.on_call("answer").uri)
    second = citizen.call(desk.uri)
    citizen.wait_heard("operator", call=first)
    citizen.wait_heard("110", call=second)
    assert citizen.heard("110", call=first) == citizen.heard("operator", call=second) == 0
    citizen.hangup(call=first)
    assert citizen.states() == {first: "disconnected", second: "confirmed"}
    assert citizen.current == second


def test_given_a_blind_transfer_then_the_other_side_calls_the_target(
    citizen: Phone, operator: Phone, phone: Switch
) -> None:
    desk = phone("110", "110", 13).on_call("answer")
    talk(citizen, operator)
    operator.refer(desk.uri)
    desk.wait_for("confirmed")
    final = operator.wait_event("refer_status", lambda event: event.what["final"])
    assert final.what["code"] == 200
    citizen.wait_heard("110", call=2)


def test_given_an_attended_transfer_then_citizen_and_target_talk_and_the_operator_is_out(
    citizen: Phone, operator: Phone, phone: Switch
) -> None:
    desk = phone("110", "110", 13).on_call("answer")
    talk(citizen, operator)
    second = operator.call(desk.uri)
    desk.wait_heard("operator")
    operator.attended(second, call=1)
    new = citizen.wait_event("refer").what["new_call"]
    citizen.wait_heard("110", call=new)
    desk.wait_heard("caller", call=desk.wait_event("replaced").what["new_call"])
    operator.wait_for("disconnected", call=second)


def test_given_headers_and_names_then_the_called_phone_sees_them(citizen: Phone, operator: Phone) -> None:
    name = '王"五\\, <sip:x@y>'
    citizen.call(operator.uri, headers={"X-Case": "2026,1"}, from_user="+8613800138000", from_name=name)
    invite = operator.wait_invite()
    assert (invite.from_user, invite.from_name, invite.header("x-case")) == ("+8613800138000", name, "2026,1")
    assert invite.source == f"{citizen.ip}:{citizen.port}"


def test_given_a_wished_sequence_then_every_stream_of_the_phone_starts_there(phone: Switch) -> None:
    desk = phone("110", "110", 13, sequence=31000).on_call("answer")
    for _ in range(2):
        with RawCaller(ip=desk.ip) as raw:
            raw.call(f"{desk.ip}:{desk.port}", "110")
            raw.wait_for(200)
            desk.wait_heard("caller", since=time.time())
            assert raw.sequences[:3] == [31000, 31001, 31002]
            assert raw.heard("110") > 0.5  # a machine that has much to do loses a frame


@pytest.mark.parametrize("name", [b"\xc4\xe3\xba\xc3", "张三😀".encode(), b"a, b;c=d", b"x" * 256, b"${SHELL(id)}"])
def test_given_a_raw_caller_then_its_bytes_arrive_as_they_were_sent(phone: Switch, name: bytes) -> None:
    desk = phone("110", "110", 13).on_call("busy")
    with RawCaller(ip=desk.ip) as raw:
        raw.call(f"{desk.ip}:{desk.port}", "110", from_user=b"b%0d%0aX", from_name=name, headers=b"X-Odd: 1\r\n")
        raw.wait_for(486)
    invite = desk.last_invite
    assert invite.from_name.encode("utf-8", "surrogateescape") == name
    assert (invite.from_user, invite.header("X-Odd")) == ("b%0d%0aX", "1")


def test_given_a_raw_caller_when_it_leaves_before_the_answer_then_the_phone_stops(phone: Switch) -> None:
    desk = phone("110", "110", 13)
    with RawCaller(ip=desk.ip) as raw:
        raw.call(f"{desk.ip}:{desk.port}", "110")
        raw.wait_for(180)
        raw.hangup()
    assert desk.wait_for("disconnected").what["code"] == 487
