"""Work orders in browsers: an operator, a department's person with a telephone in his hand, and a supervisor."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Locator, Page, expect

from ivr.store.export import instant
from tests.browser.axe import findings
from tests.pbx.hotline import Hotline

Open = Callable[..., Page]
TELEPHONE = (390, 844)  # CSS px
PHOTOGRAPH = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4z8CAB+GTG8HSALfKY52fTcuYAAAAAElFTkSuQmCC"
)


def a_case(hotline: Hotline, **matter: Any) -> str:
    made = hotline.api("POST", "/api/v1/cases", {"channel": "web", "matter": {"class_code": "0101", **matter}})
    assert made.status == 201, made
    return str(made.body["case"]["id"])


def press(page: Page | Locator, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def answered(page: Page, act: str, submit: str = "", **fields: str) -> None:
    """Press `act`, fill its dialog by labels, and send it."""
    press(page, act)
    dialog = page.get_by_role("dialog")
    for label, words in fields.items():
        field = dialog.get_by_label(label, exact=True)
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(label=words)
        else:
            field.fill(words)
    press(dialog, submit or act)
    expect(dialog).to_have_count(0)


def in_days(days: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M}"


def head(page: Page) -> Locator:
    return page.locator(".orders-one .orders-head")


def test_given_a_matter_when_a_department_does_it_badly_and_then_well_then_it_ends_with_a_satisfied_caller(
    hotline: Hotline, open_page: Open
) -> None:
    case = a_case(hotline, cause="井盖破损，有人差点跌落", place="建国路 8 号院东门")
    operator = open_page(user="1002", path=f"/cases/{case}")
    answered(operator, "派发工单", 承办单位="城市管理局", 派单说明="先放围挡，再修复")
    orders = operator.get_by_role("region", name="工单")
    expect(orders).to_contain_text("城市管理局")

    department = open_page(user="liming", path="/", size=TELEPHONE)
    row = department.locator(".orders-row", has_text="井盖破损")
    expect(row).to_contain_text("距签收期限")  # where he lands, and all that he may open
    expect(department.locator(".bar-page")).to_have_count(1)
    assert findings(department) == []
    row.get_by_role("link").click()
    expect(department.get_by_text("先放围挡，再修复")).to_be_visible()
    press(department, "签收")
    expect(head(department)).to_contain_text("办理中")
    answered(department, "申请延期", 延至=in_days(30), 理由="等配件")
    expect(department.get_by_text("延期待审")).to_be_visible()

    supervisor = open_page(user="supervisor", path="/orders?show=extension")
    supervisor.locator(".orders-row", has_text="井盖破损").get_by_role("link").click()
    press(supervisor, "批准延期")
    expect(supervisor.get_by_text("延期已批准")).to_be_visible()

    press(department, "办结")
    dialog = department.get_by_role("dialog")
    dialog.get_by_label("现场照片或材料").set_input_files(
        [
            {"name": "修复后.png", "mimeType": "image/png", "buffer": PHOTOGRAPH},
            {"name": "说明.docx", "mimeType": "application/msword", "buffer": b"PK"},
        ]
    )
    expect(dialog.locator(".orders-piece", has_text="已上传")).to_have_count(1)
    expect(dialog.locator(".orders-piece", has_text="只能上传")).to_have_count(1)
    dialog.get_by_label("办理说明").fill("已更换井盖")
    assert findings(department) == []
    press(dialog, "办结")
    expect(head(department)).to_contain_text("已办结")
    photograph = department.locator(".orders-files img")
    expect(photograph).to_be_visible()
    assert photograph.evaluate("async image => { await image.decode(); return image.naturalWidth; }") == 10

    operator.reload()
    expect(orders).to_contain_text("已更换井盖")
    answered(operator, "回访", 对办理结果="不满意", 来电人意见="井盖还在响")
    expect(orders).to_contain_text("井盖还在响")
    assert findings(operator) == []
    orders.get_by_role("link", name="城市管理局").click()
    answered(operator, "发回重办", 重办理由="井盖还在响", 新的办结期限=in_days(3))

    department.reload()
    expect(department.get_by_text("第 1 次：井盖还在响")).to_be_visible()
    answered(department, "办结", 办理说明="已垫胶圈，不再响")
    expect(head(department)).to_contain_text("已办结")

    operator.goto(f"{hotline.web}/cases/{case}")
    answered(operator, "回访", 对办理结果="满意")
    expect(orders.locator(".badge", has_text=re.compile("满意$")).last).to_contain_text("● 满意")
    press(operator, "填写结果")
    operator.get_by_role("dialog").get_by_role("textbox").fill("已修复，来电人满意")
    press(operator.get_by_role("dialog"), "确定")
    press(operator, "办结")
    expect(operator.locator(".case-head .badge").first).to_contain_text("已办结")


def test_given_a_caller_who_stays_unnamed_when_the_time_is_over_and_it_sharpens_then_the_department_calls_110_in(
    hotline: Hotline, open_page: Open
) -> None:
    case = a_case(hotline, cause="夜市摊位争执", place="南门", name="赵女士", caller="13800138009", confidential=True)
    due = instant(datetime.now(UTC) + timedelta(seconds=4))
    data = {"department": "chengguan", "due": due}
    made = hotline.api("POST", f"/api/v1/cases/{case}/events", {"kind": "ordered", "data": data})
    assert made.status == 201, made
    page = open_page(user="liming", path="/orders", size=TELEPHONE)
    row = page.locator(".orders-row", has_text="夜市摊位争执")
    expect(row.locator(".badge").first).to_contain_text("✖ 已超期")  # it turns by itself
    row.get_by_role("link").click()
    expect(page.get_by_text("要求保密")).to_be_visible()
    expect(page.get_by_text("赵女士")).to_have_count(0)
    expect(page.get_by_role("button", name="查看联系电话")).to_have_count(0)
    press(page, "转 110")
    assert findings(page) == []
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("现场情况").fill("两家摊主动手，一人持刀")
    press(dialog, "转 110")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="转 110")).to_have_count(0)
    told = hotline.api("GET", f"/api/v1/cases/{case}").body["case"]
    assert told["owners"] == ["110"]
    assert "一人持刀" in told["emergency"]["words"]
    assert "城市管理局" in told["emergency"]["words"]


def test_given_a_new_person_of_a_department_when_his_account_is_made_then_it_is_bound_to_it_and_has_no_other_role(
    hotline: Hotline, open_page: Open
) -> None:
    page = open_page(user="admin", path="/admin/accounts")
    press(page, "新建账号")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("用户名", exact=True).fill("zhaolei")
    dialog.get_by_label("姓名", exact=True).fill("赵磊")
    dialog.get_by_role("checkbox", name="坐席").uncheck()
    dialog.get_by_role("checkbox", name="承办单位人员").check()
    expect(dialog.get_by_role("checkbox", name="坐席")).to_be_disabled()
    dialog.get_by_label("所属单位").select_option(label="水务局")
    assert findings(page) == []
    press(dialog, "建立账号")
    expect(dialog.get_by_text("首次密码")).to_be_visible()
    (made,) = [one for one in hotline.api("GET", "/api/v1/accounts").body["accounts"] if one["user"] == "zhaolei"]
    assert (made["roles"], made["department"]) == (["department"], "shuiwu")
