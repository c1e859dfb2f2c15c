"""Toll fraud by whoever has been called: a desk in the talk, an operator's phone that redirects."""

from __future__ import annotations

import time

from tests.attacks.bystanders import STRANGER
from tests.attacks.sip import Answering, Attacker
from tests.pbx import sites
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import all_hear_each_other

OUTSIDE = 45061


def test_given_a_desk_in_the_talk_when_it_refers_or_presses_the_operators_keys_then_all_three_talk_on(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    fire = hotline.desk("119")
    with Attacker(STRANGER, hotline.server, OUTSIDE) as gateway:
        hotline.talk(citizen, operator)
        operator.dtmf("*3")
        citizen.wait_heard("110")
        for uri in (
            f"sip:13900000000@{gateway.ip}:{gateway.port}",
            f"sip:119@{hotline.server}",
            f"sip:12345@{hotline.server}",
        ):
            desk.refer(uri)
            time.sleep(0.3)
        for digits in ("*71", "*73", "*0", "*2", "*5"):
            desk.dtmf(digits)
            time.sleep(0.8)
        all_hear_each_other(citizen, operator, desk)
        gateway.listen(0.2)
        assert gateway.heard == []
    assert not fire.invites
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    assert [(one.target, one.trigger, one.result) for one in call.transfers] == [("110", "key", "completed")]


def test_given_an_operators_phone_that_redirects_when_it_is_called_then_the_caller_waits_for_another(
    hotline: Hotline,
) -> None:
    """302 to an outside number."""
    desk, citizen = hotline.desk("110"), hotline.caller()
    with Attacker(STRANGER, hotline.server, OUTSIDE) as gateway:
        for contact in (f"sip:13900000000@{gateway.ip}:{gateway.port}",):
            lines = f"Contact: <{contact}>\r\n"
            with Answering(sites.OPERATORS, hotline.server, 0, "302 Moved Temporarily", lines) as phone:
                assert phone.register("1001", hotline.credentials["operators"]["1001"]) == 200
                call = citizen.call(hotline.uri, from_user=citizen.name)
                eventually(phone.invites, 30, lambda: "the operator's phone was never called")
                operator = hotline.operator("1002")
                operator.wait_for("confirmed")
                citizen.wait_heard(operator.tone, call=call)
                citizen.hangup(call)
                operator.wait_for("disconnected")
                phone.register("1001", hotline.credentials["operators"]["1001"], contact="*")
                operator.close()
        gateway.listen(0.2)
        assert gateway.heard == []
    assert not desk.invites
    assert [leg.role for leg in hotline.call_of(citizen.name).legs if leg.answered_at] == ["caller", "operator"]
