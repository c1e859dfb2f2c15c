"""The public pages as citizens see them: the form, what is wrong with it, what came of it, how far a matter is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.sync_api import Page

PHONE = "13900139000"
MATTER = {
    "text": "人行道上井盖缺失，晚上没有灯，昨天有老人绊倒。已用木板临时盖住，请尽快修复。",
    "place": "朝阳路与新华街路口东南角",
    "happened": "昨天晚上八点左右",
    "name": "赵女士",
    "phone": PHONE,
}


@dataclass(frozen=True)
class Sent:
    """What a citizen keeps of his matter."""

    token: str  # of the address that shows its number
    number: str


def send(page: Page, web: str, language: str = "zh", **changes: str) -> None:
    page.goto(f"{web}/report?lang={language}")
    for name, words in {**MATTER, **changes}.items():
        page.locator(f"#{name}").fill(words)
    page.locator("[type=submit]").click()


def sent(page: Page, web: str) -> Sent:
    send(page, web)
    number = page.locator("#number").inner_text()
    return Sent(page.url.partition("sent=")[2].partition("&")[0], number)


def ask(page: Page, web: str, language: str, case: str) -> None:
    page.goto(f"{web}/report/progress?lang={language}")
    page.locator("#number").fill(PHONE)
    page.locator("#case").fill(case)
    page.locator("[type=submit]").click()


@dataclass(frozen=True)
class View:
    """`opens(page, the hotline's address, language, what was sent)`; then `there` stands on it."""

    opens: Callable[[Page, str, str, Sent], object]
    there: str


VIEWS: Mapping[str, View] = {
    "report": View(lambda page, web, language, _: page.goto(f"{web}/report?lang={language}"), "#text"),
    "report-wrong": View(lambda page, web, language, _: send(page, web, language, phone="?"), "#phone[aria-invalid]"),
    "report-sent": View(
        lambda page, web, language, sent: page.goto(f"{web}/report?sent={sent.token}&lang={language}"), "#number"
    ),
    "report-gone": View(
        lambda page, web, language, _: page.goto(f"{web}/report?sent=nothing&lang={language}"), ".report-error"
    ),
    "report-progress": View(
        lambda page, web, language, _: page.goto(f"{web}/report/progress?lang={language}"), "#case"
    ),
    "report-progress-none": View(lambda page, web, language, _: ask(page, web, language, "000000"), ".report-error"),
    "report-progress-found": View(
        lambda page, web, language, sent: ask(page, web, language, sent.number[-6:]), "#step"
    ),
}
