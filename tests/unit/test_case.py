"""A case is the same in whatever order its events come; who accepts it follows the rules (R21, R25–R29, R34, R46)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.desks.case import KINDS, Case, Event, Refused, apply, fold
from ivr.desks.case_kinds import FACTS
from ivr.desks.case_model import STATES
from ivr.desks.case_moves import MOVES, REFUSALS
from ivr.schema import InvalidRequestError
from ivr.web import messages

ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
OTHER = "0b1c2d3e-0000-4000-8000-000000000001"
START = datetime(2026, 11, 27, 8, tzinfo=UTC)


class Desk:
    """One desk: what it knows of the case, and what it does to it."""

    def __init__(self, name: str, by: str) -> None:
        self.name, self.by = name, by
        self.known: dict[tuple[str, int], Event] = {}

    @property
    def case(self) -> Case:
        return fold(self.known.values())

    def does(self, kind: str, **data: Any) -> Case:
        case = self.case
        seq = 1 + sum(origin == self.name for origin, _ in self.known)
        at = START + timedelta(seconds=len(self.known))
        event = Event(ID, self.name, seq, case.clock + 1, at, self.by, kind, data)
        after = apply(case, event)
        self.known[self.name, seq] = event
        return after

    def hears(self, other: Desk) -> None:
        self.known |= other.known


@pytest.fixture
def hotline() -> Desk:
    desk = Desk("12345", "1001")
    desk.does("opened", number="12345-20261127-000001", channel="phone")
    return desk


@pytest.fixture
def police(hotline: Desk) -> Desk:
    """It is in a three-party call with the hotline."""
    hotline.does("offered", to="110", way="voice", mode="conference", transfer="t1")
    return joined(hotline, Desk("110", "9001"))


def joined(hotline: Desk, police: Desk) -> Desk:
    police.hears(hotline)
    hotline.hears(police)
    assert police.case == hotline.case
    return police


def refusal(desk: Desk, kind: str, **data: Any) -> str:
    before = dict(desk.known)
    with pytest.raises(Refused) as refused:
        desk.does(kind, **data)
    assert desk.known == before
    return refused.value.id


def test_given_the_table_of_kinds_then_each_has_its_move() -> None:
    assert set(MOVES) == set(KINDS) >= FACTS
    assert set(DATA) == set(KINDS), "every history of the tests may have every kind in it"


def test_given_a_refusal_then_it_is_told_in_both_languages() -> None:
    event = Event(ID, "12345", 1, 1, START, "1001", "closed")
    for id in REFUSALS:
        refused = Refused(id, event)
        chinese = messages.said(refused, "zh")
        assert chinese != refused.message == messages.said(refused, "en")


# --- any order -------------------------------------------------------------------------------------------------------

LIMITS = {"due": "2026-12-04T10:00:00Z", "sign_by": "2026-11-30T10:00:00Z"}
DATA: dict[str, list[dict[str, Any]]] = {
    "opened": [{"number": "12345-20261127-000001", "channel": "phone"}],
    "written": [{"cause": "路灯不亮"}, {"place": "朝阳路", "tags": ["elder"]}, {"neither": True}],
    "called": [{"call": "c1"}, {"call": "c2"}],
    "offered": [
        {"to": "110", "way": "voice", "mode": "conference", "transfer": "t1"},
        {"to": "12345", "way": "online"},
        {"to": "110", "way": "online"},
    ],
    "voice_failed": [{"transfer": "t1", "cause": "busy"}],
    "proposed": [{"whose": "ours"}, {"whose": "yours"}, {"whose": "both"}],
    "decided": [{"owner": "12345", "reason": "first_received"}],
    "emergency": [{"danger": "life"}],
    "accepted": [{}],
    "refused": [{"reason": "不属于受理范围"}],
    "returned": [{"reason": "已核实，不属警情"}],
    "handled": [{"result": "solved"}],
    "closed": [{}],
    "guided": [{"basis": "《信访工作条例》", "words": "请向法院提起诉讼"}],
    "merged": [{"into": OTHER}, {"from": OTHER}],
    "split": [{"into": OTHER}, {"from": OTHER}],
    "received": [{"words": "三号楼门口也不亮"}],
    "responded": [{"words": "已派人去看"}],
    "attached": [{"files": [{"id": "a1", "name": "x.png", "type": "image/png", "bytes": 9, "sha256": "0" * 64}]}],
    "told": [{"to": "caller", "way": "sms", "step": "received", "words": "您的诉求已受理。", "state": "sent"}],
    "consultation": [{"participants": ["张三", "李四"], "minutes": "由 110 受理", "owners": ["110"]}],
    "ordered": [{"order": "o1", "department": "chengguan", "joint": ["shuiwu"], **LIMITS}],
    "order_signed": [{"order": "o1"}],
    "order_returned": [{"order": "o1", "reason": "不属本单位职责"}],
    "order_extension": [{"order": "o1", "until": "2026-12-20T10:00:00Z", "reason": "等待配件"}],
    "order_extended": [{"order": "o1", "granted": True}],
    "order_done": [{"order": "o1", "result": "solved", "words": "已更换灯泡"}],
    "order_reopened": [{"order": "o1", "reason": "回访不满意", "due": "2026-12-24T10:00:00Z"}],
    "called_back": [{"reached": True, "satisfied": "no"}],
}
KIND_AND_DATA = [(kind, data) for kind, datas in DATA.items() for data in datas]


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Two desks that act and hear from each other as they like; what one refuses itself does not happen."""
    desks = [Desk("12345", "1001"), Desk("110", "9001")]
    desks[0].does("opened", number="12345-20261127-000001", channel="phone")
    for choice in draw(st.lists(st.integers(0, 3 * len(KIND_AND_DATA) - 1), max_size=40)):
        act, whose = divmod(choice, 3)
        if whose == 2:
            desks[act % 2].hears(desks[1 - act % 2])
            continue
        desk = desks[whose]
        kind, data = KIND_AND_DATA[act]
        try:
            desk.does(kind, **data)
        except Refused:
            continue
    return list((desks[0].known | desks[1].known).values())


