"""An administrator looks after accounts in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyotp
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import findings
from tests.browser.conftest import PASSWORD
from tests.pbx.hotline import Hotline


def log_in(hotline: Hotline, user: str, password: str) -> tuple[int, Any]:
    """Somebody tries, from elsewhere than the page."""
    answer = hotline.api("POST", "/api/v1/session", {"user": user, "password": password})
    return answer.status, answer.body


def test_given_a_newcomer_then_his_account_is_made_locked_unlocked_and_disabled_by_keyboard_alone(
    open_page: Callable[..., Page], hotline: Hotline
) -> None:
    page = open_page(user="admin", path="/admin/accounts")
    page.get_by_role("button", name="新建账号").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("用户名").fill("zhang.wei")
    dialog.get_by_label("姓名").fill("张伟")
    auditor, operator = (dialog.get_by_role("checkbox", name=role, exact=True) for role in ("审计员", "坐席"))
    expect(operator).to_be_checked()
    expect(auditor).to_be_disabled()
    expect(dialog.get_by_text("所以不能再选审计员")).to_be_visible()
    operator.press("Space")
    auditor.press("Space")
    expect(operator).to_be_disabled()
    expect(dialog.get_by_text("只能与联络员兼任")).to_be_visible()
    auditor.press("Space")
    operator.press("Space")
    assert findings(page) == []
    dialog.get_by_role("button", name="建立账号").press("Enter")
    password = dialog.locator("code.first").inner_text()
    assert findings(page) == []
    dialog.get_by_role("button", name="已记下，关闭").press("Enter")
    status, told = log_in(hotline, "zhang.wei", password)
    assert (status, told["session"]["must"]) == (200, "password")

    for _ in range(5):
        assert log_in(hotline, "zhang.wei", "wrong")[0] == 401
    assert log_in(hotline, "zhang.wei", password)[0] == 429
    page.get_by_label("搜索").fill("张伟")
    row = page.get_by_role("row").filter(has_text="zhang.wei")
    expect(row.get_by_text("已锁定")).to_be_visible()
    row.get_by_role("button", name="zhang.wei").press("Enter")
    dialog.get_by_role("button", name="解除锁定").press("Enter")
    expect(dialog.get_by_text("已解除锁定")).to_be_visible()
    assert log_in(hotline, "zhang.wei", password)[0] == 200

    dialog.get_by_role("button", name="重置为首次密码").press("Enter")
    page.get_by_role("dialog", name="重置 zhang.wei 的密码").get_by_role("button", name="重置为首次密码").press("Enter")
    again = dialog.locator("code.first").inner_text()
    assert log_in(hotline, "zhang.wei", password)[0] == 401
    assert log_in(hotline, "zhang.wei", again)[0] == 200
    dialog.get_by_role("button", name="停用").press("Enter")
    page.get_by_role("dialog", name="停用 zhang.wei").get_by_role("button", name="停用").press("Enter")
    expect(dialog.get_by_text("已停用").first).to_be_visible()
    assert findings(page) == []
    assert log_in(hotline, "zhang.wei", again)[0] == 401


def test_given_ones_own_account_in_english_and_dark_then_nothing_is_offered_that_would_shut_one_out(
    open_page: Callable[..., Page], hotline: Hotline
) -> None:
    page = open_page(user="admin", path="/admin/accounts", language="en", theme="dark")
    page.get_by_role("row").filter(has_text="System administrator").first.get_by_role("button").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("This is your own account")).to_be_visible()
    expect(dialog.get_by_role("button", name="Disable")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Remove")).to_have_count(0)
    expect(dialog.get_by_role("checkbox", name="System administrator")).to_be_disabled()
    assert findings(page) == []


def test_given_ones_own_name_in_the_bar_when_pressed_then_password_and_second_factor_are_ones_own_to_set(
    open_page: Callable[..., Page], hotline: Hotline
) -> None:
    wanted = {"user": "zhao", "name": "赵敏", "roles": ["liaison"], "password": PASSWORD}
    assert hotline.api("POST", "/api/v1/accounts", wanted).status == 201
    page = open_page(user="zhao", path="/calls")
    page.get_by_role("button", name="赵敏").press("Enter")
    dialog = page.get_by_role("dialog", name="我的账号：zhao")
    dialog.get_by_role("button", name="修改密码").press("Enter")
    for label, typed in (("当前密码", PASSWORD), ("新密码", "short"), ("再输入一次新密码", "short")):
        dialog.get_by_label(label, exact=True).fill(typed)
    dialog.get_by_role("button", name="保存密码").press("Enter")
    expect(dialog.get_by_text("密码须为 10 至 128 个字符")).to_be_visible()
    assert findings(page) == []
    for label in ("新密码", "再输入一次新密码"):
        dialog.get_by_label(label, exact=True).fill("a-third-word-entirely-2026")
    dialog.get_by_role("button", name="保存密码").press("Enter")
    expect(dialog.get_by_text("密码已修改")).to_be_visible()
    assert log_in(hotline, "zhao", PASSWORD)[0] == 401
    assert log_in(hotline, "zhao", "a-third-word-entirely-2026")[0] == 200

    dialog.get_by_role("button", name="设置动态口令").press("Enter")
    dialog.get_by_role("button", name="设置动态口令").last.press("Enter")
    secret = dialog.locator("code").inner_text()
    assert findings(page) == []
    dialog.get_by_label("动态口令", exact=True).fill(pyotp.TOTP(secret).now())
    dialog.get_by_role("button", name="确认").press("Enter")
    expect(dialog.get_by_text("动态口令已设置，下次登录起使用")).to_be_visible()
    assert log_in(hotline, "zhao", "a-third-word-entirely-2026")[1]["error"]["id"] == "code_needed"
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="赵敏")).to_be_focused()


def test_given_a_hotline_with_a_fault_when_its_health_is_opened_then_it_says_what_the_doctor_says_until_it_is_mended(
    open_page: Callable[..., Page], hotline: Hotline
) -> None:
    secrets = hotline.var / "credentials.toml"
    secrets.chmod(0o644)
    try:
        page = open_page(user="admin", path="/admin/prompts")
        page.clock.install()
        page.goto(f"{hotline.web}/admin/health")
        told = json.loads(hotline.cli("doctor", "--json", check=False))["findings"]
        said = {finding["id"]: finding for finding in told}
        wrong = page.locator(".health-finding", has_text=said["secrets"]["words"]["zh"])
        expect(wrong).to_contain_text(said["secrets"]["mend"]["zh"], timeout=60_000)
    finally:
        secrets.chmod(0o600)
    page.get_by_text("正常的项目").click()
    expect(page.get_by_text(said["asterisk"]["words"]["zh"])).to_be_visible()
    processes = page.get_by_role("region", name="进程")
    expect(processes.get_by_text("运行中")).to_have_count(3)
    expect(processes.get_by_text(str(hotline.controller_pid))).to_be_visible()
    expect(page.get_by_role("region", name="转接目标").get_by_text("可达").first).to_be_visible()
    assert findings(page) == []

    def mended(route: Route) -> None:
        """What the next look will say: the real one is not waited for."""
        look = route.fetch().json()["checkup"]
        kept = [finding for finding in look["findings"] if finding["id"] != "secrets"]
        route.fulfill(json={"checkup": {**look, "findings": kept}})

    page.route("**/api/v1/health/findings", mended)
    page.clock.fast_forward(15_000)
    expect(wrong).to_have_count(0, timeout=60_000)  # by itself
