"""/cases in a browser: found by words, opened, taken to its end; nothing that was written can do anything there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ivr.channels.enclosures import keep
from ivr.channels.incoming import Enclosed
from ivr.store import Store
from ivr.store.attachments import Attachments
from ivr.store.cases import Cases
from ivr.store.channels import Arrival, Arrivals
from tests.browser.axe import findings
from tests.browser.pictures import stored
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


PAPER = b"%PDF-1.7 <script>alert(1)</script>"


@pytest.mark.parametrize(
    ("language", "title", "care"), [("zh", "来件附件", "请谨慎打开"), ("en", "Files that came", "open them with care")]
)
def test_given_files_that_hung_on_a_mail_when_one_is_taken_then_it_is_saved_as_it_came_under_its_name(
    hotline: Hotline, open_page: Callable[..., Page], language: str, title: str, care: str
) -> None:
    case = a_mail(hotline, f"files-{language}", {"说明.pdf": PAPER, EVIL: b"\x89PNG\r\n\x1a\n" + b"\0" * 2_500_000})
    page = open_page(user="admin", path=f"/cases/{case}", language=language)
    files = page.get_by_role("region", name=title)
    expect(files.get_by_role("listitem")).to_have_count(2)
    expect(files).to_contain_text("1 kB")
    expect(files).to_contain_text("2.5 MB")
    expect(files).to_contain_text(care)
    expect(page.locator("img[src=x]")).to_have_count(0)
    assert findings(page) == []
    with page.expect_download() as coming:
        files.get_by_role("link", name="说明.pdf").click()
    assert coming.value.suggested_filename == "说明.pdf"
    assert Path(coming.value.path()).read_bytes() == PAPER


def a_mail(hotline: Hotline, id: str, files: dict[str, bytes]) -> str:
    """Its case, answered: nobody waits when another test looks."""
    made: list[str] = []

    async def takes(store: Store) -> None:
        now = datetime.now(UTC)
        kept = await keep(
            Attachments(store, hotline.var / "attachments"), [Enclosed(*one) for one in files.items()], "mail"
        )
        one = Arrival("mail", "email", id, now, now, {"text": "路灯"}, sender="w@example.com", files=tuple(kept))
        made.append(str((await Arrivals(store, Cases(store, "12345")).take(one)).case))

    stored(hotline, takes)
    answered = {"kind": "responded", "data": {"words": "好"}}
    assert hotline.api("POST", f"/api/v1/cases/{made[0]}/events", answered).status == 201
    return made[0]
