"""Signed as the Standard Webhooks specification wants it; whatever is not as it was signed is refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import webhooks
from ivr.webhooks import ID, SIGNATURE, TIMESTAMP, WebhookRefusedError, key_of, new_secret, sign, verify

# the vector of the specification's own libraries
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HEADERS = {
    ID: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    TIMESTAMP: "1614265330",
    SIGNATURE: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
BODY = b'{"test": 2432232314}'
NOW = datetime.fromtimestamp(1614265330, UTC)


def test_given_the_specifications_vector_when_it_is_signed_then_the_headers_are_the_same() -> None:
    assert sign(HEADERS[ID], BODY, [SECRET], NOW) == HEADERS
    assert verify(HEADERS, BODY, [SECRET], NOW) == webhooks.Verified(HEADERS[ID], NOW)


def test_given_two_secrets_during_a_change_when_either_one_holds_then_the_message_is_taken() -> None:
    new = new_secret()
    both = sign("msg_1", BODY, [new, SECRET], NOW)
    assert len(both[SIGNATURE].split()) == 2
    for holds in ([new], [SECRET], [new_secret(), SECRET]):
        assert verify(both, BODY, holds, NOW).id == "msg_1"
    with pytest.raises(WebhookRefusedError):
        verify(both, BODY, [new_secret()], NOW)


def test_given_headers_in_any_case_and_signatures_of_other_versions_then_ours_is_found() -> None:
    theirs = {name.title(): value for name, value in HEADERS.items()}
    theirs[SIGNATURE.title()] = f"v1a,{base64.b64encode(b'x' * 64).decode()} v2 , v1,*** {HEADERS[SIGNATURE]}"
    assert verify(theirs, BODY, [SECRET], NOW).id == HEADERS[ID]


@pytest.mark.parametrize("minutes", [-5, 5])
def test_given_a_clock_that_is_wrong_by_more_than_five_minutes_then_it_is_said(minutes: int) -> None:
    off = timedelta(minutes=minutes)
    assert verify(HEADERS, BODY, [SECRET], NOW + off).sent == NOW
    with pytest.raises(WebhookRefusedError, match="compare the clocks") as refused:
        verify(HEADERS, BODY, [SECRET], NOW + off + timedelta(seconds=minutes))
    assert refused.value.details == {"why": "time"}


@pytest.mark.parametrize("name", [ID, TIMESTAMP, SIGNATURE])
@pytest.mark.parametrize("value", [None, "", "0.1", "²", "v1,", "v1,=", "v1,x " * 999, "a.b", "-1", "9" * 13, "\ud800"])
def test_given_a_header_that_is_none_then_it_is_refused_and_nothing_breaks(name: str, value: str | None) -> None:
    bent = {key: it for key, it in HEADERS.items() if key != name} | ({} if value is None else {name: value})
    with pytest.raises(WebhookRefusedError):
        verify(bent, BODY, [SECRET], NOW)


@given(st.binary(max_size=40), st.integers(0, 10**11), st.text("abcXYZ019_-:", min_size=1, max_size=30))
def test_given_another_body_time_or_id_then_the_signature_does_not_fit(body: bytes, stamp: int, id: str) -> None:
    for bent, told in (
        ({}, body if body != BODY else b""),
        ({TIMESTAMP: str(stamp if stamp != 1614265330 else 1)}, BODY),
        ({ID: id}, BODY),
    ):
        with pytest.raises(WebhookRefusedError) as refused:
            verify(HEADERS | bent, told, [SECRET], NOW)
        assert refused.value.details == {"why": "invalid"}


def test_given_no_secret_then_nobody_is_believed() -> None:
    with pytest.raises(WebhookRefusedError):
        verify(HEADERS, BODY, [], NOW)


@pytest.mark.parametrize("bad", ["", "whsec_", SECRET[6:], "whsec_" + "A" * 28, "whsec_" + "A" * 92, "whsec_é" * 9])
def test_given_a_secret_that_is_too_short_or_none_then_the_reason_does_not_tell_it(bad: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes") as refused:
        key_of(bad)
    assert not bad or bad == "whsec_" or bad not in str(refused.value)
    assert len(key_of(new_secret())) == 32
