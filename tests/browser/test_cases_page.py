"""/cases in a browser: found by words, opened, taken to its end; nothing that was written can do anything there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.pbx.hotline import Hotline

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def number(session_hotline: Hotline) -> str:
    """Of a case of neither desk; another one says something else."""
    matter = {"cause": "邻里借款纠纷", "place": "建国路 8 号", "class_code": "9001", "neither": True, "text": EVIL}
    made = session_hotline.api("POST", "/api/v1/cases", {"channel": "web", "matter": matter})
    assert made.status == 201
    other = {"channel": "phone", "matter": {"cause": "路灯不亮", "urgency": "urgent"}}
    assert session_hotline.api("POST", "/api/v1/cases", other).status == 201
    return str(made.body["case"]["number"])


@pytest.fixture
def page(hotline: Hotline, open_page: Callable[..., Page]) -> Page:
    return open_page(user="admin", path="/cases")


def press(page: Page, name: str, words: str = "") -> None:
    page.get_by_role("button", name=name, exact=True).click()
    if words:
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("textbox").fill(words)
        dialog.get_by_role("button", name="确定").click()


def test_given_a_matter_of_neither_desk_when_taken_to_its_end_then_its_basis_is_told_first(
    page: Page, number: str
) -> None:
    page.get_by_label("内容").fill("借款")
    page.get_by_role("button", name="查找").click()
    expect(page.locator(".table tbody tr")).to_have_count(1)
    assert findings(page) == []
    page.locator(".table tbody tr").get_by_text(number).click()
    expect(page.locator(".case-facts").get_by_text(EVIL)).to_be_visible()  # as words, and nothing else
    press(page, "填写结果", "已解释")
    expect(page.locator(".case-head .badge")).to_contain_text("已答复")
    expect(page.get_by_role("button", name="办结", exact=True)).to_have_count(0)  # not without its basis (R34)
    press(page, "告知依据")
    expect(page.locator(".case-history")).to_contain_text("国办发〔2020〕53号")
    assert findings(page) == []
    press(page, "办结")
    expect(page.locator(".case-head .badge")).to_contain_text("已办结")