@given(histories(), st.randoms(use_true_random=False))
def test_given_the_same_set_in_any_order_and_doubled_then_the_case_is_the_same(
    events: list[Event], chance: random.Random
) -> None:
    case = fold(events)
    shuffled = events + chance.sample(events, chance.randint(0, len(events)))
    chance.shuffle(shuffled)
    assert fold(shuffled) == case
    assert len(case.history) == len(events)
    assert case.state in STATES
    assert case.owners
    assert case.clock == max(event.clock for event in events)


@given(histories(), st.randoms(use_true_random=False))
def test_given_events_in_portions_as_they_come_when_added_to_the_case_then_it_is_the_fold_of_all_so_far(
    events: list[Event], chance: random.Random
) -> None:
    coming = events + chance.sample(events, chance.randint(0, len(events)))
    chance.shuffle(coming)
    case, here = Case(""), 0
    while here < len(coming):
        portion = coming[here : here + chance.randint(1, 5)]
        case, here = fold(portion, case), here + len(portion)
        assert case == fold(coming[:here])


@given(histories())
def test_given_any_history_then_an_emergency_is_never_without_110_and_a_matter_of_neither_closes_with_its_basis(
    events: list[Event],
) -> None:
    case = fold(events)
    if case.emergency is not None:
        assert case.owner == "110"
    if case.state == "closed":
        assert case.guidance is not None or all(desk in case.results for desk in case.owners)
    if case.state == "consulting":
        assert case.returns >= 2


@given(st.lists(st.sampled_from(KIND_AND_DATA), max_size=12), st.randoms(use_true_random=False))
def test_given_events_that_make_no_sense_then_the_fold_marks_them_and_never_fails(
    acts: list[tuple[str, dict[str, Any]]], chance: random.Random
) -> None:
    events = [
        Event(ID, chance.choice(["12345", "110", "119"]), place + 1, chance.randint(1, 5), START, "x", kind, data)
        for place, (kind, data) in enumerate(acts)
    ]
    case = fold(events)
    assert len(case.history) == len(events)
    effective = [entry.event.kind for entry in case.history if not entry.void]
    assert effective[:1] in ([], ["opened"])


