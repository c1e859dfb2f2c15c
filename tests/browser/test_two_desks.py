"""12345 and 110 with the same software, an operator in a browser at each: one matter that both work on, as both see it
(R23–R29, R40, R43, R46)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.chromium import Chromium
from tests.browser.desks import begin, call_in
from tests.browser.two_desks import Desks, both_read, choose_class, ladders, opened, press, three, write
from tests.pbx.conftest import finish
from tests.phones import Phone


@pytest.fixture(scope="module")
def both_desks(tmp_path_factory: pytest.TempPathFactory, chromium: Chromium) -> Iterator[Desks]:
    """The pages live as long as the module."""
    with opened(chromium, tmp_path_factory.mktemp("two")) as desks:
        for page in (desks.city, desks.police):
            begin(page)
        yield desks


@pytest.fixture
def desks(both_desks: Desks, request: pytest.FixtureRequest) -> Iterator[Desks]:
    yield both_desks
    both_desks.sites.mend()
    for one in (both_desks.sites.city, both_desks.sites.police):
        finish(one, request.node)


def test_given_a_case_when_one_press_takes_it_to_110_then_it_is_on_the_other_screen_before_the_voice(
    desks: Desks,
) -> None:
    city, police = desks.city, desks.police
    citizen = desks.sites.city.caller()
    call_in(desks.sites.city, citizen, city)
    write(city, cause="楼下有人打架", place="和平路 1 号")
    number = city.locator(".case-number").inner_text()
    pressed = time.monotonic()
    city.keyboard.press("Alt+1")
    expect(police.locator(".desk-ringing")).to_contain_text("楼下有人打架")
    print(f"the case was on the other screen {time.monotonic() - pressed:.2f} s after the press")
    expect(police.locator(".desk-ringing")).to_contain_text(number)
    citizen.wait_who({"operator"}, since=time.time())  # while it rings there he is with his operator
    police.keyboard.press("F2")
    citizen.wait_who({"110"})
    expect(city.get_by_text("上一通来电")).to_be_visible()
    expect(police.locator(".note [name='place']")).to_have_value("和平路 1 号")
    expect(police.locator("html")).to_have_attribute("data-accent", "violet")  # who sees both knows which is which
    expect(police.get_by_role("heading", name="警情记录")).to_be_visible()
    assert findings(police) == []
    police.keyboard.press("F9")
    citizen.wait_for("disconnected")


def test_given_a_cut_data_line_when_the_call_goes_over_then_the_operator_is_told_to_say_it_by_voice(
    desks: Desks,
) -> None:
    city, police, sites = desks.city, desks.police, desks.sites
    citizen = sites.city.caller("13800138001")
    call_in(sites.city, citizen, city)
    write(city, cause="有人闯入")
    sites.cut()
    asked = time.time()
    city.keyboard.press("Alt+Shift+1")
    expect(city.get_by_role("alert").filter(has_text="请口头转告")).to_contain_text("110")
    police.keyboard.press("F2")
    citizen.wait_who({"operator", "110"}, since=asked)
    sites.mend()
    expect(city.get_by_text("请口头转告")).to_have_count(0)
    expect(police.locator(".note [name='cause']")).to_have_value("有人闯入")
    citizen.hangup()
    citizen.wait_for("disconnected")


def test_given_three_who_talk_when_both_press_then_the_panel_ends_in_each_way_and_an_emergency_goes_first(
    desks: Desks,
) -> None:
    city, police = desks.city, desks.police
    citizen = desks.sites.city.caller("13800138002")
    since = call_in(desks.sites.city, citizen, city)
    write(city, cause="邻里打架后索赔")
    three(desks, citizen, since)
    press(city, "110 受理")
    expect(police.locator(".case-negotiation")).to_contain_text("12345/1001：对方受理")
    press(police, "我方接警")
    both_read(desks, ".case-decision", "受理平台：110（双方商定）")
    press(city, "双方受理")
    press(police, "双方受理")
    both_read(desks, ".case-decision", "受理平台：110、12345（双方商定）")
    press(city, "紧急派警")
    city.get_by_role("dialog").get_by_role("button", name="财产安全").click()
    both_read(desks, ".case-emergency", "紧急：财产安全")
    both_read(desks, ".case-decision", "受理平台：110（紧急，先行派警）")
    citizen.hangup()
    citizen.wait_for("disconnected")
    for told in ladders(desks):
        for words in ("12345/1001 提出：由对方受理", "双方商定：110 受理", "双方商定：110、12345 受理", "标记紧急"):
            assert words in told


def test_given_110_received_it_first_and_nobody_presses_when_the_time_is_over_then_110_accepts(desks: Desks) -> None:
    city, police = desks.city, desks.police
    citizen = desks.sites.police.caller("13800138003")
    since = call_in(desks.sites.police, citizen, police, tone="110")
    write(police, cause="路灯不亮")
    police.locator("[data-target='12345']").click(modifiers=["Shift"])
    expect(city.locator(".desk-ringing")).to_contain_text("路灯不亮")
    city.keyboard.press("F2")
    citizen.wait_who({"operator", "110"}, since=since)
    both_read(desks, ".case-decision", "受理平台：110（首接先行受理）")
    citizen.hangup()
    citizen.wait_for("disconnected")
    for told in ladders(desks):
        assert "首接先行受理：110" in told


def given_back(desks: Desks, citizen: Phone, since: float, reason: str) -> float:
    """110 is called in, agrees to accept, then gives the case back and leaves; from when 12345 has the caller alone."""
    three(desks, citizen, since)
    press(desks.city, "110 受理")
    press(desks.police, "我方接警")
    both_read(desks, ".case-decision", "受理平台：110（双方商定）")
    press(desks.police, "退回", reason)
    expect(desks.city.locator(".case-back")).to_contain_text(f"110 退回：{reason}")
    left = time.time()
    desks.police.keyboard.press("F9")
    expect(desks.police.get_by_text("上一通来电")).to_be_visible()
    citizen.wait_who({"operator"}, since=left)
    return left


def made_the_rule(desks: Desks) -> None:
    """The newest consultation once more, as a norm for the class of its case: not an operator's."""
    newest = desks.sites.city.api("GET", "/api/v1/consultations?limit=1").body["consultations"][0]
    data = {name: newest[name] for name in ("participants", "minutes", "owners")}
    data["norm"] = {"id": "GF-0303", "version": "1", "class_code": "0303", "from": "2026-01-01T00:00:00Z"}
    answer = desks.sites.city.api(
        "POST", f"/api/v1/cases/{newest['case']}/events", {"kind": "consultation", "data": data}
    )
    assert answer.status == 201, answer.body


