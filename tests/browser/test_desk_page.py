"""What the operator's page does by itself: keys, presses, words, the note, the second tab. Its server is scripted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.axe import findings
from tests.browser.chromium import Chromium
from tests.browser.scripted import CALLER, ME, POLICE, Desk, ago, call, case, leg, transfer, view

RINGING = view("ringing", call({**CALLER, "speaking": False}, leg("operator", "1001", "ringing", mine=True)))
TALKING = view("talking", call(CALLER, ME))
DIALLING = view("talking", call(CALLER, ME, {**POLICE, "state": "ringing"}, transfer=transfer("ringing")))
THREE = view("talking", call(CALLER, ME, {**POLICE, "speaking": True}, transfer=transfer("joined")))
CONSULT = view("talking", call(CALLER, ME, POLICE, state="apart", transfer=transfer("joined", mode="consult")))
FAILED = view("talking", call(CALLER, ME, transfer=transfer("ended", result="failed", reason="busy")))


@pytest.fixture
def desk(context: BrowserContext) -> Desk:
    return Desk(context)


def acts(page: Page) -> list[str]:
    return list(page.evaluate("globalThis.acts ?? []"))


def until(page: Page, condition: str) -> None:
    """Wait in the test: the page's own policy forbids what playwright would evaluate in it."""
    for _ in range(400):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    pytest.fail(f"never came: {condition}; the phone did {acts(page)}")


def orders(page: Page, desk: Desk, end: str, count: int = 1) -> list[tuple[str, Any]]:
    """What was asked, once so many orders are there."""
    for _ in range(600):
        if len(desk.asked(end)) >= count:
            break
        page.wait_for_timeout(25)
    return desk.asked(end)


def test_given_a_ringing_call_when_only_keys_are_pressed_then_it_is_answered_handed_over_and_left(desk: Desk) -> None:
    page = desk.open()
    expect(page.get_by_text("话机就绪")).to_be_visible()
    desk.show(RINGING)
    expect(page).to_have_title(re.compile("来电 13800138000"))
    page.keyboard.press("F2")
    until(page, "(globalThis.acts ?? []).includes('answer')")
    desk.show(TALKING)
    expect(page).not_to_have_title(re.compile("来电"))
    page.keyboard.press("Alt+N")
    page.keyboard.type("r1?n110")  # letters in the note do nothing but stand there
    page.keyboard.press("Alt+1")
    assert orders(page, desk, "/transfers") == [("POST", {"target": "110", "mode": "transfer"})]
    assert desk.orders[-1][3], "an order without an Idempotency-Key may be done twice"
    desk.show(DIALLING)
    expect(page.get_by_text("第 1 路，共 2 路")).to_be_visible()
    page.keyboard.press("Alt+2")  # while one transfer runs there is no second
    page.keyboard.press("F8")
    assert orders(page, desk, "/transfers/current") == [("DELETE", {})]
    desk.show(THREE)
    expect(page.locator("[data-party='110']")).to_contain_text("正在说话")
    for key in ("F4", "F4", "F6", "F9"):
        page.keyboard.press(key)
    until(page, "(globalThis.acts ?? []).includes('hangup')")
    assert acts(page) == ["start", "answer", "hold true", "hold false", "mute true", "hangup"]
    assert len(desk.asked("/transfers")) == 1


@pytest.mark.parametrize(
    ("press", "mode"),
    [("click", "transfer"), ("shift", "conference"), ("long", "conference"), ("alt", "consult"), ("menu", "consult")],
)
def test_given_a_talk_when_a_target_is_pressed_in_its_way_then_one_order_has_that_mode(
    desk: Desk, press: str, mode: str
) -> None:
    desk.now = TALKING
    page = desk.open()
    key = page.locator("[data-target='110']")
    if press == "menu":
        page.get_by_role("button", name="110报警服务台：其他转接方式").click()
        page.get_by_role("menuitem", name=re.compile("通话转")).click()
    elif press == "long":
        key.hover()
        page.mouse.down()
        orders(page, desk, "/transfers")
        page.mouse.up()
    else:
        modifiers: dict[str, list[Any]] = {"shift": ["Shift"], "alt": ["Alt"]}
        key.click(modifiers=modifiers.get(press, []))
    assert orders(page, desk, "/transfers") == [("POST", {"target": "110", "mode": mode})]