def test_given_an_unknown_kind_or_a_wrong_shape_then_it_is_refused_at_home_and_void_from_elsewhere(
    hotline: Desk,
) -> None:
    for kind, data in (("danced", {}), ("offered", {"to": 110}), ("refused", {"reason": "  "})):
        with pytest.raises(InvalidRequestError):
            hotline.does(kind, **data)
        foreign = Event(ID, "110", 1, 9, START, "9001", kind, data)
        void = "unknown_shape" if kind in KINDS else "unknown_kind"
        assert fold([*hotline.known.values(), foreign]).history[-1].void == void


# --- who accepts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "owners"),
    [("yours", "ours", ("110",)), ("ours", "yours", ("12345",)), ("both", "both", ("110", "12345"))],
)
def test_given_both_desks_propose_the_same_then_it_is_agreed_on_both_sides(
    hotline: Desk, police: Desk, ours: str, theirs: str, owners: tuple[str, ...]
) -> None:
    police.does("proposed", whose=theirs)  # neither knows of the other's yet
    hotline.does("proposed", whose=ours)
    joined(hotline, police)
    case = hotline.case
    assert case.decision is not None
    assert (case.owners, case.decision.reason, case.state) == (owners, "agreed", "accepted")
    assert set(case.decision.by) == {"12345/1001", "110/9001"}


def test_given_no_agreement_when_the_first_receiver_says_the_limit_is_over_then_it_accepts(
    hotline: Desk, police: Desk
) -> None:
    police.does("proposed", whose="yours")
    hotline.does("proposed", whose="yours")
    joined(hotline, police)
    assert hotline.case.decision is None
    assert refusal(police, "decided", owner="12345", reason="first_received") == "case_not_first"
    case = hotline.does("decided", owner="12345", reason="first_received")
    assert case.decision is not None
    assert (case.owner, case.decision.reason) == ("12345", "first_received")
    assert refusal(hotline, "decided", owner="12345", reason="first_received") == "case_decided"


def test_given_an_agreement_that_crossed_the_limit_then_both_sides_say_the_same(hotline: Desk, police: Desk) -> None:
    hotline.does("proposed", whose="yours")
    police.hears(hotline)
    police.does("proposed", whose="ours")  # agreed, says the police …
    hotline.does("decided", owner="12345", reason="first_received")  # … while the limit runs out at the hotline
    joined(hotline, police)
    assert hotline.case.decision is not None


def test_given_an_emergency_at_any_moment_then_110_dispatches_first_and_both_outcomes_stay_possible(
    hotline: Desk,
) -> None:
    case = hotline.does("emergency", danger="life", words="燃气泄漏")
    assert (case.owner, case.offers[-1].to, case.offers[-1].way) == ("110", "110", "online")
    police = joined(hotline, Desk("110", "9001"))
    police.does("proposed", whose="both")
    joined(hotline, police)
    case = hotline.does("proposed", whose="both")
    assert case.owners == ("110", "12345")
    case = hotline.does("proposed", whose="ours")
    assert case.owner == "110"


# --- there, back, and never a third time -----------------------------------------------------------------------------


def test_given_a_second_return_then_the_desks_consult_before_anything_else(hotline: Desk) -> None:
    police = Desk("110", "9001")
    for transfer, reason in (("t1", "不属警情"), ("t2", "仍不属警情")):
        hotline.does("offered", to="110", way="voice", mode="transfer", transfer=transfer)
        joined(hotline, police)
        case = police.does("refused", reason=reason)
        joined(hotline, police)
    assert (case.state, case.owner, case.returns) == ("consulting", "12345", 2)
    assert refusal(hotline, "offered", to="110", way="online") == "case_consulting"
    case = hotline.does("consultation", participants=["张三"], minutes="由 110 受理", owners=["110"])
    assert (case.owner, case.returns, case.state) == ("110", 0, "accepted")


