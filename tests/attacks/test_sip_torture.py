"""Messages that break parsers: RFC 4475's, and thousands by chance. Asterisk lives, talks go on, callers are served."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator

import pytest

from tests.attacks import torture
from tests.attacks.bystanders import STRANGER, Bystanders
from tests.attacks.sip import Attacker, status_of
from tests.pbx import sites

PLACES = {"stranger": STRANGER, "trunk": sites.CALLERS, "desk": sites.ROUTES["110"][0], "operator": sites.OPERATORS}
SEED, MUTATIONS = 4475, 1500
BITS = (
    *("\r\n", "\n", "\x00", "\xff", "%", "%00", "%0d%0a", '"', "\\", "<", ">", ";", ",", ":", "@", "=", "[", "]", "::"),
    *(
        "a" * 3000,
        "9" * 40,
        "-1",
        "4294967296",
        "18446744073709551616",
        "0",
        "z9hG4bK",
        "${EPOCH}",
        "\u202e",
        "SIP/2.0",
    ),
)


@pytest.mark.parametrize("place", PLACES)
def test_given_rfc_4475_when_its_messages_come_from_anywhere_then_nobody_suffers(
    bystanders: Bystanders, place: str
) -> None:
    with bystanders.attacker(PLACES[place]) as sender:
        me = f"{sender.ip}:{sender.port}"
        for text in torture.ALL.values():
            sender.send(torture.rendered(text, me, sender.server, secrets.token_hex(6)))
            sender.listen(0.03)
        statuses = sender.listen(2)
    if place in {"stranger", "operator"}:
        assert [status for status in statuses if 200 <= status < 300] == []
    else:
        assert any(200 <= status < 300 for status in statuses), "what is valid is understood"
    bystanders.recovered()


def test_given_what_rfc_4475_calls_valid_when_the_trunk_sends_it_then_every_request_is_answered(
    bystanders: Bystanders,
) -> None:
    silent = []
    with bystanders.attacker(sites.CALLERS) as trunk:
        me = f"{trunk.ip}:{trunk.port}"
        for name, text in torture.VALID.items():
            message = torture.rendered(text, me, trunk.server, secrets.token_hex(6))
            if not status_of(message) and not trunk.ask(message):
                silent.append(name)
    assert silent == []


@pytest.mark.parametrize("place", ["stranger", "trunk", "desk"])
def test_given_thousands_of_broken_messages_then_nobody_suffers(bystanders: Bystanders, place: str) -> None:
    chance = random.Random(f"{SEED} {place}")
    with bystanders.attacker(PLACES[place]) as sender:
        sender.burst(mutations(sender, chance))
        statuses = sender.listen(2)
    if place == "stranger":
        assert [status for status in statuses if 200 <= status < 300] == []
    bystanders.recovered()


def mutations(sender: Attacker, chance: random.Random) -> Iterator[bytes]:
    """Valid requests with one to four wounds each. Few are for the hotline's own number: each would be a call."""
    methods = ("INVITE", "REFER", "BYE", "ACK", "CANCEL", "REGISTER", "OPTIONS", "SUBSCRIBE", "INFO", "UPDATE", "PRACK")
    more = {
        "Refer-To": f"<sip:110@{STRANGER}>",
        "Replaces": "x@y;to-tag=a;from-tag=b",
        "Event": "refer",
        "Supported": "100rel,timer,replaces",
        "Session-Expires": "90;refresher=uas",
        "Authorization": 'Digest username="1001",realm="asterisk",nonce="x",uri="sip:x",response="y"',
        "Route": "<sip:127.0.0.1;lr>",
        "Diversion": "<sip:110@x>;reason=unknown",
        "P-Asserted-Identity": '"x" <sip:110@x>',
    }
    for n in range(MUTATIONS):
        headers = {name: value for name, value in more.items() if chance.random() < 0.3}
        user = "12345" if n % 25 == 0 else "12346"
        text = sender.message(chance.choice(methods), user, headers=headers)
        for _ in range(chance.randint(1, 4)):
            text = wounded(text, chance)
        yield text.encode("utf-8", "surrogateescape")[:60000]


def wounded(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) or 1)
    lines = text.split("\r\n")
    kind = chance.randrange(6)
    if kind == 0:
        return text[:at] + chance.choice(BITS) + text[at:]
    if kind == 1:
        return text[:at] + chance.choice(BITS) + text[at + chance.randint(1, 40) :]
    if kind == 2:
        return text[:at]
    if kind == 3:
        return text[:at] + chr(chance.randrange(256)) + text[at + 1 :]
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    if kind == 4:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines.insert(one, lines[other])
    return "\r\n".join(lines)
