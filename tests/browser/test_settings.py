"""An admin changes the hotline without a shell: forms write hotline.toml, refuse typing errors, keep its comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from ivr.settings import load
from tests.browser.axe import findings
from tests.pbx.hotline import Hotline

COMMENT = "# kept by whoever runs this hotline\n"
BACK = 60_000  # ms for the controller to be replaced on a busy machine


@pytest.fixture(scope="module")
def session_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    hotline = Hotline(tmp_path_factory.mktemp("settings"), {"accounts": {"totp": []}})
    hotline.site_file.write_text(COMMENT + hotline.site_file.read_text(encoding="utf-8"), encoding="utf-8")
    try:
        yield hotline.start()
    finally:
        hotline.stop()


def test_given_typing_errors_when_they_are_mended_and_saved_then_the_settings_are_in_force_and_nothing_else_is_lost(
    open_page: Callable[..., Page], hotline: Hotline
) -> None:
    page = open_page(user="admin", path="/admin/settings")
    expect(page.locator(".admin-head .badge.good")).to_contain_text("已生效")
    assert findings(page) == []

    # a number with a space and one that is taken, an hour 25:00, a SIP URI that is none: each beside its field
    page.get_by_role("tab", name="坐席与班长").click()
    page.get_by_role("button", name="新增坐席").click()
    form = page.get_by_role("region", name="1004")
    expect(form.get_by_label("号码")).to_have_value("1004")
    form.get_by_label("号码").fill("10 04")
    expect(page.locator(".field.wrong", has=page.get_by_label("号码"))).to_contain_text("应为 2 至 15 位数字")
    page.get_by_label("号码").fill("1001")
    expect(page.locator(".field.wrong", has=page.get_by_label("号码"))).to_contain_text("1001 重复")
    page.get_by_label("号码").fill("1004")
    page.get_by_label("姓名").fill("四号坐席")
    page.get_by_label("技能").fill("general，night")
    page.get_by_label("技能").press("Tab")
    expect(page.locator(".field.wrong")).to_have_count(0)
    assert findings(page) == []

    page.get_by_role("tab", name="工作时间与节假日").click()
    page.get_by_role("textbox", name="周日 1").fill("09:00-25:00")
    expect(page.locator(".field.wrong")).to_contain_text("应为一天内的时段")
    page.get_by_role("textbox", name="周日 1").fill("09:00-12:00")
    page.get_by_role("button", name="加一个节假日").click()
    page.get_by_label("第 1 项首日").fill("2026-10-01")
    page.get_by_label("第 1 项末日").fill("2026-10-07")
    page.get_by_label("第 1 项名称").fill("国庆节")
    expect(page.locator(".field.wrong")).to_have_count(0)
    assert findings(page) == []

    page.get_by_role("tab", name="转接目标").click()
    page.get_by_role("button", name="110报警服务台").click()
    routes = page.get_by_role("group", name="线路")
    first, second = (routes.get_by_label(f"线路 {n}", exact=True) for n in (1, 2))
    before = (first.input_value(), second.input_value())
    routes.get_by_role("button", name="下移 线路 1").click()
    expect(first).to_have_value(before[1])
    first.fill("110 at the police")
    expect(page.locator(".field.wrong")).to_contain_text("应为 SIP 地址")
    page.get_by_role("button", name="核对并保存").click()
    expect(page.locator("dialog").get_by_text("有 1 个问题")).to_be_visible()
    expect(page.locator("dialog").get_by_role("button", name="保存", exact=True)).to_be_disabled()
    page.keyboard.press("Escape")
    first.fill(before[1])
    expect(page.locator(".field.wrong")).to_have_count(0)
    assert findings(page) == []

    # meanwhile somebody edits the file by hand: he loses nothing, and neither do we
    text = hotline.site_file.read_text(encoding="utf-8")
    hotline.site_file.write_text(text.replace("ring = 6", "ring = 8"), encoding="utf-8")
    page.get_by_role("button", name="核对并保存").click()
    dialog = page.locator("dialog")
    dialog.get_by_label("原因").fill("夜班加人")
    expect(page.get_by_text("文件刚刚被他人修改，以下改动已经并入")).to_be_visible()
    expect(page.locator(".settings-diff", has_text="+ring = 8")).to_be_visible()
    expect(dialog.locator(".added", has_text="国庆节")).to_be_visible()
    assert findings(page) == []
    dialog.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("设置已生效，通话没有中断。")).to_be_visible(timeout=BACK)
    expect(page.locator(".admin-head .badge.good")).to_contain_text("已生效")

    site = load(hotline.site_file, hotline.var)
    assert site.operators["1004"].skills == ("general", "night")
    assert site.hours.sunday == ("09:00-12:00",)
    assert site.hours.holidays == {"2026-10-01/2026-10-07": "国庆节"}
    assert site.targets["110"].routes == (before[1], before[0])
    assert site.queue.ring == 8
    assert hotline.site_file.read_text(encoding="utf-8").startswith(COMMENT)
    assert "1004" in hotline.asterisk("queue show q-night")
    assert "HOURS_7=0900-1200\n" in hotline.asterisk("dialplan show globals")

    page.get_by_role("tab", name="修改记录").click()
    expect(page.get_by_role("cell", name="夜班加人")).to_be_visible()
    page.get_by_role("tab", name="其他设置").click()
    expect(page.get_by_role("row", name="database.url")).to_contain_text("…")
    page.get_by_role("tab", name="技能与排队").click()
    page.get_by_label("每部话机振铃（秒）").fill("12s")
    expect(page.locator(".field.wrong")).to_contain_text("应为整数，现为 '12s'")
    page.get_by_role("button", name="放弃改动").click()
    page.locator("dialog").get_by_role("button", name="放弃改动").click()
    expect(page.get_by_label("每部话机振铃（秒）")).to_have_value("8")
    assert findings(page) == []
