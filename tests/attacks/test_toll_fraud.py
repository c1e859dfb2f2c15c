"""Toll fraud: nobody makes this hotline call an outside number, by whatever door; nobody takes a running call over."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator

import pytest

from ivr.calls.model import Call
from tests.attacks.bystanders import STRANGER, Bystanders
from tests.attacks.sip import Answering, Attacker
from tests.pbx import sites
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually

OUTSIDE = 45060  # the port of a far gateway that would be glad of our calls
NOT_THERE = {400, 404, 405, 414, 416, 420, 421, 480, 484, 485, 488, 603}

NUMBERS = (
    *("13900000000", "013900000000", "+8613900000000", "008613900000000", "001900555000", "110", "119", "1001", "1002"),
    *("*1", "*45", "*46", "*8", "#1", "*", "0", "s", "h", "i", "t", "T", "fax", "a", "start"),
    *("q-general", "q-overflow", "entry", "entry-desk", "transfer-leg", "operator-phone", "second-line", "refer"),
    *("123456", "12345x", "1234", "12345,1", "12345&1001", "12345^1", "12345|1", "12345@entry-desk", "desk-110"),
    *("PJSIP%2F110", "Local%2F110%40transfer-leg", "12345%0d%0a110", "$%7BEPOCH%7D", "12345%3B110"),
)
# What stands between "INVITE " and " SIP/2.0"; {host} is our server, {outside} is not.
URIS = (
    "sip:13900000000@{outside}",
    "sip:13900000000@{outside};transport=udp",
    "sip:13900000000@{host};maddr={outside_ip}",
    "sip:13900000000@{host};user=phone",
    "sip:13900000000@{host};transport=tcp",
    "sips:13900000000@{host}",
    "sip:%31%33%39%30%30%30%30%30%30%30%30@{host}",
    "sip:{host}",
    "sip:13900000000:password@{host}",
    "sip:13900000000@{host}?Route=%3Csip:{outside}%3E",
    "sip:13900000000;phone-context=+86@{host}",
    "tel:+8613900000000",
    "mailto:13900000000@example.com",
)


@pytest.fixture
def outside(bystanders: Bystanders) -> Iterator[Attacker]:
    """A gateway elsewhere; nothing that we do may reach it."""
    with Attacker(STRANGER, bystanders.hotline.server, OUTSIDE) as gateway:
        yield gateway
        gateway.listen(0.5)
        assert gateway.heard == []


def test_given_the_trunk_when_it_calls_anything_but_the_hotline_then_nothing_is_there(
    bystanders: Bystanders, outside: Attacker
) -> None:
    names = {"host": bystanders.hotline.server, "outside": f"{outside.ip}:{outside.port}", "outside_ip": outside.ip}
    uris = [f"sip:{number}@{names['host']}" for number in NUMBERS] + [uri.format(**names) for uri in URIS]
    with bystanders.attacker(sites.CALLERS) as trunk:
        answers = {uri: trunk.ask(trunk.message("INVITE", uri=uri)) for uri in uris}
    assert {uri: status for uri, status in answers.items() if status not in NOT_THERE} == {}


def test_given_the_trunk_when_a_route_or_a_header_names_another_way_then_it_is_not_taken(
    bystanders: Bystanders, outside: Attacker
) -> None:
    elsewhere = f"<sip:13900000000@{outside.ip}:{outside.port};lr>"
    with bystanders.attacker(sites.CALLERS) as trunk:
        for method in ("OPTIONS", "INVITE", "MESSAGE", "SUBSCRIBE", "REFER"):
            for name in ("Route", "Refer-To", "Contact", "Record-Route"):
                message = trunk.message(method, "13900000000", headers={name: elsewhere, "Event": "refer"})
                assert trunk.ask(message, 3.0) not in range(200, 300) or method == "OPTIONS", (method, name)


def test_given_a_free_operators_phone_when_it_dials_then_no_outside_number_is_there(
    bystanders: Bystanders, outside: Attacker
) -> None:
    host = bystanders.hotline.server
    dialled = [
        "13900000000",
        "+8613900000000",
        "0013900000000",
        "110",
        "119",
        "1001",
        "12345",
        "*1",
        "*9",
        "*98",
        "q-general",
    ]
    uris = [f"sip:{number}@{host}" for number in dialled]
    uris += [f"sip:13900000000@{host};user=phone", f"sip:110@{host};transport=udp", f"sip:entry-desk@{host}"]
    codes = {}
    for uri in uris:
        call = bystanders.spare.call(uri)
        codes[uri] = bystanders.spare.wait_for("disconnected", call=call).what["code"]
    assert set(codes.values()) <= {404, 484}, codes


def test_given_a_talk_when_caller_or_operator_refers_it_outside_then_both_talk_on(
    bystanders: Bystanders, outside: Attacker
) -> None:
    for phone in (bystanders.citizen, bystanders.operator):
        for uri in (
            f"sip:13900000000@{outside.ip}:{outside.port}",
            f"sip:13900000000@{bystanders.hotline.server}",
            f"sip:12345@{bystanders.hotline.server}",
            f"sip:1002@{bystanders.hotline.server}",
            "tel:+8613900000000",
        ):
            phone.refer(uri)
            time.sleep(0.3)
    bystanders.unharmed()
    assert not the_talk(bystanders).transfers


def the_talk(bystanders: Bystanders) -> Call:
    return bystanders.hotline.call_of(bystanders.citizen.name, ended=False)


@pytest.mark.parametrize("contact", ["sip:13900000000@{outside}", "sip:110@{outside}", "sip:110@{host}", "tel:110"])
def test_given_a_desk_that_redirects_when_it_is_called_then_the_call_goes_nowhere_else(
    bystanders: Bystanders, outside: Attacker, contact: str
) -> None:
    """302 (RFC 3261 21.3.3): whoever is called must not choose whom we call."""
    hotline = bystanders.hotline
    ip, _, port = hotline.tables["targets"]["119"]["routes"][0].partition("@")[2].rpartition(":")
    there = contact.format(outside=f"{outside.ip}:{outside.port}", host=hotline.server)
    before = len(the_talk(bystanders).transfers)
    with Answering(ip, hotline.server, int(port), "302 Moved Temporarily", f"Contact: <{there}>\r\n") as desk:
        bystanders.operator.dtmf("*71")
        eventually(desk.invites, 30, lambda: "the desk was never called")
        ended = eventually(
            lambda: [one for one in the_talk(bystanders).transfers[before:] if one.result],
            30,
            lambda: f"the transfer never ended: {the_talk(bystanders).transfers}",
        )
    assert [(one.target, one.result) for one in ended] == [("119", "failed")]
    bystanders.unharmed()


def test_given_an_operators_password_when_it_registers_another_or_a_far_contact_then_it_cannot(
    bystanders: Bystanders, outside: Attacker
) -> None:
    hotline = bystanders.hotline
    passwords = hotline.credentials["operators"]
    before = hotline.asterisk("pjsip show contacts")
    with Answering(STRANGER, hotline.server, 0) as thief:
        assert thief.register("1001", passwords["1003"], by="1003") in {401, 403, 404}
        assert thief.register("1001", "wrong") in {401, 403}
        assert thief.register("desk-110", passwords["1003"], by="1003") in {401, 403, 404}
        assert hotline.asterisk("pjsip show contacts").count("1001/") == before.count("1001/")
        far = f"<sip:13900000000@{outside.ip}:{outside.port}>"
        assert thief.register("1003", passwords["1003"], contact=far) == 200
        shown = hotline.asterisk("pjsip show contacts")
        assert f":{outside.port}" not in shown, "a contact is where the phone is, not where it says"
        assert thief.register("1003", passwords["1003"], contact="*") == 200


@pytest.mark.parametrize("door", ["stranger", "trunk"])
@pytest.mark.parametrize("name", ["Replaces", "Join"])
def test_given_a_running_talk_when_an_invite_would_take_it_over_then_it_does_not(
    bystanders: Bystanders, name: str, door: str
) -> None:
    """RFC 3891, RFC 3911: by somebody who knows the dialog of the operator's leg to its last tag."""
    invite = bystanders.operator.invites[0]
    ours = re.search(r"tag=([^;>\s]+)", invite.header("From") or "")
    assert ours is not None
    theirs = variable(bystanders.hotline, "PJSIP/1001-", "CHANNEL(pjsip,remote_tag)")
    assert theirs, "the test knows the dialog"
    dialog = f"{invite.header('Call-ID')};to-tag={ours[1]};from-tag={theirs}"
    ip = STRANGER if door == "stranger" else sites.CALLERS
    with bystanders.attacker(ip) as thief:
        headers = {name: dialog, "Require": name.lower()}
        status = thief.ask(thief.message("INVITE", "12345", headers=headers))
        assert status in {401, 403, 420, 481, 486, 488, 603}, thief.heard
        for written in (name, name.upper(), f"{name} "):
            status = thief.ask(thief.message("INVITE", "13900000000", headers={written: dialog}))
            assert status in {401, 403, *NOT_THERE, 481}, thief.heard
        if name == "Replaces":
            assert thief.ask(thief.message("INVITE", "12345", headers={name: f"{dialog};early-only"})) in {401, 403}
    bystanders.unharmed()


