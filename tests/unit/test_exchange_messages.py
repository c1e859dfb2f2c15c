"""What one desk tells another: its messages, their shape, their signatures, and what becomes of them."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, MappingKeyResolver
from http_message_signatures.algorithms import ED25519
from hypothesis import assume, given
from hypothesis import strategies as st

from ivr.desks import exchange, exchange_wire, signatures
from ivr.desks.case import KINDS, fold
from ivr.desks.case_model import Event
from ivr.desks.exchange import AlteredError, Known, Message, packed, receive, seal, told
from ivr.desks.exchange_wire import BadMessageError
from ivr.desks.signatures import SignatureRefusedError

CASE = "0b5b0c1e-3a51-4a56-9a3b-2f2f6f1d9d10"
NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
URL = "https://110.example:8443/exchange/v1/messages"
KEY = signatures.new_private()
KEYS = {"12345": [signatures.public_key(signatures.public_text(KEY))]}


def events(count: int = 4) -> list[Event]:
    said: list[tuple[str, dict[str, Any]]] = [
        ("opened", {"number": "12345-20261127-000001", "channel": "phone"}),
        ("called", {"call": "c0ffee"}),
        ("written", {"cause": "楼下打架", "place": "和平路 1 号", "caller": "13800138000", "urgency": "urgent"}),
        ("offered", {"to": "110", "way": "voice", "mode": "transfer", "transfer": "t-1"}),
        *[("written", {"text": f"第 {n} 次补充"}) for n in range(count)],
    ]
    return [Event(CASE, "12345", n, n, NOW, "1001", *one) for n, one in enumerate(said[:count], 1)]


def message(first: int = 1, last: int = 4, id: str = "7d7f8f52-0a7c-4b53-8a08-0a1f8a5d0a01") -> Message:
    return Message(id, "12345", "110", CASE, NOW, tuple(events(last)[first - 1 :]))


# --- shape -----------------------------------------------------------------------------------------------------------


def test_given_a_message_when_it_is_written_and_read_then_it_is_the_same_with_the_case_as_eido_around_it() -> None:
    sent = message()
    body = exchange_wire.written(sent, fold(sent.events))
    assert exchange_wire.read(body, "12345", "110") == sent
    document = json.loads(body)
    (call,) = document["callComponent"]
    assert call["$id"] == "urn:uuid:c0ffee"
    needed = ("callStateRegistryText", "standardPrimaryCallType", "direction", "callStartTimestamp", "agentReference")
    assert all(call[name] for name in needed)  # R41: what EIDO asks of a call
    roles = {one["$id"]: one["agencyRoleDescriptionRegistryText"] for one in document["agencyComponent"]}
    assert roles == {"12345": ["CallReceiving"], "110": ["TransferredTo"]}
    assert document["locationComponent"][0]["locationDescriptionText"] == "和平路 1 号"
    assert document["callbackComponent"][0]["callBackInformationUri"] == ["tel:13800138000"]
    assert {"$ref": "1001@12345"} in call["agentReference"]
    assert document["incidentComponent"]["internalIncidentId"] == "12345-20261127-000001"


def test_given_a_limit_when_it_is_sent_then_it_arrives_and_an_older_desk_sends_none() -> None:
    sent = message()
    for limit in (None, 60):
        body = exchange_wire.written(replace(sent, decide_seconds=limit), fold(sent.events))
        assert exchange_wire.read(body, "12345", "110").decide_seconds == limit


def _nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def _changed(path: str, value: Any) -> bytes:
    document = json.loads(exchange_wire.written(message(), fold(message().events)))
    place: Any = document
    *way, last = path.split(".")
    for part in way:
        place = place[int(part)] if part.isdigit() else place[part]
    place[int(last) if last.isdigit() else last] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (_changed("hotline.version", "2.0"), "body.hotline.version"),
        (_changed("hotline.from", "119"), "hotline.from"),
        (_changed("hotline.to", "119"), "hotline.to"),
        (_changed("hotline.case", "x"), "body.hotline.case"),
        (_changed("hotline.events", []), "body.hotline.events"),
        (_changed("hotline.events.1.origin", "110"), "hotline.events[1].origin"),
        (_changed("hotline.events.1.seq", 3), "hotline.events[1].seq"),
        (_changed("hotline.events.1.clock", 1), "hotline.events[1].seq"),
        (
            _changed("hotline.events", [{**told(event), "clock": event.seq - 1} for event in events()][1:]),
            "hotline.events[0].clock",
        ),
        (_changed("hotline.events.0.by", "a\nb"), "body.hotline.events[0].by"),
        (_changed("hotline.events.0.at", "yesterday"), "body.hotline.events[0].at"),
        (_changed("hotline.events.0.more", 1), "body.hotline.events[0].more"),
        (_changed("hotline.events.1.data", {"a": _nested(900)}), "hotline.events[1].data"),
    ],
)
def test_given_a_message_of_another_shape_when_it_is_read_then_the_field_is_named(body: bytes, field: str) -> None:
    with pytest.raises(BadMessageError) as refused:
        exchange_wire.read(body, "12345", "110")
    assert refused.value.details["field"] == field


def test_given_the_published_schema_then_it_knows_each_kind_of_event() -> None:
    told = exchange_wire.schema()
    items = told["properties"]["hotline"]["properties"]["events"]["items"]
    kinds = {one["if"]["properties"]["kind"]["const"]: one["then"]["properties"]["data"] for one in items["allOf"]}
    assert kinds["returned"]["required"] == ["reason"]
    json.dumps(told)


# --- outbox ----------------------------------------------------------------------------------------------------------


def test_given_own_and_foreign_events_when_they_are_packed_then_only_own_ones_that_were_not_sent() -> None:
    theirs = Event(CASE, "110", 1, 5, NOW, "2001", "accepted", {})
    ids = iter("abc")
    (only,) = packed([theirs, *events(6)], 2, "12345", "110", now=NOW, new_id=lambda: next(ids))
    assert [event.seq for event in only.events] == [3, 4, 5, 6]
    assert packed([theirs, *events(6)], 6, "12345", "110", now=NOW, new_id=lambda: next(ids)) == ()


def test_given_many_events_when_they_are_packed_then_messages_follow_one_another_without_a_gap() -> None:
    many = [replace(event, seq=n, clock=n) for n in range(1, 251) for event in events(1)]
    parts = packed(many, 0, "12345", "110", now=NOW, new_id=lambda: "x")
    assert [(part.first, part.last) for part in parts] == [(1, 100), (101, 200), (201, 250)]


def test_given_long_events_when_they_are_packed_then_no_message_is_too_large_for_the_door() -> None:
    long = [replace(events(1)[0], seq=n, clock=n, kind="written", data={"text": "长" * 8000}) for n in range(1, 41)]
    parts = packed(long, 0, "12345", "110", now=NOW, new_id=lambda: CASE)
    assert sum(len(part.events) for part in parts) == 40
    assert all(len(exchange_wire.written(part, fold(part.events))) < exchange_wire.MOST_BODY for part in parts)


@pytest.mark.parametrize(
    ("status", "error", "state", "waits", "alarm"),
    [
        (None, "", "pending", "partner", False),
        (200, "", "delivered", "", False),
        (401, "exchange_signature", "pending", "partner", True),
        (409, "exchange_replayed", "pending", "case", False),
        (409, "exchange_altered", "refused", "", True),
        (422, "exchange_message", "refused", "", True),
        (503, "database_down", "pending", "partner", False),
        (500, "internal", "pending", "case", False),
    ],
)
def test_given_an_answer_when_a_message_was_sent_then_its_fate_is(
    status: int | None, error: str, state: str, waits: str, alarm: bool
) -> None:
    assert exchange.fate(status, error) == exchange.Fate(state, waits, alarm)


def test_given_tries_that_failed_then_the_pause_doubles_up_to_its_limit() -> None:
    assert [exchange.pause("case", n) for n in (1, 2, 3)] == [1.0, 2.0, 4.0]
    assert exchange.pause("case", 10_000) == exchange.CASE_PAUSE
    assert exchange.pause("partner", 10_000) == exchange.PARTNER_PAUSE


# --- inbox -----------------------------------------------------------------------------------------------------------


def known(have: int, *more: int, digest: str | None = None) -> Known:
    all_ = events(max((have, *more, 1)))
    seals = {event.seq: seal(event) for event in all_ if event.seq <= have or event.seq in more}
    return Known(have, seals, tuple(event for event in all_ if event.seq in more), digest)


@pytest.mark.parametrize(
    ("known_", "came", "state", "taken", "have"),
    [
        (known(0), message(1, 2), "taken", [1, 2], 2),
        (known(2), message(3, 4), "taken", [3, 4], 4),
        (known(1), message(3, 4), "waiting", [], 1),
        (known(1, 3, 4), message(2, 2), "taken", [2, 3, 4], 4),
        (known(4), message(1, 2), "known", [], 4),
        (known(1), message(1, 3), "taken", [2, 3], 3),
        (known(2, digest="d"), message(1, 2), "known", [], 2),
        (known(1, 3, digest="d"), message(3, 3), "waiting", [], 1),
    ],
)
def test_given_what_is_known_when_a_message_comes_then(
    known_: Known, came: Message, state: str, taken: list[int], have: int
) -> None:
    found = receive(came, "d", known_)
    assert (found.state, [event.seq for event in found.take], found.have) == (state, taken, have)
    assert found.answer(came.id) == {"message": came.id, "state": state, "have": have}


def test_given_a_known_id_with_other_contents_when_it_comes_then_it_is_refused() -> None:
    with pytest.raises(AlteredError):
        receive(message(), "other", known(4, digest="d"))


@pytest.mark.parametrize("known_", [known(4), known(1, 3, 4)])
def test_given_a_known_event_with_other_contents_when_it_comes_under_a_new_id_then_it_is_refused(known_: Known) -> None:
    changed = [replace(event, data={**event.data, "text": "改"}) if event.seq == 3 else event for event in events(4)]
    with pytest.raises(AlteredError, match="12345/3"):
        receive(Message("new", "12345", "110", CASE, NOW, tuple(changed)), "d2", known_)


# --- signatures ------------------------------------------------------------------------------------------------------


def signed(body: bytes = b"{}", now: datetime = NOW) -> dict[str, str]:
    return signatures.sign(URL, body, "12345", signatures.private_key(KEY), now)


def verified(headers: Mapping[str, str], body: bytes = b"{}", now: datetime = NOW, url: str = URL) -> signatures.Signed:
    return signatures.verify("POST", url, dict(headers), body, keys=KEYS, now=now)


def test_given_a_signed_message_when_it_passes_a_gateway_then_its_desk_is_known_and_each_try_differs() -> None:
    first, second = verified(signed(), url="http://10.0.0.9/exchange/v1/messages"), verified(signed())
    assert (first.desk, first.created) == ("12345", NOW)
    assert first.nonce != second.nonce


@pytest.mark.parametrize("minutes", [-5, 5])
def test_given_a_clock_that_is_wrong_by_five_minutes_then_the_message_is_good(minutes: int) -> None:
    assert verified(signed(now=NOW + timedelta(minutes=minutes))).desk == "12345"


@pytest.mark.parametrize("minutes", [-11, 6])
def test_given_a_signature_from_another_time_then_it_is_refused_and_the_seconds_are_told(minutes: int) -> None:
    with pytest.raises(SignatureRefusedError, match=str(abs(minutes) * 60)) as refused:
        verified(signed(now=NOW + timedelta(minutes=minutes)))
    assert refused.value.details["why"] == "time"


def test_given_any_covered_part_changed_then_the_signature_is_refused() -> None:
    good = signed()
    later = good["Signature-Input"].replace("created=17", "created=18")
    spoilt = [
        ({**good, "Content-Type": "text/plain"}, b"{}", URL),
        (good, b"{ }", URL),
        (good, b"{}", URL + "x"),
        ({**good, "Signature-Input": later}, b"{}", URL),
        (
            {**good, "Signature-Input": good["Signature-Input"].replace('"content-digest"', '"content-type"')},
            b"{}",
            URL,
        ),
        ({name: value for name, value in good.items() if name != "Content-Digest"}, b"{}", URL),
        ({name: value for name, value in good.items() if name != "Signature"}, b"{}", URL),
        ({}, b"{}", URL),
    ]
    for headers, body, url in spoilt:
        with pytest.raises(SignatureRefusedError):
            verified(headers, body, url=url)


@pytest.mark.parametrize(
    ("what", "value", "why"),
    [
        ("GOOD", timedelta(days=1), "time"),  # it would be good for longer than its nonce is remembered
        ("GOOD", timedelta(0), "time"),
        ("COVERED", ("@method", "@path", "content-digest"), "invalid"),
        ("COVERED", ("@method", "content-type", "content-digest"), "invalid"),
        ("COVERED", ("@path", "content-type", "content-digest"), "invalid"),
        ("TAG", "another", "invalid"),
        ("secrets", SimpleNamespace(token_urlsafe=lambda _: "n" * 65), "incomplete"),
        ("secrets", SimpleNamespace(token_urlsafe=lambda _: ""), "incomplete"),
    ],
)
def test_given_a_partners_own_signature_over_less_or_for_longer_than_agreed_then_it_is_refused(
    what: str, value: object, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        there.setattr(signatures, what, value)
        headers = signed()
    with pytest.raises(SignatureRefusedError) as refused:
        verified(headers)
    assert refused.value.details["why"] == why


@given(st.data())
def test_given_headers_that_anybody_sends_then_they_are_refused_and_nothing_else_fails(data: st.DataObject) -> None:
    headers = signed()
    name = data.draw(st.sampled_from(["Signature-Input", "Signature", "Content-Digest", "Content-Type"]))
    said = headers[name]
    at = data.draw(st.integers(0, len(said)))
    odd = data.draw(st.text(st.sampled_from('";=,():?@\\ \x00\udc80é0aZ'), max_size=6) | st.text(max_size=40))
    spoilt = said[:at] + odd + said[at + data.draw(st.integers(0, 3)) :]
    assume(spoilt.strip(" \t") != said)
    with contextlib.suppress(SignatureRefusedError):
        assert verified({**headers, name: spoilt}).desk == "12345"  # as a label that is another, which no one signs


def test_given_a_desk_that_changes_its_key_then_both_hold_meanwhile_and_a_strangers_never() -> None:
    fresh, stranger = signatures.new_private(), signatures.new_private()
    both = {"12345": [*KEYS["12345"], signatures.public_key(signatures.public_text(fresh))], "119": KEYS["12345"]}
    for key in (KEY, fresh):
        headers = signatures.sign(URL, b"{}", "12345", signatures.private_key(key), NOW)
        assert signatures.verify("POST", URL, headers, b"{}", keys=both, now=NOW).desk == "12345"
    headers = signatures.sign(URL, b"{}", "12345", signatures.private_key(stranger), NOW)
    with pytest.raises(SignatureRefusedError):
        signatures.verify("POST", URL, headers, b"{}", keys=both, now=NOW)


def test_given_another_desks_name_over_ones_own_key_then_it_is_refused() -> None:
    other = signatures.new_private()
    keys = {**KEYS, "119": [signatures.public_key(signatures.public_text(other))]}
    headers = signatures.sign(URL, b"{}", "12345", signatures.private_key(other), NOW)
    with pytest.raises(SignatureRefusedError):
        signatures.verify("POST", URL, headers, b"{}", keys=keys, now=NOW)


def test_given_text_that_is_no_key_then_it_says_what_a_key_is() -> None:
    for text in ("", "abc", base64.b64encode(b"x" * 31).decode(), "ä" * 44):
        with pytest.raises(ValueError, match="44 characters"):
            signatures.public_key(text)


def test_the_library_signs_as_rfc_9421_appendix_b_2_6_says() -> None:
    private = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
    public = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
"""
    keys = MappingKeyResolver(
        public_keys={"test-key-ed25519": load_pem_public_key(public)},  # type: ignore[dict-item]
        private_keys={"test-key-ed25519": load_pem_private_key(private, None)},  # type: ignore[dict-item]
    )
    request = signatures._Request(
        "POST",
        "https://example.com/foo?param=Value&Pet=dog",
        {
            "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "Content-Type": "application/json",
            "Content-Length": "18",
        },
    )
    HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=keys).sign(
        request,
        key_id="test-key-ed25519",
        created=datetime.fromtimestamp(1618884473, UTC),
        label="sig-b26",
        include_alg=False,
        covered_component_ids=("date", "@method", "@path", "@authority", "content-type", "content-length"),
    )
    assert request.headers["Signature"] == (
        "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
    )
    HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=keys).verify(request, max_age=None)


def test_given_each_kind_of_event_then_the_page_for_builders_of_partners_tells_it() -> None:
    page = (Path(__file__).parents[2] / "docs/exchange.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []
