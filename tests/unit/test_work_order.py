"""Work orders: who may do what to them and when (R47), and what becomes of their case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ivr.desks import work_order_moves
from ivr.desks.case import Case, Event, Refused, apply, fold, possible
from ivr.desks.work_order import KINDS, MOMENTS, Lights, WorkOrder, light, moments
from ivr.desks.work_order_moves import MOVES

ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
START = datetime(2026, 11, 27, 8, tzinfo=UTC)
DUE = datetime(2026, 12, 4, 10, tzinfo=UTC)
FILE = {"id": "f1", "name": "修好了.jpg", "type": "image/jpeg", "bytes": 4096, "sha256": "0" * 64}


class Story:
    """What happened to one case of 12345; `by` a department it is its `department/user`."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.does("opened", number="12345-20261127-000001", channel="phone")

    @property
    def case(self) -> Case:
        return fold(self.events)

    @property
    def order(self) -> WorkOrder:
        return self.case.orders[-1]

    def does(self, kind: str, *, by: str = "1001", origin: str = "12345", **data: Any) -> Case:
        case = self.case
        seq = 1 + sum(event.origin == origin for event in self.events)
        at = START + timedelta(minutes=len(self.events))
        event = Event(ID, origin, seq, case.clock + 1, at, by, kind, data)
        after = apply(case, event)
        self.events.append(event)
        assert fold(reversed(self.events)) == after
        return after

    def refuses(self, kind: str, **data: Any) -> str:
        with pytest.raises(Refused) as refused:
            self.does(kind, **data)
        return refused.value.id


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def sent(story: Story) -> Story:
    limits = {"due": DUE.isoformat(), "sign_by": (START + timedelta(days=3)).isoformat()}
    story.does("ordered", order="o1", department="chengguan", joint=["shuiwu", "chengguan"], words="路灯不亮", **limits)
    return story


def test_given_the_table_of_kinds_then_each_has_its_move() -> None:
    assert set(MOVES) == set(KINDS)


def test_given_an_order_when_it_is_signed_and_done_then_who_when_and_what_stand_in_it(sent: Story) -> None:
    assert sent.order.joint == ("shuiwu",)
    sent.does("order_signed", by="chengguan/li", order="o1")
    sent.does("order_done", by="chengguan/li", order="o1", result="solved", words="已更换灯泡", files=[FILE])
    order = sent.order
    assert (order.state, order.signed_by, order.done_by, order.result) == (
        "done",
        "chengguan/li",
        "chengguan/li",
        "solved",
    )
    assert order.files[0].name == "修好了.jpg"
    assert order.signed_at == START + timedelta(minutes=2)
    assert sent.refuses("order_done", by="chengguan/li", order="o1", result="solved", words="又办") == "order_not_open"
    assert sent.refuses("order_signed", by="chengguan/li", order="o1") == "order_not_open"


def test_given_an_open_order_then_its_desk_neither_reports_a_result_nor_closes_the_case(sent: Story) -> None:
    assert sent.refuses("handled", result="solved") == "case_orders_open"
    sent.does("written", neither=True)
    sent.does("guided", basis="《信访工作条例》", words="请到信访局")
    assert sent.refuses("closed") == "case_orders_open"
    assert "handled" not in possible(sent.case, "12345")
    sent.does("order_returned", order="o1", reason="派错单位，撤回")  # by the desk: withdrawn
    assert sent.does("closed").state == "closed"


def test_given_a_department_that_has_no_part_in_an_order_then_it_does_nothing_to_it(sent: Story) -> None:
    for kind, data in (
        ("order_signed", {}),
        ("order_returned", {"reason": "不是我们"}),
        ("order_done", {"result": "solved", "words": "好了"}),
    ):
        assert sent.refuses(kind, by="gongan/wu", order="o1", **data) == "order_other_department"


def test_given_a_desk_that_did_not_make_the_order_then_it_cannot_change_it(sent: Story) -> None:
    sent.does("emergency", danger="public")
    assert sent.refuses("order_signed", origin="110", by="9001", order="o1") == "order_unknown"
    sent.does(
        "ordered",
        origin="110",
        by="9001",
        order="o1",
        department="jiedao",
        due=DUE.isoformat(),
        sign_by=DUE.isoformat(),
    )
    assert [(order.desk, order.department) for order in sent.case.orders] == [("12345", "chengguan"), ("110", "jiedao")]
    assert sent.refuses("handled", origin="110", by="9001", result="dispatched") == "case_orders_open"


def test_given_more_time_is_asked_for_when_a_supervisor_grants_it_then_the_limit_is_the_new_one(sent: Story) -> None:
    later = DUE + timedelta(days=5)
    assert sent.refuses("order_extended", by="2001", order="o1", granted=True) == "order_no_extension"
    assert (
        sent.refuses("order_extension", by="chengguan/li", order="o1", until=DUE.isoformat(), reason="x")
        == "order_not_later"
    )
    sent.does("order_extension", by="chengguan/li", order="o1", until=later.isoformat(), reason="等待配件")
    assert sent.order.due == DUE
    assert sent.refuses("order_extended", by="chengguan/li", order="o1", granted=True) == "order_other_department"
    sent.does("order_extended", by="2001", order="o1", granted=True, words="同意")
    assert sent.order.due == later
    sent.does(
        "order_extension", by="chengguan/li", order="o1", until=(later + timedelta(days=9)).isoformat(), reason="再等"
    )
    sent.does("order_extended", by="2001", order="o1", granted=False)
    extension = sent.order.extension
    assert extension is not None
    assert (sent.order.due, extension.state, extension.decided_by) == (later, "refused", "2001")