def test_given_presses_that_come_too_quickly_then_the_last_one_counts_and_none_reaches_another_call(desk: Desk) -> None:
    desk.now = {**TALKING, "phone": "desk"}
    page = desk.open()
    caller = page.locator("[data-role='caller']")
    for _ in range(2):  # the second one before the picture has the first
        caller.get_by_role("button", name="静音").click()
    assert orders(page, desk, "/mute", 2) == [("POST", {"muted": True}), ("POST", {"muted": False})]
    page.locator("[data-target='110']").dblclick()
    assert orders(page, desk, "/transfers") == [("POST", {"target": "110", "mode": "transfer"})]
    desk.show({**DIALLING, "phone": "desk"})
    expect(page.get_by_text("第 1 路，共 2 路")).to_be_visible()
    page.keyboard.press("F9")
    dialog = page.get_by_role("dialog", name="挂断")
    expect(dialog).to_be_visible()
    desk.show({**RINGING, "phone": "desk", "call": {**RINGING["call"], "id": "call-2"}})
    expect(page).to_have_title(re.compile("来电"))
    page.keyboard.press("F2")  # also over a dialog
    assert orders(page, desk, "/desk/answer") == [("POST", {})]
    dialog.get_by_role("button", name="挂断").click()
    expect(dialog).to_have_count(0)
    assert [path for method, path, *_ in desk.orders if method == "DELETE"] == [], "he was asked about another call"
    page.keyboard.press("F9")
    legs = "/calls/call-2/legs/leg-1001"
    assert orders(page, desk, legs) == [("DELETE", {})]
    desk.show({**RINGING, "phone": "desk", "call": {**RINGING["call"], "id": "call-3"}})
    page.keyboard.press("F9")  # pressed twice: the next call has done nothing
    page.wait_for_timeout(100)
    assert [path for method, path, *_ in desk.orders if method == "DELETE"] == [legs]


def test_given_a_note_in_which_somebody_writes_when_it_rings_then_enter_answers(desk: Desk) -> None:
    desk.now = TALKING
    page = desk.open()
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")
    desk.show(view("wrap-up"))
    page.get_by_label("经过").fill("第一行")
    desk.show({**RINGING, "call": {**RINGING["call"], "id": "call-2"}})
    expect(page).to_have_title(re.compile("来电"))
    page.keyboard.press("Enter")
    until(page, "(globalThis.acts ?? []).includes('answer')")


def test_given_a_target_that_failed_when_it_is_told_then_the_words_say_why_and_what_is_next(desk: Desk) -> None:
    desk.now = TALKING
    page = desk.open()
    said = {"busy": "占线", "no_answer": "无人接听", "unreachable": "线路不通", "rejected": "拒接"}
    for why, words in said.items():
        ended = transfer("ended", id=f"transfer-{why}", result="failed", reason=why)
        desk.show(view("talking", call(CALLER, ME, transfer=ended)))
        told = page.locator(f"[data-why={why}]")
        expect(told).to_contain_text(words)
        expect(told).to_contain_text("来电人仍在与您通话")
    expect(told).to_contain_text("010-11001100")
    expect(told.get_by_role("button", name=re.compile("改转120"))).to_have_count(0)  # out of reach too
    told.get_by_role("button", name="改转119消防").click()
    assert orders(page, desk, "/transfers") == [("POST", {"target": "119", "mode": "conference"})]
    expect(told).to_have_count(0)


def test_given_a_server_that_is_away_when_a_target_is_pressed_then_the_phones_own_keys_do_it(desk: Desk) -> None:
    desk.now = TALKING
    page = desk.open()
    until(page, "globalThis.phone?.state.value === 'ready'")
    desk.away = True
    page.keyboard.press("Alt+1")
    until(page, "(globalThis.acts ?? []).includes('dtmf *110')")


def test_given_a_note_that_could_not_be_sent_when_the_page_comes_back_then_it_is_there_and_goes_out(desk: Desk) -> None:
    desk.now = TALKING
    page = desk.open()
    place = page.get_by_label("地点")
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")
    desk.away = True
    place.fill("人民路 1 号")
    expect(page.locator(".note-state")).to_have_attribute("data-state", "waiting")
    assert desk.case is None
    desk.away = False
    page.reload()
    expect(place).to_have_value("人民路 1 号")
    expect(page.locator(".note-state")).to_contain_text("已保存")
    assert desk.case is not None
    assert desk.case["matter"]["place"] == "人民路 1 号"
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('hotline.case.'))") == []


