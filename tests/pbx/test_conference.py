"""Three-party call and more (R23, R28, R30): any may leave, only the caller's leaving ends the call."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import Told, all_hear_each_other, pairs, told
from tests.phones import Phone

CITIZEN, OPERATOR, DESK = "caller 13800138000", "operator 1001", "desk 110"
TOGETHER = 3  # times that several orders come in one instant


def three(hotline: Hotline) -> dict[str, Phone]:
    """Caller, operator and 110 in one talk."""
    parties = {"caller": hotline.caller(), "operator": hotline.operator(), "110": hotline.desk("110")}
    hotline.talk(parties["caller"], parties["operator"])
    parties["operator"].dtmf("*3")
    parties["caller"].wait_heard("110")
    all_hear_each_other(*parties.values())
    return parties


@pytest.mark.parametrize("first", ["operator", "110"])
def test_given_three_talk_when_one_far_party_leaves_then_the_others_talk_on_until_the_last_leaves(
    hotline: Hotline, first: str
) -> None:
    parties = three(hotline)
    parties.pop(first).hangup()
    all_hear_each_other(*parties.values())
    citizen = parties.pop("caller")
    (last,) = parties.values()
    last.hangup()
    citizen.wait_for("disconnected")
    assert told(hotline.call_of(citizen.name)) == Told(
        (CITIZEN, OPERATOR, DESK),
        pairs((CITIZEN, OPERATOR, DESK)),
        (("110", "conference", "key", "completed", "answered"),),
        "transferred",
    )


def test_given_three_talk_when_the_caller_leaves_then_the_call_is_over_for_all(hotline: Hotline) -> None:
    parties = three(hotline)
    citizen = parties.pop("caller")
    citizen.hangup()
    for other in parties.values():
        other.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    assert told(call).talks == pairs((CITIZEN, OPERATOR, DESK))


def test_given_three_talk_when_the_operator_takes_back_then_110_leaves_and_he_keeps_the_caller(
    hotline: Hotline,
) -> None:
    parties = three(hotline)
    parties["operator"].dtmf("*2")
    parties["110"].wait_for("disconnected")
    all_hear_each_other(parties["caller"], parties["operator"])
    parties["caller"].hangup()


def test_given_three_talk_when_the_operator_presses_transfer_then_he_is_released_at_once(hotline: Hotline) -> None:
    parties = three(hotline)
    parties["operator"].dtmf("*1")
    parties["operator"].wait_for("disconnected")
    all_hear_each_other(parties["caller"], parties["110"])
    assert len(parties["110"].invites) == 1
    parties["caller"].hangup()
    transfers = told(hotline.call_of(parties["caller"].name)).transfers
    assert [one[1:4] for one in transfers] == [("conference", "key", "completed"), ("transfer", "key", "completed")]


def test_given_110_is_in_when_it_is_called_for_again_then_it_is_refused(hotline: Hotline) -> None:
    parties = three(hotline)
    parties["operator"].dtmf("*3")
    time.sleep(2)
    all_hear_each_other(*parties.values())
    assert len(parties["110"].invites) == 1
    parties["caller"].hangup()
    call = hotline.call_of(parties["caller"].name)
    assert [(one.result, one.reason) for one in call.transfers][1:] == [("refused", "already_in")]


def test_given_four_and_six_parties_when_they_talk_then_each_hears_all_the_others_and_a_seventh_is_refused(
    hotline: Hotline,
) -> None:
    parties = list(three(hotline).values())
    citizen, operator, police = parties
    ambulance, fire = hotline.desk("120"), hotline.desk("119")
    operator.dtmf("*83")
    citizen.wait_heard("120")
    parties.append(ambulance)
    all_hear_each_other(*parties)
    operator.dtmf("*73")
    citizen.wait_heard("119")
    parties.append(fire)
    second = hotline.operator("1002")
    police.dtmf("*8")
    citizen.wait_heard("operator2")
    parties.append(second)
    all_hear_each_other(*parties)
    gas = hotline.desk("gas")
    operator.dtmf("*91")
    time.sleep(2)
    assert not gas.invites
    citizen.hangup()
    for other in parties[1:]:
        other.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    names = (CITIZEN, OPERATOR, DESK, "desk 120", "desk 119", "operator 1002")
    assert told(call).talks == pairs(names)
    assert call.transfers[-1].reason == "party_limit"


def test_given_an_acknowledging_desk_when_all_three_talk_then_its_prompt_was_heard_by_nobody_else(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with(targets={"110": {"acknowledge": "key"}})
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    pressed = time.time()
    operator.dtmf("*3")
    desk.wait_for("confirmed")
    time.sleep(2)
    desk.dtmf("1")
    joined = citizen.wait_heard("110")
    assert citizen.voice(pressed, joined) < 0.05
    all_hear_each_other(citizen, operator, desk)
    citizen.hangup()


def test_given_several_orders_in_one_instant_then_one_attempt_runs_and_the_others_are_refused(hotline: Hotline) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    desks = {target: hotline.desk(target, answers=False) for target in ("110", "119", "120")}
    hotline.talk(citizen, operator)
    path = f"/api/v1/calls/{hotline.call_of(citizen.name, ended=False).id}/transfers"
    for _ in range(TOGETHER):
        seen = time.time()
        with ThreadPoolExecutor(len(desks)) as pool:
            orders = [pool.submit(hotline.api, "POST", path, {"target": key, "mode": "conference"}) for key in desks]
        assert all(order.result().status < 300 for order in orders)
        eventually(
            lambda seen=seen: any(invite.at > seen for desk in desks.values() for invite in desk.invites),
            30,
            lambda: "no desk was called",
        )
        time.sleep(1)  # whoever stepped back has come again
        assert sum(invite.at > seen for desk in desks.values() for invite in desk.invites) == 1
        hotline.api("DELETE", f"{path}/current")
        eventually(lambda: len(hotline.channels()) <= 2, 30, lambda: f"it goes on: {hotline.channels()}")
    citizen.hangup()
    ends = sorted((one.result, one.reason) for one in hotline.call_of(citizen.name).transfers)
    assert ends == [("cancelled", None)] * TOGETHER + [("refused", "busy")] * (len(desks) - 1) * TOGETHER
