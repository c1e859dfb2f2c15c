"""An admin changes what happens to calls in a real browser, over the real Asterisk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually

GOOD = "[site-before-queue]\nexten => s,1,Set(GLOBAL(FROM_BROWSER)=yes)\n same => n,Return()\n"


@pytest.fixture(scope="module")
def session_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    hotline = Hotline(tmp_path_factory.mktemp("admin"), {"accounts": {"totp": []}})
    try:
        yield hotline.start()
    finally:
        hotline.stop()


def write(page: Page, text: str) -> None:
    """All of the editor's text."""
    editor = page.locator(".editor .cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_given_a_typing_error_when_it_is_mended_and_published_then_calls_have_it_and_a_rollback_takes_it_back(
    open_page: Callable[..., Page], hotline: Hotline
) -> None:
    page = open_page(user="dialplans", path="/admin/dialplans")
    page.get_by_role("button", name="新建文件").click()
    page.get_by_role("textbox", name="文件").fill("hooks.conf")
    page.get_by_role("button", name="确定", exact=True).click()
    write(page, GOOD.replace("Set(", "Sett("))
    wrong = page.locator(".finding", has_text="Sett")
    expect(wrong.first).to_be_visible()
    expect(wrong.first).to_contain_text("改法：")
    expect(page.locator(".editor .cm-lintRange-error")).to_be_visible()
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("tab", name="发布").click()
    expect(page.get_by_text("检查发现 1 个错误")).to_be_visible()
    expect(page.get_by_role("button", name="发布", exact=True)).to_be_disabled()

    write(page, GOOD)
    page.get_by_role("tab", name="检查").click()
    expect(wrong).to_have_count(0)
    page.keyboard.press("Control+s")
    expect(page.get_by_role("button", name="保存草稿")).to_be_disabled()
    expect(page.locator("[data-state=whole]")).to_be_visible(timeout=60_000)
    assert findings(page) == []

    page.get_by_role("tab", name="发布").click()
    page.get_by_label("原因").fill("tonight's test")
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.get_by_text("版本 2 已生效")).to_be_visible(timeout=90_000)
    citizen = hotline.caller()
    citizen.call(hotline.uri, from_user=citizen.name)
    eventually(
        lambda: "FROM_BROWSER=yes" in hotline.asterisk("dialplan show globals"), 30, lambda: "no hook was called"
    )
    citizen.hangup()
    hotline.call_of(citizen.name)

    page.get_by_role("tab", name="历史").click()
    page.get_by_role("row", name="tonight's test").get_by_role("button", name="改动").click()
    expect(page.locator(".difference .cm-content").last).to_contain_text("FROM_BROWSER")
    page.get_by_role("button", name="关闭").last.click()
    page.get_by_role("button", name="恢复此版本").last.click()
    page.get_by_label("原因").last.fill("it was a test")
    page.locator("dialog").get_by_role("button", name="恢复此版本").click()
    expect(page.get_by_text("版本 3 已生效")).to_be_visible(timeout=60_000)
    assert findings(page) == []


def test_given_the_fake_microphone_when_a_prompt_is_recorded_then_it_is_the_prompt(
    open_page: Callable[..., Page], hotline: Hotline
) -> None:
    page = open_page(user="dialplans", path="/admin/prompts")
    page.get_by_role("button", name="新提示音").click()
    page.get_by_label("名称").fill("site-word")
    page.locator("dialog").get_by_label("类别").select_option("information")
    page.get_by_role("button", name="● 录音").click()
    expect(page.get_by_role("button", name=re.compile("■ 停止录音 0:0[2-9]"))).to_be_visible()
    page.get_by_role("button", name="■ 停止录音").click()
    page.get_by_role("button", name="用这段录音").click()
    expect(page.get_by_text("已生效，长")).to_be_visible(timeout=60_000)
    assert findings(page) == []
    assert hotline.api("GET", "/api/v1/prompts/zh/site-word").body["prompt"]["kind"] == "recorded"


def test_given_a_notice_said_in_the_browser_when_somebody_calls_then_he_hears_it_and_the_auditor_reads_of_it(
    open_page: Callable[..., Page], hotline: Hotline
) -> None:
    page = open_page(user="dialplans", path="/admin/notices")
    page.get_by_role("button", name="新通知").click()
    page.get_by_role("textbox", name="中文内容").fill("今晚停水。")
    page.get_by_role("textbox", name="原因").fill("抢修")
    assert findings(page) == []
    page.get_by_role("button", name="发布通知").click()
    expect(page.get_by_role("cell", name="播放中")).to_be_visible(timeout=60_000)
    eventually(
        lambda: "before-greeting" in hotline.asterisk("database show notice"), 30, lambda: "Asterisk has no notice"
    )
    citizen = hotline.caller()
    citizen.call(hotline.uri, from_user=citizen.name)

    def steps() -> list[str]:
        return [step.step for call in hotline.calls(1, caller=citizen.name) for step in call.steps]

    eventually(lambda: "notice" in steps(), 30, lambda: f"no notice was played: {steps()}")
    citizen.hangup()
    page.get_by_role("button", name="立即结束").click()
    page.locator("dialog").get_by_label("原因").fill("已恢复")
    page.locator("dialog").get_by_role("button", name="确定").click()
    expect(page.get_by_text("目前没有通知。")).to_be_visible()

    auditor = open_page(user="auditor", path="/admin/audit")
    expect(auditor.get_by_role("cell", name="notice.end")).to_be_visible()
    assert findings(auditor) == []