def test_given_two_who_write_when_both_changed_a_field_then_neither_loses_a_word(desk: Desk) -> None:
    desk.now = TALKING
    page = desk.open()
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")
    desk.case = case({"name": "王先生", "place": "中山路"}, 7)
    page.get_by_label("地点").fill("人民路")
    page.get_by_label("起因").fill("漏水")
    conflict = page.locator(".note-field.place .note-conflict")
    expect(conflict).to_contain_text("中山路")
    expect(page.get_by_label("人物")).to_have_value("王先生")
    conflict.get_by_role("button", name="两者都留").click()
    expect(conflict).to_have_count(0)
    expect(page.locator(".note-state")).to_contain_text("已保存")
    said = desk.case["matter"]
    assert (said["name"], said["cause"], said["place"]) == ("王先生", "漏水", "中山路；人民路")


def test_given_a_clash_that_nobody_has_decided_when_the_page_is_loaded_again_then_it_is_asked_still(desk: Desk) -> None:
    desk.now = TALKING
    page = desk.open()
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")
    desk.case = case({"place": "中山路"}, 7)
    page.get_by_label("地点").fill("人民路")
    expect(page.locator(".note-field.place .note-conflict")).to_contain_text("中山路")
    page.reload()
    expect(page.locator(".note-field.place .note-conflict")).to_contain_text("中山路")
    expect(page.get_by_label("地点")).to_have_value("人民路")
    page.get_by_label("起因").fill("漏水")
    expect(page.locator(".note-state")).to_contain_text("已保存")
    assert (desk.case["matter"]["cause"], desk.case["matter"]["place"]) == ("漏水", "中山路")


def test_given_a_name_that_is_not_shown_when_the_operator_writes_on_then_it_stays_as_it_is(desk: Desk) -> None:
    desk.now = TALKING
    desk.case = case({"name": "***", "confidential": True}, 3)
    page = desk.open()
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")
    expect(page.get_by_label("人物")).to_have_value("")
    page.get_by_label("地点").fill("人民路")
    expect(page.locator(".note-state")).to_contain_text("已保存")
    written = [body for method, path, body, _ in desk.orders if method == "POST" and path.endswith("/case")]
    assert [one["data"] for one in written] == [{"place": "人民路"}]


def test_given_an_answer_that_was_lost_and_a_page_loaded_again_then_his_own_words_are_no_conflict(desk: Desk) -> None:
    desk.now = TALKING
    page = desk.open()
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")
    desk.loses_answer = True
    page.get_by_label("地点").fill("人民路")
    orders(page, desk, "/case")
    desk.away = True
    page.get_by_label("地点").fill("人民路 1 号")
    desk.away = False
    page.reload()
    expect(page.locator(".note-state")).to_contain_text("已保存")
    expect(page.locator(".note-conflict")).to_have_count(0)
    assert desk.case is not None
    assert desk.case["matter"]["place"] == "人民路 1 号"


def test_given_an_answer_that_was_lost_when_the_operator_writes_on_then_his_own_words_are_no_conflict(
    desk: Desk,
) -> None:
    desk.now = TALKING
    page = desk.open()
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")
    desk.loses_answer = True
    page.get_by_label("地点").fill("人民路")
    orders(page, desk, "/case")
    page.get_by_label("地点").fill("人民路 1 号")
    expect(page.locator(".note-state")).to_contain_text("已保存")
    expect(page.locator(".note-conflict")).to_have_count(0)
    assert desk.case is not None
    assert desk.case["matter"]["place"] == "人民路 1 号"


def test_given_two_who_choose_when_both_chose_otherwise_then_it_is_asked_in_words_and_the_choice_is_saved(
    desk: Desk,
) -> None:
    desk.now = TALKING
    page = desk.open()
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")
    desk.case = case({"contact": "no_call_back"}, 7)
    page.get_by_text("联系方式、群体、保密").click()
    page.get_by_label("联系方式").select_option("sms_only")
    conflict = page.locator(".note-field.more .note-conflict")
    expect(conflict).to_contain_text("不要回电")
    conflict.get_by_role("button", name="用我的").click()
    expect(conflict).to_have_count(0)
    expect(page.locator(".note-state")).to_contain_text("已保存")
    assert desk.case["matter"]["contact"] == "sms_only"