class Manager:
    """AMI by hand."""

    def __init__(self, hotline: Hotline) -> None:
        host, _, port = hotline.tables["listen"]["ami"].rpartition(":")
        self._socket = socket.create_connection((host, int(port)), 5)
        self._conf = (hotline.var / "etc/manager.conf").read_text()

    def login(self) -> None:
        secret = re.search(r"(?m)^secret = (\S+)", self._conf)
        assert secret is not None
        assert "Success" in self.ask(f"Action: Login\r\nUsername: hotline\r\nSecret: {secret[1]}\r\nEvents: off\r\n")

    def ask(self, action: str) -> str:
        self._socket.sendall(f"{action}ActionID: us\r\n\r\n".encode())
        heard = b""
        while b"ActionID: us" not in heard or not heard.endswith(b"\r\n\r\n"):
            data = self._socket.recv(65536)
            if not data:
                break
            heard += data
        return heard.decode(errors="replace")

    def close(self) -> None:
        self._socket.close()


def variable(hotline: Hotline, prefix: str, name: str) -> str:
    """A channel's variable or function."""
    channel = next(one for one in hotline.channels() if one.startswith(prefix))
    manager = Manager(hotline)
    try:
        manager.login()
        found = re.search(
            r"(?m)^Value: (.*?)\r$", manager.ask(f"Action: Getvar\r\nChannel: {channel}\r\nVariable: {name}\r\n")
        )
    finally:
        manager.close()
    return found[1] if found else ""


def test_given_no_secret_when_ami_is_asked_to_call_then_it_calls_nobody(
    bystanders: Bystanders, outside: Attacker
) -> None:
    manager = Manager(bystanders.hotline)
    try:
        to = f"PJSIP/desk-110/sip:13900000000@{outside.ip}:{outside.port}"
        order = f"Action: Originate\r\nChannel: {to}\r\nApplication: Echo\r\nAsync: true\r\n"
        assert "Success" not in manager.ask(order)
        assert "Success" not in manager.ask("Action: Login\r\nUsername: hotline\r\nSecret: hotline\r\n")
    finally:
        manager.close()


@pytest.mark.parametrize("target", ["13900000000", "1002", "desk-110", "sip:1@127.0.0.1", "110,1", "survey/../110"])
def test_given_the_api_when_a_call_is_to_go_to_an_unknown_target_then_it_is_refused(
    bystanders: Bystanders, target: str
) -> None:
    hotline = bystanders.hotline
    path = f"/api/v1/calls/{the_talk(bystanders).id}/transfers"
    answer = hotline.api("POST", path, {"target": target, "mode": "transfer"})
    assert answer.status in {404, 422}
