"""/board and /cases/messages in a browser: figures lead to their cases, a bulletin is saved, nothing is said twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from ivr.store import Store
from tests.browser import linkages
from tests.browser.axe import findings
from tests.browser.pictures import stored
from tests.pbx.hotline import Hotline

PATIENCE = 60_000  # ms: a bulletin is written by a process


@pytest.fixture(scope="module")
def month(session_hotline: Hotline) -> None:
    async def keep(store: Store) -> None:
        await linkages.keep(store)

    stored(session_hotline, keep)


@pytest.mark.usefixtures("month")
def test_given_a_month_when_a_figure_is_pressed_then_its_cases_are_shown_and_the_month_is_saved_as_a_bulletin(
    hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    page = open_page(user="liaison", path="/board")
    number = page.locator(".board-number", has_text="不受理")
    expect(number).to_be_visible()
    expect(page.locator(".board-chart svg")).to_have_count(2)
    said = page.locator(".board-satisfaction tbody tr")
    for department in ("jiedao", "sifa"):  # that the settings do not name any more
        expect(said.filter(has_text=department)).to_have_count(1)
    expect(said.first).to_contain_text("合计")
    expect(said.first).to_contain_text("%")
    assert findings(page) == []
    refused = number.get_by_role("link").inner_text()
    number.get_by_role("link").click()
    expect(page.locator(".table tbody tr")).to_have_count(int(refused))
    expect(page.locator(".board-said")).to_contain_text("不受理")
    assert findings(page) == []
    page.locator(".table tbody tr .row-open").first.click()
    expect(page.locator(".case-history")).to_contain_text("不属于本平台职责")
    page.go_back()
    page.get_by_role("link", name="返回看板").click()
    with page.expect_download(timeout=PATIENCE) as saved:
        page.get_by_role("button", name="PDF", exact=True).click()
    assert saved.value.path().read_bytes().startswith(b"%PDF")


@pytest.mark.usefixtures("month")
def test_given_messages_when_a_liaison_reads_them_then_each_tells_its_way_and_leads_to_its_case(
    hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    page = open_page(user="liaison", path="/cases/messages")
    expect(page.locator(".table tbody tr")).to_have_count(50)
    page.get_by_label("方向").select_option("in")
    expect(page.locator(".table tbody tr").first).to_contain_text("来自 110")
    expect(page.locator(".table tbody tr", has_text="发往")).to_have_count(0)
    assert findings(page) == []
    page.locator(".table tbody tr").first.get_by_role("link").click()
    expect(page.locator(".case-history")).to_be_visible()


@pytest.mark.usefixtures("month")
def test_given_a_list_when_a_liaison_exports_it_then_a_sheet_of_it_is_saved(
    hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    page = open_page(user="liaison", path="/cases?partner=110")
    page.get_by_role("button", name="导出", exact=True).click()
    page.get_by_role("dialog").get_by_label("格式").select_option("csv")
    with page.expect_download(timeout=PATIENCE) as saved:
        page.get_by_role("button", name="开始导出").click()
    listed = hotline.api("GET", "/api/v1/cases?partner=110&limit=500").body["cases"]
    assert saved.value.path().read_text(encoding="utf-8-sig").count("\n") == len(listed) + 1 >= 91
    expect(page.get_by_role("dialog")).to_have_count(0)