def test_given_a_case_that_comes_back_twice_when_the_desks_consult_then_the_next_of_its_class_is_proposed_right(
    desks: Desks,
) -> None:
    city, police = desks.city, desks.police
    citizen = desks.sites.city.caller("13800138004")
    since = call_in(desks.sites.city, citizen, city)
    write(city, cause="小区内违停堵住消防通道")
    choose_class(city, "0303")
    since = given_back(desks, citizen, since, "不属于公安职责")
    expect(city.locator(".case-head .badge")).to_contain_text("办理中")
    city.keyboard.press("Alt+1")  # there and back: only a three-party call takes it there again (R21)
    expect(city.get_by_text("再次转办须先三方通话")).to_be_visible()
    given_back(desks, citizen, since, "再次核实，仍不属于公安职责")
    expect(city.locator(".case-head .badge")).to_contain_text("待会商")
    expect(police.locator(".case-head .badge")).to_contain_text("待会商")
    citizen.hangup()
    citizen.wait_for("disconnected")

    city.get_by_role("link", name="去会商").first.click()
    city.get_by_label("参会人员").fill("12345 张敏\n110 李警官")
    city.get_by_label("会商纪要").fill("堵塞消防通道的，由公安现场处置")
    city.get_by_label("受理平台").select_option(label="110 受理")
    expect(city.get_by_text("形成处置规范：")).to_have_count(0)  # an operator keeps minutes
    city.get_by_role("button", name="记录会商结果").click()
    expect(city.get_by_text("会商结果已记录")).to_be_visible()
    police.get_by_role("link", name="警情", exact=True).click()
    police.get_by_role("link", name="会商与规范", exact=True).click()
    expect(police.get_by_text("堵塞消防通道的，由公安现场处置").first).to_be_visible()
    made_the_rule(desks)
    for page in (city, police):
        page.get_by_role("link", name="坐席台").click()

    neighbour = desks.sites.city.caller("13800138005")
    since = call_in(desks.sites.city, neighbour, city)
    write(city, cause="消防通道又被堵了")
    choose_class(city, "0303")
    three(desks, neighbour, since)
    for page in (city, police):
        expect(page.locator(".case-suggestion[data-by='norm']")).to_contain_text("建议 110 受理")
    neighbour.hangup()
    neighbour.wait_for("disconnected")