def test_given_a_case_that_came_back_then_only_a_call_of_three_takes_it_there_again(hotline: Desk) -> None:
    police = Desk("110", "9001")
    hotline.does("offered", to="110", way="online")
    joined(hotline, police)
    police.does("accepted")
    police.does("returned", reason="已核实，不属警情")
    joined(hotline, police)
    assert refusal(hotline, "offered", to="110", way="online") == "case_ping_pong"
    assert hotline.does("offered", to="110", way="voice", mode="conference", transfer="t2").state == "offered"
    assert hotline.does("emergency", danger="life").owner == "110"


def refused_by_110(hotline: Desk, police: Desk, transfer: str) -> Case:
    hotline.does("offered", to="110", way="voice", mode="transfer", transfer=transfer)
    joined(hotline, police)
    police.does("refused", reason="不属警情")
    joined(hotline, police)
    return hotline.case


def test_given_a_return_before_an_emergency_then_it_counts_no_more_and_110_ends_it_by_giving_it_back(
    hotline: Desk,
) -> None:
    police = Desk("110", "9001")
    assert refused_by_110(hotline, police, "t1").returns == 1
    hotline.does("emergency", danger="life")
    joined(hotline, police)
    police.does("accepted")
    case = police.does("returned", reason="虚惊")
    assert (case.emergency, case.owner, case.state, case.returns) == (None, "12345", "open", 1)


def test_given_an_emergency_when_another_desk_refuses_twice_then_nobody_has_to_consult_first(hotline: Desk) -> None:
    hotline.does("emergency", danger="life")
    fire = Desk("119", "8001")
    for transfer in ("t1", "t2"):
        hotline.does("offered", to="119", way="voice", mode="transfer", transfer=transfer)
        fire.hears(hotline)
        fire.does("refused", reason="无火情")
        hotline.hears(fire)
    case = hotline.case
    assert (case.emergency is not None, case.owner, case.state, case.returns) == (True, "110", "open", 2)


def test_given_an_emergency_of_a_case_that_110_gave_back_then_it_goes_there_again_without_a_call(
    hotline: Desk,
) -> None:
    police = Desk("110", "9001")
    refused_by_110(hotline, police, "t1")
    assert refusal(hotline, "offered", to="110", way="online") == "case_ping_pong"
    hotline.does("emergency", danger="life")
    for desk in (police, hotline):
        joined(hotline, police)
        desk.does("proposed", whose="both")
    joined(hotline, police)
    assert hotline.case.owners == ("110", "12345")
    assert hotline.does("offered", to="110", way="online").state == "offered"


def test_given_what_was_decided_with_one_desk_when_another_is_called_then_the_two_talk_anew(
    hotline: Desk, police: Desk
) -> None:
    hotline.does("proposed", whose="ours")
    joined(hotline, police)
    police.does("proposed", whose="yours")
    joined(hotline, police)
    hotline.does("offered", to="119", way="voice", mode="transfer", transfer="t2")
    fire = Desk("119", "8001")
    fire.hears(hotline)
    fire.does("proposed", whose="ours")
    hotline.hears(fire)
    assert hotline.does("proposed", whose="yours").owners == ("119",)
    police.hears(hotline)
    assert refusal(police, "proposed", whose="ours") == "case_nobody_to_ask"


# --- to the end ------------------------------------------------------------------------------------------------------


def test_given_an_accepted_case_then_it_is_handled_and_closed_and_an_emergency_opens_it_again(hotline: Desk) -> None:
    police = Desk("110", "9001")
    hotline.does("offered", to="110", way="online")
    joined(hotline, police)
    assert refusal(hotline, "accepted") == "case_not_offered"
    police.does("accepted")
    assert refusal(police, "closed") == "case_not_handled"
    joined(hotline, police)
    assert refusal(hotline, "handled", result="solved") == "case_not_yours"
    police.does("handled", result="dispatched", words="已派警")
    joined(hotline, police)
    assert hotline.does("closed").state == "closed"  # the desk that received it first ends the loop (R22)
    assert refusal(hotline, "offered", to="110", way="online") == "case_closed"
    assert hotline.does("written", text="来电人补充").matter.text == "来电人补充"
    assert hotline.does("emergency", danger="property").state == "accepted"


