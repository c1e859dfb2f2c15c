"""TLS and SRTP where certificates are given (R63): real calls over them, and who does not get in.

The public trunk comes by mutual TLS, operator 1001 and desk 110 by TLS, all with SRTP; operator 1002 by plain UDP.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.attacks.wire import SecureCaller, client_context
from tests.pbx import sites
from tests.pbx.certificates import Authority
from tests.pbx.conftest import finish
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.phones import Phone, RawCaller, Registration, Secure
from tests.phones.tones import TONES

OPERATOR = {"number": "1001", "name": "一号坐席", "transport": "tls", "srtp": True}


@dataclass
class Secured:
    """A hotline with TLS doors, the authority that its city trusts, and another that it does not."""

    hotline: Hotline
    ours: Authority
    others: Authority

    @property
    def tls(self) -> str:
        return str(self.hotline.tables["listen"]["sip_tls"])

    @property
    def mtls(self) -> str:
        return str(self.hotline.tables["listen"]["sip_mtls"])

    @property
    def uri(self) -> str:
        return f"sip:12345@{self.mtls};transport=tls"

    def caller(self, authority: Authority | None = None, srtp: bool = True) -> Phone:
        secure = (authority or self.ours).phone("caller", sites.CALLERS, srtp=srtp)
        return self.hotline.caller(secure=secure)

    def operator(self) -> Phone:
        hotline = self.hotline
        registration = Registration(self.tls, "1001", hotline.credentials["operators"]["1001"])
        secure = Secure(ca=str(self.ours.ca))
        phone = hotline.keep(
            Phone("1001", ip=sites.OPERATORS, tone="operator", register=registration, secure=secure)
        ).on_call("answer")
        eventually(lambda: _avail(hotline, "1001"), 30, lambda: hotline.asterisk("pjsip show contacts"))
        return phone

    def desk(self, route: int = 1, authority: Authority | None = None) -> Phone:
        """110 at its n-th route, with a certificate for its address."""
        ip, _, port = self.route(route).rpartition(":")
        secure = (authority or self.ours).phone(f"desk{route}", ip)
        return self.hotline.keep(Phone("110", ip=ip, port=int(port), tone="110", secure=secure)).on_call("answer")

    def route(self, route: int) -> str:
        return str(self.hotline.tables["targets"]["110"]["routes"][route - 1].partition("@")[2])

    def wait_route(self, route: int) -> None:
        def reachable() -> bool:
            targets = self.hotline.api("GET", "/api/v1/targets").body["targets"]
            (routes,) = (target["routes"] for target in targets if target["key"] == "110")
            return bool(routes.get(f"sip:110@{self.route(route)};transport=tls"))

        eventually(reachable, 30, lambda: str(self.hotline.api("GET", "/api/v1/targets").body))

    def talk(self, caller: Phone, operator: Phone) -> None:
        caller.call(self.uri, from_user=caller.name)
        operator.wait_for("confirmed")
        caller.wait_heard("operator")


def _avail(hotline: Hotline, of: str) -> bool:
    lines = hotline.asterisk("pjsip show contacts").splitlines()
    return any(re.search(rf"\b{re.escape(of)}\b.* Avail ", line) for line in lines)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    ours, others = Authority(folder / "city"), Authority(folder / "others", "other-ca")
    certificate, key = ours.signs("hotline", sites.SERVER, "127.0.0.1")
    doors = {
        name: f"{sites.SERVER}:{sites.free_port(socket.SOCK_STREAM, sites.SERVER)}" for name in ("sip_tls", "sip_mtls")
    }
    hotline = Hotline(
        folder,
        {
            "listen": doors,
            "tls": {"certificate": str(certificate), "key": str(key), "ca": str(ours.ca), "web": True},
            "trunks": {"public": {"transport": "mtls", "srtp": True}},
            "targets": {"110": {"transport": "tls", "srtp": True, "ring": 8}},
            "operators": [OPERATOR, {"number": "1002", "name": "二号坐席", "skills": ["english"]}],
        },
    )
    try:
        yield Secured(hotline.start(), ours, others)
    finally:
        hotline.stop()


@pytest.fixture
def secured(running: Secured, request: pytest.FixtureRequest) -> Iterator[Secured]:
    yield running
    finish(running.hotline, request.node)


def test_given_tls_and_srtp_when_the_operator_brings_110_in_then_all_three_talk_encrypted(secured: Secured) -> None:
    caller, operator, desk = secured.caller(), secured.operator(), secured.desk()
    secured.wait_route(1)
    secured.talk(caller, operator)
    operator.dtmf("*3")
    joined = caller.wait_who({"operator", "110"}, seconds=1)
    operator.wait_who({"caller", "110"}, seconds=1, since=joined)
    for phone in (operator, desk):
        text = phone.last_invite.text
        assert re.search(r"m=audio \d+ RTP/SAVP ", text)
        assert "Via: SIP/2.0/TLS" in text
    caller.hangup()
    secured.hotline.assert_clean()
    call = secured.hotline.call_of(caller.name)
    assert [transfer.result for transfer in call.transfers] == ["completed"]


def test_given_a_call_by_srtp_when_the_wire_is_tapped_then_nobody_is_heard_without_the_key(secured: Secured) -> None:
    operator = secured.operator()
    certificate = secured.ours.signs("wire", sites.CALLERS)
    caller = SecureCaller(sites.CALLERS, client_context(secured.ours.ca, certificate))
    try:
        assert caller.call(secured.mtls, "12345") == 200
        operator.wait_for("confirmed")
        caller.listen(2.5)
        caller.hangup()
    finally:
        caller.close()
    assert b"RTP/SAVP " in caller.answer
    assert len(caller.packets) > 50
    wire = caller.on_the_wire()
    # Enciphered bytes are noise, and in a hundred frames of noise up to 8 % look like some tone or other.
    assert max(wire.share(name) for name in TONES) < 0.2
    assert caller.with_the_key().share("operator") > 0.5


def test_given_a_trunk_that_must_come_by_tls_when_it_comes_by_udp_then_it_is_refused(secured: Secured) -> None:
    caller, operator = secured.caller(), secured.operator()
    secured.talk(caller, operator)

    def known() -> int | None:
        """How many calls the log has once the running one is among them."""
        calls = secured.hotline.calls()
        return len(calls) if any(call.ended_at is None for call in calls) else None

    before = eventually(known, 30, lambda: "the running call never came into the log")
    with RawCaller(ip=sites.CALLERS) as plain:
        plain.call(secured.hotline.server, "12345")
        assert _refusal(plain) == 488  # plain RTP
    with Savp(ip=sites.CALLERS) as forger:
        forger.call(secured.hotline.server, "12345")
        assert _refusal(forger) == 403  # keys in the clear
    assert len(secured.hotline.calls()) == before
    assert caller.wait_heard("operator", since=time.time())
    caller.hangup()


def _refusal(raw: RawCaller) -> int:
    eventually(lambda: any(code >= 200 for _, code in raw.responses), 30, lambda: str(raw.responses))
    return raw.responses[-1][1]


class Savp(RawCaller):
    """Offers SRTP over plain UDP, its key for everybody to read."""

    def _sdp(self) -> bytes:
        crypto = b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5\r\n"
        return super()._sdp().replace(b"RTP/AVP", b"RTP/SAVP") + crypto


def test_given_tls_without_srtp_when_a_trunk_calls_then_it_is_refused(secured: Secured) -> None:
    certificate = secured.ours.signs("plain", sites.CALLERS)
    caller = SecureCaller(sites.CALLERS, client_context(secured.ours.ca, certificate))
    try:
        assert caller.call(secured.mtls, "12345", srtp=False) == 488
    finally:
        caller.close()


def test_given_a_trunk_of_mutual_tls_when_it_comes_by_the_phones_door_then_it_is_refused(secured: Secured) -> None:
    caller = SecureCaller(sites.CALLERS, client_context(secured.ours.ca))
    try:
        assert caller.call(secured.tls, "12345") == 403
    finally:
        caller.close()


@pytest.mark.parametrize("shown", ["nothing", "a stranger's"])
def test_given_mutual_tls_when_no_certificate_of_ours_is_shown_then_the_door_stays_shut(
    secured: Secured, shown: str
) -> None:
    theirs = secured.others.signs("stranger", sites.CALLERS) if shown != "nothing" else None
    caller = SecureCaller(sites.CALLERS, client_context(secured.ours.ca, theirs))
    try:
        with pytest.raises((ssl.SSLError, OSError)):
            caller.call(secured.mtls, "12345")  # TLS 1.3 would tell it only at the first read
    finally:
        caller.close()
    assert "SIP/2.0" not in caller.answer.decode()


def test_given_old_tls_when_it_knocks_then_only_1_2_comes_in(secured: Secured) -> None:
    def shakes(version: ssl.TLSVersion) -> bool:
        context = ssl.create_default_context(cafile=str(secured.ours.ca))
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        caller = SecureCaller(sites.CALLERS, context)
        try:
            return caller.connect(secured.tls).version() is not None
        except OSError:
            return False
        finally:
            caller.close()

    with_warnings = pytest.warns(DeprecationWarning)
    with with_warnings:
        old = [shakes(ssl.TLSVersion.TLSv1), shakes(ssl.TLSVersion.TLSv1_1)]
    assert old == [False, False]
    assert shakes(ssl.TLSVersion.TLSv1_2)


def test_given_an_impostor_at_110s_first_route_when_it_is_asked_for_then_the_second_answers(secured: Secured) -> None:
    """The impostor has 110's address but no certificate of the city's authority: no word of the call gets to it."""
    caller, operator = secured.caller(), secured.operator()
    impostor, desk = secured.desk(1, secured.others), secured.desk(2)
    secured.wait_route(2)
    secured.talk(caller, operator)
    operator.dtmf("*3")
    caller.wait_who({"operator", "110"})
    assert impostor.invites == []
    assert len(desk.invites) == 1
    caller.hangup()


def test_given_an_operator_of_tls_when_a_phone_registers_by_udp_then_no_call_gets_to_it(secured: Secured) -> None:
    hotline = secured.hotline
    registration = Registration(hotline.server, "1001", hotline.credentials["operators"]["1001"])
    plain = hotline.keep(Phone("1001", ip=sites.OPERATORS, tone="operator", register=registration)).on_call("answer")
    caller = secured.caller()
    call = caller.call(secured.uri, from_user=caller.name)
    time.sleep(4)
    assert plain.invites == []
    assert caller.states()[call] == "confirmed"  # he waits
    operator = secured.operator()  # the true phone takes the plain one's place
    operator.wait_for("confirmed")
    assert plain.invites == []
    caller.hangup()


def test_given_a_plain_operator_when_a_citizen_comes_by_tls_then_each_side_has_its_own(secured: Secured) -> None:
    """An operator within the house on plain RTP, the trunk encrypted: Asterisk stands between."""
    hotline = secured.hotline
    hotline.operator("1002")
    caller = secured.caller()
    caller.call(secured.uri, from_user=caller.name)
    caller.wait_who({"operator2"})
    caller.hangup()


def test_given_a_certificate_for_the_web_then_it_speaks_https_only(secured: Secured) -> None:
    hotline = secured.hotline
    assert hotline.web.startswith("https://")
    assert hotline.api("GET", "/api/v1/live").status == 200

    def told() -> dict[str, str]:
        findings = json.loads(hotline.cli("doctor", "--json", check=False))["findings"]
        return {one["id"]: one["level"] for one in findings if one["id"] in ("certificate", "healthz")}

    # The test's own certificate runs out in less than 30 days; a busy machine may answer the doctor too late.
    wanted = {"certificate": "warning", "healthz": "ok"}
    eventually(lambda: told() == wanted, 60, lambda: f"{told()}")
    with pytest.raises(OSError):  # no answer in the clear
        urllib.request.urlopen(hotline.web.replace("https:", "http:"), timeout=5)
    assert "https://" in hotline.log.read_text()
