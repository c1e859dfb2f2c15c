"""Whoever is neither trunk, desk nor a phone with its password gets nothing: no call, no contact, no state, no hint."""

from __future__ import annotations

import re

from tests.attacks.bystanders import Bystanders
from tests.attacks.sip import header
from tests.pbx import sites

METHODS = (
    "INVITE",
    "REGISTER",
    "OPTIONS",
    "SUBSCRIBE",
    "MESSAGE",
    "NOTIFY",
    "PUBLISH",
    "REFER",
    "INFO",
    "UPDATE",
    "BYE",
)
# Names that stand in pjsip.conf or that a caller could try.
NAMES = ("13800138000", "1001", "1002", "desk-110", "trunk-public", "department-gas", "110", "12345", "anonymous", "")
HEADERS = {
    "SUBSCRIBE": {"Event": "presence", "Expires": "60"},
    "NOTIFY": {"Event": "presence", "Subscription-State": "active"},
    "PUBLISH": {"Event": "presence", "Expires": "60"},
    "MESSAGE": {"Content-Type": "text/plain"},
    "REFER": {"Refer-To": "<sip:110@127.0.0.1>"},
    "REGISTER": {"Expires": "120"},
}
REFUSALS = {0, 401, 403, 404, 405, 415, 481, 489, 501}  # 0: not answered at all


def test_given_a_stranger_when_he_asks_for_anything_by_any_name_then_he_is_refused(bystanders: Bystanders) -> None:
    answered: dict[tuple[str, str], int] = {}
    with bystanders.attacker() as stranger:
        for method in METHODS:
            for name in NAMES:
                sender = f"<sip:{name}@{sites.SERVER}>" if name else f"<sip:{sites.SERVER}>"
                message = stranger.message(method, "12345", sender=sender, headers=HEADERS.get(method))
                answered[method, name] = stranger.ask(message, timeout=1.0)
        assert not stranger.requests(), "nothing is sent to him of its own accord"
    assert {asked: status for asked, status in answered.items() if status not in REFUSALS} == {}
    contacts = bystanders.hotline.asterisk("pjsip show contacts")
    assert stranger.ip not in contacts


def test_given_a_stranger_when_he_calls_then_no_call_comes_into_the_log(bystanders: Bystanders) -> None:
    before = {call.id for call in bystanders.hotline.calls()}
    with bystanders.attacker() as stranger:
        for name in NAMES[:-1]:
            stranger.ask(stranger.message("INVITE", "12345", sender=f"<sip:{name}@{stranger.ip}>"), timeout=1.0)
    bystanders.served()
    bystanders.hotline.call_of(bystanders.other.name)  # whatever came before it is in the log by now
    assert {call.id for call in bystanders.hotline.calls() if call.caller != bystanders.other.name} <= before


def test_given_a_stranger_when_he_is_challenged_then_every_name_looks_alike(bystanders: Bystanders) -> None:
    """Otherwise he would learn which operators there are."""
    told = {}
    with bystanders.attacker() as stranger:
        for name in ("1001", "9999", "desk-110"):
            stranger.heard.clear()
            stranger.ask(stranger.message("INVITE", "12345", sender=f"<sip:{name}@{stranger.ip}>"))
            (answer,) = {
                re.sub(r'nonce="[^"]*"|opaque="[^"]*"', "", header(one, "WWW-Authenticate")) for one in stranger.heard
            }
            told[name] = (stranger.statuses()[-1], answer)
    assert len(set(told.values())) == 1, told