def test_given_a_call_that_ended_when_the_operator_wraps_up_then_its_note_is_still_open(desk: Desk) -> None:
    desk.now = TALKING
    page = desk.open()
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")
    desk.show(view("wrap-up"))
    page.get_by_label("经过").fill("事后补记")
    expect(page.locator(".note-state")).to_contain_text("已保存")
    page.reload()
    expect(page.get_by_label("经过")).to_have_value("事后补记")
    page.keyboard.press("Alt+R")
    expect(page.get_by_label("经过")).to_have_count(0)


def test_given_a_call_that_ended_when_the_other_desk_does_something_then_its_panel_follows(desk: Desk) -> None:
    desk.now = TALKING
    desk.case = case({}, 3)
    page = desk.open()
    badge = page.locator(".case-head .badge")
    expect(badge).to_contain_text("办理中")
    ended = view("wrap-up", me={**view("wrap-up")["me"], "last_call": "call-1"})
    desk.show(ended)
    expect(page.get_by_text("上一通来电")).to_be_visible()
    desk.case = case({}, 4, state="offered")
    told = {"id": "case-1", "number": "12345-20261127-000001", "revision": 4}
    desk.show({**ended, "me": {**ended["me"], "last_case": told}})
    expect(badge).to_contain_text("待对方答复")


def test_given_a_page_that_nobody_touches_when_it_asks_by_itself_then_it_says_so(desk: Desk) -> None:
    desk.context.clock.install()
    desk.now, desk.case = TALKING, case({}, 3)
    page = desk.open()
    expect(page.locator(".case-head")).to_be_visible()
    desk.show(view("wrap-up"))  # nobody tells it of the case: it looks now and then
    expect(page.get_by_text("上一通来电")).to_be_visible()

    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))  # from now on time moves as the test says

    def looks(then: int, there: bool) -> None:
        """After so many ms it has asked, as somebody who is there or by itself."""
        before = len(desk.looks)
        page.clock.run_for(then)
        for _ in range(400):
            if ("/calls/call-1/case", there) in desk.looks[before:]:
                return
            page.wait_for_timeout(25)
        pytest.fail(f"it asked {desk.looks[before:]}")

    looks(60_000, there=False)
    page.keyboard.press("Alt+N")
    looks(11_000, there=True)


def test_given_a_case_that_is_read_and_changed_at_once_when_the_older_answer_comes_last_then_it_is_not_shown(
    desk: Desk,
) -> None:
    desk.now = TALKING
    desk.case = case({}, 3)
    page = desk.open()
    expect(page.locator(".case-head")).to_be_visible()
    desk.keeps_answer, desk.case = True, case({}, 4, state="offered")
    desk.show(view("talking", {**TALKING["call"], "case": {"id": "case-1", "number": "1", "revision": 4}}))
    for _ in range(400):
        if desk.kept:
            break
        page.wait_for_timeout(25)
    page.get_by_role("button", name="紧急派警").click()
    page.get_by_role("dialog").get_by_role("button", name="财产安全").click()
    assert orders(page, desk, "/case")[-1][1]["kind"] == "emergency"
    expect(page.locator(".case-head .badge")).to_contain_text("办理中")  # the fifth, as this server answers
    ((late, answer),) = desk.kept
    with page.expect_response("**/calls/call-1/case"):
        late.fulfill(json=answer)
    page.wait_for_timeout(100)
    expect(page.locator(".case-head .badge")).to_contain_text("办理中")


def test_given_a_class_of_neither_desk_when_chosen_then_it_says_so_and_the_class_can_be_taken_back(desk: Desk) -> None:
    desk.now = TALKING
    page = desk.open()
    expect(page.locator("#case-classes option")).to_have_count(2)
    field = page.get_by_label("分类")
    field.fill("9001")
    field.blur()
    expect(page.locator(".note-field.class")).to_contain_text("须告知依据")
    expect(page.locator(".note-state")).to_contain_text("已保存")
    assert desk.case is not None
    assert (desk.case["matter"]["class_code"], desk.case["matter"]["neither"]) == ("9001", True)
    field.fill("路灯照明")
    field.blur()
    expect(page.locator(".note-field.class")).not_to_contain_text("须告知依据")