def test_given_joint_departments_then_each_reports_its_part_and_the_lead_ends_it(sent: Story) -> None:
    sent.does("order_signed", by="shuiwu/zhao", order="o1")
    assert (sent.order.state, sent.order.parts[0].state) == ("sent", "signed")
    assert sent.refuses("order_signed", by="shuiwu/zhao", order="o1") == "order_signed_already"
    assert (
        sent.refuses("order_extension", by="shuiwu/zhao", order="o1", until="2027-01-01T00:00Z", reason="x")
        == "order_lead_only"
    )
    sent.does("order_done", by="shuiwu/zhao", order="o1", result="solved", words="积水已抽干", files=[FILE])
    assert (sent.order.state, sent.order.parts[0].words) == ("sent", "积水已抽干")
    sent.does("order_done", by="chengguan/li", order="o1", result="solved", words="全部完成")
    assert (sent.order.state, sent.order.signed_by) == ("done", "chengguan/li")  # who reports has taken it on


def test_given_a_discontent_caller_when_the_order_is_opened_again_then_its_closed_case_goes_on(
    sent: Story,
) -> None:
    sent.does("order_done", by="chengguan/li", order="o1", result="solved", words="已修")
    sent.does("handled", result="solved")
    sent.does("closed")
    case = sent.does("called_back", reached=True, satisfied="no", words="仍不亮")
    assert (case.state, case.call_backs[0].satisfied) == ("closed", "no")
    assert (
        sent.refuses("order_reopened", by="chengguan/li", order="o1", reason="x", due=DUE.isoformat())
        == "order_other_department"
    )
    case = sent.does("order_reopened", order="o1", reason="回访不满意", due=(DUE + timedelta(days=2)).isoformat())
    assert (case.state, case.closed_at, case.results) == ("accepted", None, {})
    assert (sent.order.state, sent.order.reopened, sent.order.why_reopened) == ("signed", 1, "回访不满意")
    assert sent.refuses("handled", result="solved") == "case_orders_open"
    assert sent.refuses("order_reopened", order="o1", reason="x", due=DUE.isoformat()) == "order_not_done"


def test_given_an_order_that_was_returned_when_the_desk_insists_then_it_has_to_be_signed_for_again(sent: Story) -> None:
    sent.does("order_signed", by="chengguan/li", order="o1")
    sent.does("order_returned", by="chengguan/li", order="o1", reason="不属本单位")
    sent.does("order_reopened", order="o1", reason="经核实属于你单位", due=DUE.isoformat(), sign_by=DUE.isoformat())
    assert (sent.order.state, sent.order.signed_at, sent.order.sign_by) == ("sent", None, DUE)


def test_given_a_case_that_was_merged_or_handed_over_then_its_departments_still_report(sent: Story) -> None:
    sent.does("merged", into="0b1c2d3e-0000-4000-8000-000000000001")
    sent.does("order_signed", by="chengguan/li", order="o1")
    sent.does("order_done", by="chengguan/li", order="o1", result="solved", words="已修")
    assert sent.order.state == "done"
    limits = {"due": DUE.isoformat(), "sign_by": DUE.isoformat()}
    assert sent.refuses("ordered", order="o2", department="shuiwu", **limits) == "case_merged"


def test_given_a_desk_without_a_part_in_the_case_or_an_id_that_is_taken_then_nothing_is_ordered(sent: Story) -> None:
    limits = {"due": DUE.isoformat(), "sign_by": DUE.isoformat()}
    assert sent.refuses("ordered", order="o1", department="shuiwu", **limits) == "order_known"
    assert sent.refuses("ordered", order="o2", department="chengguan", **limits) == "order_open_already"
    assert sent.refuses("ordered", origin="119", order="o1", department="shuiwu", **limits) == "case_not_yours"


def test_given_an_order_then_its_light_changes_with_the_share_of_its_time_that_has_passed(sent: Story) -> None:
    start, end = START, START + timedelta(hours=100)
    hours = {0: "green", 79: "green", 80: "yellow", 94: "yellow", 95: "red", 99: "red", 100: "overdue", 500: "overdue"}
    assert {hour: light(start, end, start + timedelta(hours=hour)) for hour in hours} == hours
    assert light(start, start - timedelta(hours=1), start) == "overdue"
    earlier = Lights(yellow=50, red=79)
    assert [light(start, end, start + timedelta(hours=hour), earlier) for hour in (49, 50, 79)] == [
        "green",
        "yellow",
        "red",
    ]
    assert list(moments(start, start, end, signed=False)) == list(MOMENTS)


def test_given_an_order_then_each_person_is_told_what_he_may_do(sent: Story) -> None:
    act = {"order_signed", "order_returned", "order_done"}
    assert possible_now(sent, "chengguan/li") == {*act, "order_extension"}
    assert possible_now(sent, "shuiwu/zhao") == act
    assert possible_now(sent, "gongan/wu") == set()
    sent.does("order_extension", by="chengguan/li", order="o1", until="2027-01-01T00:00Z", reason="等待配件")
    assert possible_now(sent, "2001") == {*act, "order_extension", "order_extended"}
    sent.does("order_done", by="chengguan/li", order="o1", result="solved", words="已修")
    assert possible_now(sent, "2001") == {"order_reopened"}


def possible_now(story: Story, by: str) -> frozenset[str]:
    return work_order_moves.possible(story.case, story.order, by)
