"""Who may do what: hostile caller ids, no dialling out, nobody anonymous, secrets in private."""

from __future__ import annotations

import stat
import time

import pytest

from tests.pbx import sites
from tests.pbx.hotline import Hotline
from tests.pbx.outside import content, paths
from tests.pbx.story import all_hear_each_other
from tests.phones import Phone

# As they stand in the From header: (user, quoted display name). What is no SIP at all PJSIP drops by itself.
HOSTILE = {
    "quotes": (b"a%22b", rb"Zhang \"San\", <sip:x@y>"),
    "commas": (b"1,2,3", b"one, two & three | four ^ five"),
    "long": (b"9" * 256, b"x" * 256),
    "emoji": (b"13800138000", "求助🆘😀".encode()),
    "gbk": (b"13800138000", "张三".encode("gbk")),
    "shell": (b"%24%7BSHELL(touch%20pwned)%7D", b"${SHELL(touch pwned)} ${EVAL(${CALL_ID})}"),
    "lines": (b"b%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aX%3a%20y", rb"a\nb"),
    "keys": (b"call=1&role=operator", b"id=00000000-0000-0000-0000-000000000000&call=x"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_given_a_hostile_caller_id_when_he_calls_then_he_is_served_and_the_log_is_whole(
    hotline: Hotline, kind: str
) -> None:
    user, name = HOSTILE[kind]
    operator = hotline.operator()
    before = {call.id for call in hotline.calls()}
    raw = hotline.raw_caller()
    raw.call(hotline.server, hotline.number, from_user=user, from_name=name)
    operator.wait_for("confirmed")
    time.sleep(1)
    assert hotline.api("GET", "/healthz").status == 200
    raw.hangup()
    operator.wait_for("disconnected")
    hotline.assert_clean()
    (call,) = [call for call in hotline.calls() if call.id not in before]
    assert [leg.role for leg in call.legs] == ["caller", "operator"]
    assert len(call.talks) == 1
    assert not any(ord(character) < 32 for character in call.caller)
    ladder = hotline.cli("calls", "show", call.id)
    assert "1001" in ladder
    assert not [path for path, _ in paths(hotline.var) if path.name == "pwned"]


@pytest.mark.parametrize("number", ["110", "1001", "13900000000", "*45", "s", "0"])
def test_given_the_public_trunk_when_it_calls_anything_but_the_hotline_then_it_is_not_found(
    hotline: Hotline, number: str
) -> None:
    citizen = hotline.caller()
    call = citizen.call(f"sip:{number}@{hotline.server}")
    assert citizen.wait_for("disconnected", call=call).what["code"] in (404, 484)


@pytest.mark.parametrize("number", ["13900000000", "1002", "00861012345678", "*99"])
def test_given_an_operator_when_he_dials_an_outside_number_then_it_is_not_found(hotline: Hotline, number: str) -> None:
    operator = hotline.operator()
    call = operator.call(f"sip:{number}@{hotline.server}")
    assert operator.wait_for("disconnected", call=call).what["code"] == 404


def test_given_a_stranger_when_he_calls_or_registers_then_he_is_refused(hotline: Hotline) -> None:
    stranger = Phone("stranger", ip=f"{sites.NET}.66")
    hotline.phones.append(stranger)
    call = stranger.call(hotline.uri)
    assert stranger.wait_for("disconnected", call=call).what["code"] in (401, 403)
    call = stranger.call(hotline.uri, from_user="1001")
    assert stranger.wait_for("disconnected", call=call).what["code"] in (401, 403)


def test_given_a_talk_when_the_caller_presses_the_operators_keys_then_nothing_happens(hotline: Hotline) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    for digits in ("*1", "*3", "*0", "*8", "*9"):
        citizen.dtmf(digits)
        time.sleep(0.6)
    time.sleep(1)
    assert not desk.invites
    all_hear_each_other(citizen, operator)
    citizen.hangup()
    assert hotline.call_of(citizen.name).transfers == ()


def test_given_a_running_hotline_when_one_looks_at_its_files_then_secrets_are_private(hotline: Hotline) -> None:
    credentials = hotline.var / "credentials.toml"
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    for path in (hotline.var / "etc").glob("*.conf"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    secrets = [*hotline.credentials["operators"].values(), hotline.credentials["api"]["token"]]
    for log, found in paths(hotline.var / "log"):
        if stat.S_ISREG(found.st_mode):
            text = content(log)
            assert not any(secret.encode() in text for secret in secrets), log


@pytest.mark.parametrize("name", ["1001", "110", "desk-110", "trunk-public", "hotline"])
def test_given_a_citizen_when_he_pretends_to_be_somebody_of_ours_then_he_is_a_caller_like_others(
    hotline: Hotline, name: str
) -> None:
    """The address tells who calls; From, the asserted identities and headers of ours prove nothing (RFC 3325 5)."""
    operator, desk = hotline.operator(), hotline.desk("110")
    citizen = hotline.caller()
    claim = f"<sip:{name}@{sites.ROUTES['110'][0]}>"
    names = ("P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Diversion", "History-Info")
    ours = {"X-Hotline-Diverted": "1", "X-Call-ID": "1", "CALL_ID": "1", "HANDED_OVER_BY": "110"}
    citizen.call(hotline.uri, headers=dict.fromkeys(names, claim) | ours, from_user=name)
    invite = operator.wait_invite()
    operator.wait_for("confirmed")
    citizen.wait_heard(operator.tone)
    citizen.dtmf("*1")
    citizen.dtmf("*9")
    time.sleep(1.5)
    citizen.hangup()
    operator.wait_for("disconnected")
    shown = name.replace("-", "")  # what is kept of a number
    call = hotline.call_of(shown)
    assert call.handed_over_by is None
    assert [leg.role for leg in call.legs] == ["caller", "operator"]
    assert not call.transfers and not desk.invites
    assert invite.from_user.replace("-", "") == shown, "the operator sees what the caller said of himself"