def test_given_two_owners_then_it_is_handled_when_both_are_and_a_third_desk_ends_nothing(
    hotline: Desk, police: Desk
) -> None:
    hotline.does("proposed", whose="both")
    joined(hotline, police)
    police.does("proposed", whose="both")
    joined(hotline, police)
    assert hotline.does("handled", result="solved").state == "accepted"
    joined(hotline, police)
    assert police.does("handled", result="dispatched").state == "handled"
    hotline.hears(police)
    answered = hotline.does("responded", words="已办结").responded_at
    assert answered is not None
    assert hotline.does("responded", words="再次答复").responded_at == answered  # the first one stops the clock
    stranger = joined(police, Desk("119", "8001"))
    assert refusal(stranger, "responded", words="已办") == "case_not_yours"
    assert refusal(stranger, "closed") == refusal(stranger, "handled", result="solved") == "case_not_yours"


def test_given_an_accepted_case_that_was_agreed_to_be_the_others_then_it_is_not_returned_by_who_has_it_no_more(
    hotline: Desk,
) -> None:
    police = Desk("110", "9001")
    hotline.does("offered", to="110", way="online")
    joined(hotline, police)
    police.does("accepted")
    police.does("proposed", whose="yours")
    joined(hotline, police)
    assert hotline.does("proposed", whose="ours").owners == ("12345",)
    joined(hotline, police)
    assert refusal(police, "returned", reason="不属警情") == "case_not_yours"


def test_given_a_matter_of_neither_desk_then_it_is_never_closed_without_its_basis(hotline: Desk) -> None:
    hotline.does("written", neither=True)
    hotline.does("handled", result="explained")
    assert refusal(hotline, "closed") == "case_no_guidance"
    with pytest.raises(InvalidRequestError):
        hotline.does("guided", basis=" ", words="请向法院提起诉讼")
    hotline.does("guided", basis="《信访工作条例》第十四条", words="请向法院提起诉讼")
    assert hotline.does("closed").state == "closed"


def test_given_merged_and_split_cases_then_each_keeps_its_trace(hotline: Desk) -> None:
    assert refusal(hotline, "merged") == "case_one_other"
    assert refusal(hotline, "merged", into=ID) == "case_one_other"
    assert hotline.does("split", into=OTHER).split_into == (OTHER,)
    assert hotline.does("split", **{"from": OTHER}).split_from == OTHER
    assert hotline.does("split", **{"from": OTHER.replace("1", "2")}).split_from == OTHER  # it came of one case
    assert hotline.does("merged", into=OTHER).state == "merged"
    assert refusal(hotline, "closed") == "case_merged"
    assert hotline.does("called", call="c9").calls[-1].call == "c9"
    case = hotline.does("emergency", danger="life")
    assert (case.state, case.owner) == ("merged", "110")  # who is in danger is known; the matter goes on there


def test_given_a_voice_that_failed_then_the_offer_says_so_and_stays(hotline: Desk, police: Desk) -> None:
    case = hotline.does("voice_failed", transfer="t1", cause="busy")
    assert (case.offers[-1].voice, case.offers[-1].state) == ("failed", "sent")


def test_given_a_clock_that_is_wrong_then_it_changes_nothing(hotline: Desk, police: Desk) -> None:
    police.does("proposed", whose="ours")
    joined(hotline, police)
    hotline.does("proposed", whose="yours")
    wrong = [
        replace(event, at=event.at - timedelta(minutes=5)) if event.origin == "110" else event
        for event in hotline.known.values()
    ]
    assert fold(wrong).owners == hotline.case.owners == ("110",)
