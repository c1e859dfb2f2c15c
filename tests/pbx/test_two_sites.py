"""12345 and 110 with the same software on one machine: a call goes over with its case, whichever of voice and data is
down meanwhile (R40, R43, R44)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pbx.conftest import finish
from tests.pbx.running import eventually
from tests.pbx.two_sites import TwoSites, act, case_of


@pytest.fixture(scope="module")
def both_sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoSites]:
    sites = TwoSites.started(tmp_path_factory.mktemp("two"))
    try:
        yield sites
    finally:
        sites.stop()


@pytest.fixture
def sites(both_sites: TwoSites, request: pytest.FixtureRequest) -> Iterator[TwoSites]:
    yield both_sites
    both_sites.mend()
    for one in (both_sites.city, both_sites.police):
        finish(one, request.node)


def running_call(sites: TwoSites) -> str:
    """The id of the call that 12345 has now."""

    def found() -> str | None:
        calls = sites.city.api("GET", "/api/v1/live").body["calls"]
        return calls[0]["id"] if calls else None

    return eventually(found, 30, lambda: "no call is there")


def case_at_the_police(sites: TwoSites, number: str) -> str:
    def found() -> str | None:
        cases = sites.police.api("GET", f"/api/v1/cases?number={number}").body["cases"]
        return cases[0]["id"] if cases else None

    return eventually(found, 30, lambda: f"the case {number} never came to 110")


def test_given_a_call_when_one_key_takes_it_to_110_then_its_case_is_there_and_its_loop_closes(sites: TwoSites) -> None:
    city, police = sites.city, sites.police
    citizen, operator = city.caller(), city.operator("1001")
    officer = police.operator("1001", tone="110")
    city.talk(citizen, operator)
    case = act(city, f"calls/{running_call(sites)}/case", "written", cause="楼下打架", place="和平路 1 号")
    operator.dtmf("*1")
    id = case_at_the_police(sites, case["number"])
    citizen.wait_heard("110")
    there = sites.wait_equal(id, lambda one: "offered" in {event["kind"] for event in one["history"]})
    assert there["matter"]["cause"] == "楼下打架"
    assert there["matter"]["caller"] == citizen.name
    operator.wait_for("disconnected")

    # The other desk's answer comes back the same way: accepted, handled, closed.
    act(police, f"cases/{id}/events", "accepted")
    act(police, f"cases/{id}/events", "handled", result="dispatched", words="已出警")
    sites.wait_equal(id, lambda one: one["state"] == "handled")
    act(city, f"cases/{id}/events", "closed")
    closed = sites.wait_equal(id, lambda one: one["state"] == "closed")
    assert {call["desk"] for call in closed["calls"]} == {"12345", "110"}
    assert all(event["void"] == "" for event in closed["history"])
    citizen.hangup()
    officer.wait_for("disconnected")
    trace = city.api("GET", f"/api/v1/exchange/messages?case={id}").body["messages"]
    assert {(one["direction"], one["state"]) for one in trace} == {("out", "delivered"), ("in", "taken")}


def test_given_data_down_and_killed_controllers_when_three_talk_then_the_desks_agree_afterwards(
    sites: TwoSites,
) -> None:
    city, police = sites.city, sites.police
    citizen, operator = city.caller("13900139000"), city.operator("1001")
    police.operator("1001", tone="110")
    sites.cut()
    city.talk(citizen, operator)
    case = act(city, f"calls/{running_call(sites)}/case", "written", cause="路灯不亮")
    operator.dtmf("*3")
    citizen.wait_heard("110")  # the voice needs no data
    for n in range(3):
        act(city, f"cases/{case['id']}/events", "written", text=f"补充 {n}")
    assert case_of(police, case["id"]) is None
    for one in (city, police):
        pid = one.controller_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    sites.mend()
    for one in (city, police):
        one.wait_healthy()
    there = sites.wait_equal(case["id"], lambda one: one["negotiation"] is not None)
    assert there["matter"]["text"] == "补充 2"
    act(city, f"cases/{case['id']}/events", "proposed", whose="yours")
    sites.wait_equal(case["id"], lambda one: "12345" in one["negotiation"]["proposals"])
    act(police, f"cases/{case['id']}/events", "proposed", whose="ours")
    agreed = sites.wait_equal(case["id"], lambda one: one["decision"] is not None)
    assert (agreed["owners"], agreed["decision"]["reason"]) == (["110"], "agreed")
    citizen.hangup()


def test_given_a_withheld_number_when_110_still_rings_then_the_operator_keeps_the_caller_and_the_case_is_that_calls(
    sites: TwoSites,
) -> None:
    city, police = sites.city, sites.police
    citizen, operator = city.caller("anonymous"), city.operator("1001")
    officer = police.operator("1001", tone="110", answers=False)
    city.talk(citizen, operator)
    case = act(city, f"calls/{running_call(sites)}/case", "written", cause="有人跟踪")
    asked = time.time()
    operator.dtmf("*1")
    officer.wait_invite(since=asked)
    linked = eventually(
        lambda: _call_at(case_of(police, case["id"]), "110"), 30, lambda: "no call at 110 belongs to the case"
    )
    citizen.wait_who({"operator"}, since=time.time())  # nobody has taken the call at 110: he is with his operator
    assert operator.alive
    officer.answer()
    citizen.wait_who({"110"}, since=asked)
    operator.wait_for("disconnected")
    citizen.hangup()
    officer.wait_for("disconnected")
    there = police.call_of(citizen.name)
    assert there.id == linked
    assert [(leg.role, leg.answered_at is not None) for leg in there.legs] == [("caller", True), ("operator", True)]


def _call_at(case: Any, desk: str) -> str | None:
    return next((link["call"] for link in case["calls"] if link["desk"] == desk), None) if case else None