def test_given_a_call_of_three_when_the_desks_negotiate_then_the_panel_shows_who_proposed_and_how_long_it_takes(
    desk: Desk,
) -> None:
    desk.now = TALKING
    pressed = {"110": {"owners": ["110"], "whose": "ours", "at": ago(2), "by": "110/9001"}}
    talks = {
        "desks": ["12345", "110"],
        "began_at": ago(10),
        "ends_at": ago(-50),
        "decided": False,
        "proposals": pressed,
    }
    desk.case = case({}, 5, state="offered", negotiation=talks, may=["written", "emergency", "proposed"])
    page = desk.open()
    panel = page.get_by_role("group", name="协商受理")
    expect(panel).to_contain_text("110/9001：己方受理")
    expect(panel).to_contain_text("12345：尚未提出")
    expect(panel.get_by_role("timer")).to_contain_text("由首接平台 12345 先行受理")
    panel.get_by_role("button", name="110 受理").click()
    expect(panel).to_have_count(0)  # as this server answers
    assert ("POST", {"kind": "proposed", "data": {"whose": "yours"}}) in desk.asked("/case")


def test_given_a_second_tab_when_it_takes_over_then_the_first_lets_the_phone_go_without_hanging_up(desk: Desk) -> None:
    desk.now = TALKING
    first = desk.open()
    until(first, "globalThis.phone?.state.value === 'ready'")
    second = desk.open()
    second.get_by_role("button", name="在此接管").click()
    until(second, "globalThis.phone?.state.value === 'ready'")
    expect(first.get_by_role("button", name="在此接管")).to_be_visible()
    assert acts(first) == ["start", "stop"]


def test_given_a_session_that_ended_when_the_page_asks_then_the_phone_is_off_and_the_page_says_why(desk: Desk) -> None:
    desk.now = TALKING
    page = desk.open()
    until(page, "globalThis.phone?.state.value === 'ready'")
    desk.logged_in = False
    page.get_by_label("地点").fill("人民路")
    expect(page.get_by_text("登录已失效")).to_be_visible()
    until(page, "(globalThis.acts ?? []).includes('stop')")
    assert "人民路" in page.evaluate("JSON.stringify(localStorage)")


def test_given_the_first_login_of_a_day_when_the_check_is_done_then_the_phone_starts_and_is_ready(
    context: BrowserContext,
) -> None:
    desk = Desk(context, checked=False)
    page = desk.open()
    expect(page.get_by_role("heading", name="张敏，请做上岗检查")).to_be_visible()
    assert findings(page) == []
    assert acts(page) == []  # no call comes before the headset was looked at
    page.get_by_role("button", name="播放测试音").click()
    page.get_by_role("button", name="开始接听").click()
    assert orders(page, desk, "/desk/ready") == [("POST", {})]
    assert acts(page) == ["tone", "start"]


@pytest.mark.parametrize(("theme", "language"), [("light", "zh"), ("dark", "en")])
def test_given_each_state_of_a_desk_when_it_is_shown_then_it_fits_the_screen_and_axe_finds_nothing(
    chromium: Chromium, theme: str, language: str
) -> None:
    context = chromium.context(theme=theme, language=language)
    desk = Desk(context)
    page = desk.open()
    states = {
        "idle": view(),
        "paused": view("paused"),
        "ringing": RINGING,
        "talking": TALKING,
        "dialling": DIALLING,
        "three": THREE,
        "consult": CONSULT,
        "failed": FAILED,
        "disconnected": view("talking", call(CALLER, ME), connected=False),
        "wrap-up": view("wrap-up", me={**view("wrap-up")["me"], "wrap_up_until": ago(-30)}),
    }
    expect(page.locator(".desk-targets")).to_be_visible()
    where = page.locator("[data-target='110']").bounding_box()
    found = {}
    for name, shown in states.items():
        desk.show(shown)
        until(page, f"document.querySelector('.desk-me')?.textContent.length > 0 && '{name}'")
        page.wait_for_timeout(300)  # one frame of the stream and its drawing
        overflow = page.evaluate("document.documentElement.scrollHeight - innerHeight")
        moved = page.locator("[data-target='110']").bounding_box() != where
        problems = [*findings(page), *(["scrolls"] if overflow > 0 else []), *(["110 has moved"] if moved else [])]
        if problems:
            found[name] = problems
    context.close()
    assert found == {}
