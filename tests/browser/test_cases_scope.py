"""Whose matter is it? Found while typing, proposed with its reason, consulted about, and the rule from then on."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.axe import findings
from tests.browser.scripted import CALLER, ME, Desk, call, case, view
from tests.pbx.hotline import Hotline

SUGGESTION = {
    **{"owners": ["110"], "by": "scope", "id": "12345-110/2026-01/A0103", "version": "2026-01"},
    "reason": {"zh": "受理范围清单 2026-01 版 A0103", "en": "scope list 2026-01, A0103"},
}


def test_given_what_a_caller_says_when_typed_and_picked_then_the_case_says_so_and_one_press_offers_it(
    context: BrowserContext,
) -> None:
    desk = Desk(context)
    desk.now = view("talking", call(CALLER, ME))
    page = desk.open()
    box = page.get_by_role("combobox", name="受理事项")
    box.fill("被偷")
    expect(page.get_by_role("option", name="盗窃")).to_be_visible()
    assert findings(page) == []
    box.press("Enter")
    expect(page.get_by_role("listbox", name="受理事项")).to_have_count(0)
    expect(box).to_have_value("A0103")
    expect(page.locator("[data-state=saved]")).to_be_visible()
    assert desk.case is not None
    assert desk.case["matter"]["scope"] == "12345-110/2026-01/A0103"
    desk.case = case(desk.case["matter"], 9, suggestion=SUGGESTION, may=["written", "offered"])
    desk.show(view("talking", call(CALLER, ME, case={"revision": 9})))
    expect(page.locator(".case-suggestion")).to_contain_text("建议 110 受理： 受理范围清单 2026-01 版 A0103")
    page.get_by_role("button", name="转 110", exact=True).click()
    expect(page.locator(".case-suggestion")).to_have_count(0)
    assert ("POST", {"kind": "offered", "data": {"to": "110", "way": "online"}}) in desk.asked("/case")


def test_given_a_case_when_consulted_about_with_a_norm_then_the_next_one_of_its_class_is_proposed_by_it(
    session_hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    def opened(cause: str) -> str:
        body = {"channel": "web", "matter": {"cause": cause, "class_code": "0601"}}
        return str(session_hotline.api("POST", "/api/v1/cases", body).body["case"]["number"])

    page = open_page(user="admin", path="/cases/scope")
    page.get_by_label("查找事项").fill("身份证怎么补办")
    expect(page.locator(".scope tbody tr").first).to_contain_text("B0102")
    page.get_by_role("link", name="会商与规范").click()
    page.get_by_label("其他诉求的编号").fill(opened("半夜装修"))
    page.get_by_role("button", name="打开会商").click()
    page.get_by_label("参会人员").fill("12345 周立群\n110 孙洁")
    page.get_by_label("会商纪要").fill("夜间噪声先由 12345 受理")
    page.get_by_label("形成处置规范").check()
    page.get_by_label("规范编号").fill("GF-7")
    assert findings(page) == []
    page.get_by_role("button", name="记录会商结果").click()
    norms = page.get_by_role("region", name="处置规范").locator("tbody tr")
    expect(norms.filter(has_text="GF-7")).to_contain_text("有效")
    expect(page.locator(".consult-held").first).to_contain_text("夜间噪声先由 12345 受理")
    assert findings(page) == []
    page.goto(f"{session_hotline.web}/cases/{opened('又在装修')}")
    expect(page.locator(".case-suggestion[data-by=norm]")).to_contain_text("会商规范 GF-7")
