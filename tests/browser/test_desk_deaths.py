"""What dies or begins anew while an operator's browser holds a call: the caller is kept, the page says what goes on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Chromium
from tests.browser.conftest import PASSWORD, SITE, People
from tests.browser.desks import answer, begin, call_in, phone_state, wait_ears
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import told
from tests.phones import Phone

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def session_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    hotline = Hotline(tmp_path_factory.mktemp("deaths"), SITE)
    try:
        yield hotline.start()
    finally:
        hotline.stop()


def without_operator(citizen: Phone, since: float) -> tuple[float, float]:
    """The longest stretch, (start, seconds), in which the caller did not hear the operator."""
    return max(citizen.gaps("operator", since), key=lambda gap: gap[1])


def test_given_a_talk_when_the_page_is_loaded_again_or_moves_to_another_tab_then_the_caller_hears_words_meanwhile(
    hotline: Hotline, open_page: OpenPage
) -> None:
    page, citizen = open_page("1001"), hotline.caller()
    begin(page)
    call_in(hotline, citizen, page)
    gone = time.time()
    page.reload()
    expect(page.get_by_text("来电人能听到您")).to_be_visible()
    eventually(lambda: citizen.voice(gone) > 0, 30, lambda: "the caller was left in silence")
    eventually(lambda: phone_state(page) == "up", 30, lambda: f"the phone is {phone_state(page)}")
    citizen.wait_who({"operator"}, since=time.time())
    wait_ears(page, {"caller"})
    expect(page.locator(".tile")).to_have_count(2)
    start, seconds = without_operator(citizen, gone)
    print(f"reload: the caller was without the operator for {seconds:.2f} s")
    assert citizen.voice(start, start + seconds) > 0.2, "words, rather than silence"

    moved = time.time()
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_role("button", name="在此接管").click()
    eventually(lambda: phone_state(other) == "up", 30, lambda: f"the phone is {phone_state(other)}")
    expect(page.get_by_role("button", name="在此接管")).to_be_visible()
    citizen.wait_who({"operator"}, since=time.time())
    wait_ears(other, {"caller"})
    start, seconds = without_operator(citizen, moved)
    print(f"another tab: the caller was without the operator for {seconds:.2f} s")
    eventually(lambda: len(hotline.channels()) == 2, 30, lambda: f"{hotline.channels()}")

    def contacts() -> list[str]:
        return [line for line in hotline.asterisk("pjsip show contacts").splitlines() if " 1001/" in line]

    eventually(lambda: len(contacts()) == 1, 30, lambda: f"{contacts()}")
    other.keyboard.press("F9")
    citizen.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    assert told(call).parties == (f"caller {citizen.name}", *["operator 1001"] * 3)
    assert {name for talk in told(call).talks for name in talk} == set(told(call).parties)
    steps = [step.step for step in call.steps]
    assert steps.count("back") == 2
    assert "page_gone" in steps
    assert "requeued" not in steps


def test_given_a_talk_when_the_controller_is_killed_and_then_the_login_ends_then_the_talk_goes_on_all_the_while(
    hotline: Hotline, open_page: OpenPage
) -> None:
    page, citizen = open_page("1001"), hotline.caller()
    begin(page)
    talk = call_in(hotline, citizen, page)
    killed = hotline.controller_pid
    assert killed
    os.kill(killed, signal.SIGKILL)
    expect(page.get_by_text("与服务器的连接中断，正在重连。通话不受影响")).to_be_visible()
    eventually(lambda: hotline.controller_pid not in (None, killed), 30, hotline.last_words)
    hotline.wait_healthy()
    expect(page.get_by_text("与服务器的连接中断")).to_have_count(0)
    expect(page.get_by_text("话机就绪")).to_be_visible()
    expect(page.get_by_text("来电人能听到您")).to_be_visible()
    wait_ears(page, {"caller"})

    assert hotline.api("PATCH", "/api/v1/accounts/1001", {"disabled": True}).status == 200
    strip = page.locator(".desk-last-talk")
    expect(strip).to_contain_text("通话仍在继续")
    expect(page.get_by_label("密码")).to_be_visible()
    ended = time.time()
    citizen.wait_who({"operator"}, seconds=1, since=ended)
    wait_ears(page, {"caller"})
    assert citizen.heard("operator", talk) > 0.75, "neither of the two was heard by the caller"
    assert hotline.api("PATCH", "/api/v1/accounts/1001", {"disabled": False}).status == 200
    page.get_by_label("用户名").fill("1001")
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("来电人能听到您")).to_be_visible()
    expect(strip).to_have_count(0)
    assert hotline.api("PATCH", "/api/v1/accounts/1001", {"log_out": True}).status == 200
    strip.get_by_role("button", name="挂断").click()
    citizen.wait_for("disconnected")
    expect(strip).to_have_count(0)
    call = hotline.call_of(citizen.name)
    assert [leg.party for leg in call.legs if leg.role == "operator"] == ["1001"]
    eventually(lambda: " 1001/" not in hotline.asterisk("pjsip show contacts"), 30, lambda: "the phone still rings")


def test_given_a_talk_or_a_hold_when_the_browser_is_killed_then_the_next_operator_has_the_caller(
    hotline: Hotline, chromium: Chromium
) -> None:
    people, citizen = People(chromium, hotline), hotline.caller()
    dying = people("1001", tone="operator3")
    begin(dying)
    call_in(hotline, citizen, dying, "operator3")
    other = people("1002", tone="operator2")
    begin(other)
    gone = time.time()
    chromium.kill("operator3")
    eventually(lambda: citizen.voice(gone) > 0, 30, lambda: "the caller was left in silence")
    expect(other.get_by_text("优先来电：原坐席话机断线").first).to_be_visible()
    answer(citizen, other, "operator2", since=gone)

    other.keyboard.press("F4")
    expect(other.get_by_text("来电人在听等待音，听不到您")).to_be_visible()
    third = people("1001")
    begin(third)
    chromium.kill("operator2")  # on hold silence is no sign of death: the page's own end is
    expect(third.get_by_text("优先来电：原坐席话机断线").first).to_be_visible()
    answer(citizen, third)
    third.keyboard.press("F9")
    citizen.wait_for("disconnected")
    people.close()
    call = hotline.call_of(citizen.name)
    steps = [(step.step, step.value) for step in call.steps if step.step in ("page_gone", "requeued")]
    died = ("requeued", "operator_died")
    assert steps == [("page_gone", "1001"), died, ("page_gone", "1002"), died]


def test_given_a_talk_when_asterisk_is_killed_then_the_page_says_so_and_takes_the_next_call_by_itself(
    hotline: Hotline, open_page: OpenPage
) -> None:
    page, citizen = open_page("1001"), hotline.caller()
    begin(page)
    call_in(hotline, citizen, page)
    killed = hotline.asterisk_pid
    assert killed
    os.kill(killed, signal.SIGKILL)
    expect(page.get_by_text("电话系统正在重启，暂时无法接听")).to_be_visible()
    eventually(lambda: hotline.asterisk_pid not in (None, killed), 30, hotline.last_words)
    hotline.wait_healthy(30)
    expect(page.get_by_text("示闲中，等待来电")).to_be_visible()
    expect(page.get_by_text("话机就绪")).to_be_visible()
    citizen.hangup()
    again = hotline.caller("13800000008", tone="caller2")
    call_in(hotline, again, page)
    wait_ears(page, {"caller2"})
    page.keyboard.press("F9")
    again.wait_for("disconnected")
    assert hotline.call_of(citizen.name).outcome == "interrupted"
