"""What an operator's page asks of a real call: one party muted or removed, his desk phone that answers and holds."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any, Self

import pytest

from ivr.web.sessions import COOKIE
from tests.pbx.hotline import Hotline
from tests.pbx.running import Answer, eventually
from tests.pbx.story import all_hear_each_other, nobody_hears, told
from tests.phones import Phone

PASSWORD = "a-password-of-my-own-2026"


@dataclass
class Page:
    """An operator who has logged in, as his browser does it."""

    hotline: Hotline
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        return self.hotline.api(method, f"/api/v1{path}", body, self.headers, token="")

    def log_in(self, number: str) -> Self:
        """The first password is replaced, unless a test before has done that."""
        eventually(lambda: self._has_account(number), 30, lambda: f"there is no account {number}")
        first = self.hotline.credentials["passwords"][number]
        answers = [self.ask("POST", "/session", {"user": number, "password": one}) for one in (PASSWORD, first)]
        answer = next(one for one in answers if one.status == 200)
        session, cookie = answer.body["session"], re.match(rf"{COOKIE}=[^;]+", answer.headers["Set-Cookie"])
        assert cookie
        self.headers = {"Cookie": cookie[0], "X-CSRF-Token": session["csrf"], "Origin": self.hotline.web}
        if session["must"] == "password":
            assert self.ask("PUT", "/session/password", {"old": first, "new": PASSWORD}).status == 200
        return self

    def _has_account(self, number: str) -> bool:
        """The first accounts are made a moment after the start."""
        answer = self.hotline.api("GET", "/api/v1/accounts")
        return answer.status == 200 and any(one["user"] == number for one in answer.body["accounts"])

    def call(self) -> dict[str, Any]:
        found = self.ask("GET", "/desk").body["desk"]["call"]
        assert found is not None, "the page shows no call"
        return dict(found)

    def leg(self, role: str) -> str:
        """The path of a party's leg."""
        call = self.call()
        return f"/calls/{call['id']}/legs/{next(leg['id'] for leg in call['legs'] if leg['role'] == role)}"


@pytest.fixture
def page(hotline: Hotline) -> Page:
    return Page(hotline).log_in("1001")


def three_talk(hotline: Hotline) -> tuple[Phone, Phone, Phone]:
    desk, citizen, operator = hotline.desk("110"), hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    operator.dtmf("*3")
    citizen.wait_who({"operator", "110"})
    return citizen, operator, desk


def test_given_three_talk_when_110_is_muted_then_the_others_talk_without_it_until_it_is_taken_back(
    hotline: Hotline, page: Page
) -> None:
    citizen, operator, desk = three_talk(hotline)
    for role, silent in (("desk", desk), ("operator", operator)):
        others = [phone for phone in (citizen, operator, desk) if phone is not silent]
        leg = page.leg(role)
        asked = time.time()
        assert page.ask("POST", f"{leg}/mute", {"muted": True}).status == 202
        for phone in others:
            phone.wait_who({other.tone for other in others if other is not phone}, since=asked)
        nobody_hears(others[0], [silent])
        heard = {other.tone for other in others}
        silent.wait_who(heard, since=asked)  # he hears on
        assert page.ask("POST", f"{leg}/mute", {"muted": False}).status == 202
        all_hear_each_other(citizen, operator, desk)
    citizen.hangup()


def test_given_three_talk_when_he_who_muted_110_leaves_then_caller_and_110_hear_each_other(
    hotline: Hotline, page: Page
) -> None:
    """Muted, 110 would be a dead line: nobody is left who could take it back."""
    citizen, operator, desk = three_talk(hotline)
    assert page.ask("POST", f"{page.leg('desk')}/mute", {"muted": True}).status == 202
    citizen.wait_who({"operator"}, since=time.time())
    operator.hangup()
    all_hear_each_other(citizen, desk)
    citizen.hangup()


def test_given_three_talk_when_110_is_removed_then_caller_and_operator_talk_on_and_the_caller_cannot_be(
    hotline: Hotline, page: Page
) -> None:
    citizen, operator, desk = three_talk(hotline)
    refused = page.ask("DELETE", page.leg("caller"))
    assert (refused.status, refused.body["error"]["id"]) == (409, "caller_stays")
    assert page.ask("DELETE", page.leg("desk")).status == 202
    desk.wait_for("disconnected")
    all_hear_each_other(citizen, operator)
    assert page.ask("DELETE", page.leg("operator")).status == 202
    operator.wait_for("disconnected")
    citizen.wait_for("disconnected")
    call = told(hotline.call_of(citizen.name))
    assert call.transfers == (("110", "conference", "key", "completed", "answered"),)
    assert call.outcome == "transferred"


def test_given_a_desk_phone_that_obeys_when_the_page_answers_holds_and_resumes_then_the_phone_does(
    hotline: Hotline, page: Page
) -> None:
    citizen, operator = hotline.caller(), hotline.operator(answers=False, obeys=True)
    called = citizen.call(hotline.uri, from_user=citizen.name)
    invite = operator.wait_invite()
    eventually(lambda: page.ask("GET", "/desk").body["desk"]["call"], 30, lambda: "the page shows no call")
    assert operator.states()[invite.call] != "confirmed"
    assert page.ask("POST", "/desk/answer").status == 202
    operator.wait_for("confirmed", call=invite.call)
    all_hear_each_other(citizen, operator)
    assert page.ask("POST", "/desk/hold", {"held": True}).status == 202
    eventually(lambda: citizen.voice(time.time() - 1) > 0.5, 30, lambda: "the held caller hears no music")
    nobody_hears(citizen, [operator])
    nobody_hears(operator, [citizen])
    assert page.ask("POST", "/desk/hold", {"held": False}).status == 202
    all_hear_each_other(citizen, operator)
    told_by = [event.what["event_name"] for event in operator.events if event.name == "notify"]
    assert told_by == ["talk", "hold", "talk"]
    assert page.ask("POST", "/desk/hold", {"held": False}).status == 202, "what is so already is not asked again"
    assert sum(event.name == "notify" for event in operator.events) == 3
    assert citizen.states()[called] == "confirmed"
    citizen.hangup()


def test_given_a_desk_phone_that_knows_no_notify_when_the_page_answers_then_it_is_told_and_nothing_is_lost(
    hotline: Hotline, page: Page
) -> None:
    citizen, operator = hotline.caller(), hotline.operator(answers=False)
    citizen.call(hotline.uri, from_user=citizen.name)
    operator.wait_invite()
    eventually(lambda: page.ask("GET", "/desk").body["desk"]["call"], 30, lambda: "the page shows no call")
    refused = page.ask("POST", "/desk/answer")
    assert (refused.status, refused.body["error"]["id"]) == (409, "phone_does_not_obey")
    wire = operator.wait_event("notify").what["message"]
    assert re.search(r"^Event: talk\r$", wire, re.MULTILINE)
    operator.answer()
    all_hear_each_other(citizen, operator)
    citizen.hangup()
