"""Which running call a case that another desk hands over belongs to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr.calls.live_views import LiveCall, LiveStep
from ivr.desks.case import Case, Event, fold
from ivr.desks.case_kinds import MATTER
from ivr.schema import check
from ivr.store.case_calls import belongs, is_number, offered

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
THERE = "1b1c2d3e-0000-4000-8000-000000000001"  # the call at 12345
NUMBER = "13800138000"


def a_case(*more: tuple[str, str, dict[str, object]], caller: str = NUMBER) -> Case:
    """Opened by a call at 12345 and offered to 110 with it; `more`: origin, kind, data."""
    events = [
        ("12345", "opened", {"number": "12345-20261127-000001", "channel": "phone"}),
        ("12345", "called", {"call": THERE}),
        ("12345", "written", {"caller": caller}),
        ("12345", "offered", {"to": "110", "way": "voice", "mode": "transfer", "transfer": "t1"}),
        *more,
    ]
    seqs = {"12345": 0, "110": 0}
    made = []
    for clock, (origin, kind, data) in enumerate(events, 1):
        seqs[origin] += 1
        made.append(Event("c1", origin, seqs[origin], clock, NOW, "1001", kind, data))
    return fold(made)


def a_call(caller: str = NUMBER, there: str = "") -> LiveCall:
    steps = (LiveStep(NOW, "queue", "q-general"), *([LiveStep(NOW, "partner_call", there)] if there else []))
    return LiveCall("here", caller, "waiting", NOW, handed_over_by="12345", steps=steps)


@pytest.mark.parametrize(
    ("call", "its"),
    [
        (a_call(), True),  # a partner that tells no id
        (a_call("", THERE), True),  # the caller withholds his number
        (a_call(there=THERE), True),
        (a_call(there="another"), False),  # the same caller's next call: its own case is still on its way
        (a_call("13900139000"), False),
        (a_call(""), False),
    ],
)
def test_given_a_call_from_a_desk_then_its_case_is_found_by_its_id_there_and_by_the_number_without_one(
    call: LiveCall, its: bool
) -> None:
    assert belongs(a_case(), "110", call, "12345") is its


@pytest.mark.parametrize("there", [THERE, ""], ids=["by its id there", "by the number"])
@pytest.mark.parametrize("partner", ["119", None])
def test_given_a_call_from_whoever_did_not_offer_the_case_then_it_is_not_the_cases(
    there: str, partner: str | None
) -> None:
    """It names a call that another desk told of: so it would read what that desk shares with us."""
    assert belongs(a_case(), "110", a_call(there=there), partner) is (partner is None and not there)


@pytest.mark.parametrize(
    ("caller", "its"),
    [("13800138000", True), ("+8613800138000", True), ("110", True), ("", False), ("anonymous", False), ("+", False),
     ("１３８００１３８０００", False), ("١٣٨", False), ("²", False), ("+86+", False), ("1" * 64, False)],
)  # fmt: skip
def test_given_what_a_network_says_of_a_caller_then_a_number_is_what_a_case_takes(caller: str, its: bool) -> None:
    assert is_number(caller) is its
    if its:
        check(MATTER["caller"], caller)


def test_given_two_withheld_numbers_then_neither_has_the_others_case() -> None:
    assert not belongs(a_case(caller=""), "110", a_call(""), "12345")


def test_given_the_call_is_known_or_the_offer_answered_then_nothing_is_joined() -> None:
    assert not belongs(a_case(("110", "called", {"call": "here"})), "110", a_call(there=THERE), "12345")
    assert offered(a_case(), "110")
    assert not offered(a_case(("110", "accepted", {})), "110")
