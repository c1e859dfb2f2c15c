"""/report on a telephone, with a script and without; and what was written there stands at the desk as words alone."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import orjson
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ivr import webhooks
from tests.browser.axe import findings
from tests.browser.chromium import Chromium
from tests.browser.looks import LOOKS, NARROW, sideways, walk
from tests.browser.public_pages import VIEWS, Sent, sent
from tests.pbx.hotline import Hotline

EVIL = "<img src=x onerror=alert(1)>"
PHONE = (360, 640)


@pytest.fixture
def phone(chromium: Chromium) -> Iterator[BrowserContext]:
    context = chromium.context(size=PHONE)
    yield context
    context.close()


@pytest.fixture(scope="module")
def matter(chromium: Chromium, session_hotline: Hotline) -> Sent:
    context = chromium.context(size=PHONE)
    matter = sent(context.new_page(), session_hotline.web)
    context.close()
    answer(session_hotline, matter.number)
    return matter


@pytest.mark.parametrize("name", VIEWS)
def test_given_a_public_page_when_shown_in_both_languages_and_themes_then_anybody_can_read_and_use_it(
    phone: BrowserContext, session_hotline: Hotline, matter: Sent, name: str
) -> None:
    """axe-core, nothing sideways where it is narrow, a focus that is seen and comes round, no error of a script."""
    page, errors = phone.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    found = {}
    for language, themes in LOOKS.items():
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        VIEWS[name].opens(page, session_hotline.web, language, matter)
        expect(page.locator(VIEWS[name].there)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", language)
        for theme in themes:
            page.emulate_media(color_scheme=theme)
            expect(page.locator("html")).to_have_attribute("data-theme", theme)
            if problems := findings(page):
                found[f"{language} {theme}"] = problems
        page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        if wide := sideways(page):
            found[f"{language} narrow"] = wide
    unseen, visited = walk(page, 40)
    assert (found, unseen, errors) == ({}, [], [])
    assert len([at for at in visited if at.startswith("A.")]) == page.locator("a").count()
    assert visited.count("BUTTON.") == page.locator("button:visible").count()


def test_given_a_browser_without_scripts_then_a_matter_is_sent_all_the_same(
    chromium: Chromium, session_hotline: Hotline
) -> None:
    context = chromium.context(size=PHONE, scripts=False)
    page = context.new_page()
    page.goto(f"{session_hotline.web}/report")
    page.locator("#text").fill("井盖缺失")
    page.locator("button[type=submit]").click()
    number = page.locator("#number").inner_text()
    context.close()
    answer(session_hotline, number)


def test_given_a_telephone_when_a_matter_is_sent_then_its_number_is_shown_and_back_sends_nothing_twice(
    phone: BrowserContext, session_hotline: Hotline
) -> None:
    page = phone.new_page()
    page.goto(f"{session_hotline.web}/report")
    expect(page.get_by_role("note")).to_contain_text("110")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("您要反映什么").fill("井盖缺失，朝阳路口")
    page.get_by_label("联系电话").fill("not a number")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_contain_text("电话")
    assert findings(page) == []
    expect(page.get_by_label("您要反映什么")).to_have_value("井盖缺失，朝阳路口")
    page.get_by_label("联系电话").fill("138 0013 8000")
    page.get_by_role("button", name="提交").click()
    number = page.locator("#number").inner_text()
    assert number.startswith("12345-")
    assert findings(page) == []
    page.reload()
    expect(page.locator("#number")).to_have_text(number)
    page.go_back()
    page.get_by_role("button", name="提交").click()
    expect(page.locator("#number")).to_have_text(number)
    answer(session_hotline, number)


def test_given_markup_by_every_channel_then_the_desk_shows_it_as_words_and_answers_by_one_press(
    chromium: Chromium, hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    context = chromium.context(size=PHONE)
    form = context.new_page()
    form.goto(f"{hotline.web}/report?lang=en")
    for label in ("What is it about?", "Where", "When", "Your name"):
        form.get_by_label(label, exact=False).first.fill(EVIL)
    form.get_by_role("button", name="Send").click()
    ours = form.locator("#number").inner_text()
    context.close()
    theirs = by_gateway(hotline, {"sender": EVIL, "words": EVIL, "name": EVIL, "place": EVIL, "files": [EVIL]})

    page = open_page(user="1001", path="/cases")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    rows = page.get_by_role("region", name="等待答复的网络诉求").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(theirs)  # its second is over: it comes before the one that has a day
    expect(rows.first).to_contain_text("超时")
    expect(rows.nth(1)).to_contain_text("剩余")
    expect(rows.first).to_contain_text(EVIL)
    assert findings(page) == []
    rows.first.get_by_role("button", name="答复").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(f"已派人去看 {EVIL}")
    page.get_by_role("dialog").get_by_role("button", name="确定").click()
    expect(rows).to_have_count(1)
    page.goto(f"{hotline.web}/cases/{theirs}")
    expect(page.get_by_role("region", name="往来")).to_contain_text(f"已派人去看 {EVIL}")
    expect(page.locator("img[src=x]")).to_have_count(0)
    assert findings(page) == []
    answer(hotline, ours)
    assert dialogs == []


def by_gateway(hotline: Hotline, data: object) -> str:
    """As a gateway sends it; its case's number."""
    body = orjson.dumps({"type": "message", "data": data})
    headers = webhooks.sign("m1", body, [hotline.credentials["channels"]["wechat"]], datetime.now(UTC))
    request = urllib.request.Request(f"{hotline.web}/api/v1/channels/wechat", body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as said:
        return str(orjson.loads(said.read())["case"]["number"])


def answer(hotline: Hotline, number: str) -> None:
    """So that nobody waits any more when another test looks."""
    body = {"kind": "responded", "data": {"words": "好"}}
    assert hotline.api("POST", f"/api/v1/cases/{number}/events", body).status == 201
