"""The public form: stored before it is acknowledged, once however often it is sent, and open to nobody's tricks."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from ivr.settings.channels import Channel
from ivr.store.errors import DatabaseDownError
from ivr.web import report
from ivr.web.limits import Limits, address_of
from ivr.web.report_words import WORDS
from tests.web.house import House

LAMP = {"text": "路灯不亮", "place": "朝阳路", "phone": "138 0013 8000", "contact": "sms_only"}
XSS = "\"'><img src=x onerror=alert(1)>{{7*7}}</textarea><script>alert(1)</script>"


async def get(house: House, path: str = "/report", **headers: str) -> tuple[int, str, Any]:
    async with house.client.get(path, headers=headers) as response:
        return response.status, await response.text(), response.headers


async def token(house: House) -> str:
    found = re.search(r'name="token" value="([^"]+)"', (await get(house))[1])
    assert found is not None
    return found[1]


async def post(house: House, data: Any, path: str = "/report?lang=zh", **more: Any) -> tuple[int, str, Any]:
    async with house.client.post(path, data=data, allow_redirects=False, **more) as response:
        return response.status, await response.text(), response.headers


async def cases(house: House) -> list[Any]:
    found: list[Any] = (await house.ask("GET", "/api/v1/cases"))[1]["cases"]
    return found


async def test_given_the_form_when_it_is_sent_twice_then_there_is_one_case_and_its_number_is_shown(
    house_on_each_database: House,
) -> None:
    house = house_on_each_database
    form = {**LAMP, "token": await token(house)}
    answers = [await post(house, form) for _ in range(2)]
    assert [(status, headers["Location"]) for status, _, headers in answers] == [
        (303, f"/report?sent={form['token']}&lang=zh")
    ] * 2
    status, text, _ = await get(house, answers[0][2]["Location"])
    (case,) = await cases(house)
    assert (status, case["number"] in text, "24 小时" in text) == (200, True, True)
    assert (case["channel"], case["line"], case["place"]) == ("web", "路灯不亮", "朝阳路")
    whole = (await house.ask("GET", f"/api/v1/cases/{case['id']}"))[1]["case"]["matter"]
    assert (whole["caller"], whole["contact"]) == ("13800138000", "sms_only")
    for other in ("nobody", "%00", f"{form['token']}0"):
        assert (await get(house, f"/report?sent={other}"))[0] == 404
    assert (await post(house, {**LAMP, "token": "\x00"}))[0] == 422


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_given_the_page_then_it_needs_no_script_and_tells_what_to_dial(house: House, language: str) -> None:
    status, text, headers = await get(house, f"/report?lang={language}")
    assert (status, headers["Content-Language"]) == (200, language)
    assert "110" in text.split("<form")[0]
    assert f'<html lang="{language}"' in text
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", text)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"text": "  \n "}, "text"),
        ({"text": "路" * 4001}, "text_long"),
        ({"phone": "call me"}, "phone"),
        ({"website": "http://spam"}, "trap"),
        ({"token": "0.0.0"}, "token"),
        ({"token": "é" * 300}, "token"),
    ],
)
async def test_given_something_wrong_then_the_form_comes_back_with_every_word(
    house: House, change: dict[str, str], problem: str
) -> None:
    form = {**LAMP, "token": await token(house), "name": XSS, **change}
    status, text, _ = await post(house, form)
    assert status == 422
    assert unescape(text).find(WORDS["zh"][f"error.{problem}"].format(most=report.MOST_TEXT)) > 0
    assert XSS not in text
    assert XSS in unescape(text)
    assert form["text"].strip() in text
    assert await cases(house) == []


async def test_given_an_old_page_whose_matter_was_stored_then_sending_again_shows_its_number(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {**LAMP, "token": await token(house)}
    await post(house, form)
    monkeypatch.setattr(report, "TOKEN_SECONDS", -1.0)
    assert (await post(house, form))[0] == 303
    assert (await post(house, {**LAMP, "token": await token(house)}))[0] == 422
    assert len(await cases(house)) == 1


async def test_given_a_database_that_is_down_then_nobody_is_told_that_it_was_stored(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {**LAMP, "token": await token(house)}

    async def down(*_: Any) -> None:
        raise DatabaseDownError("url", "gone")

    with monkeypatch.context() as broken:
        broken.setattr(house.store, "write", down)
        status, text, _ = await post(house, form)
    assert (status, "路灯不亮" in text, "12345" in text) == (503, True, True)
    again = re.search(r'name="token" value="([^"]+)"', text)
    assert again is not None
    assert (await post(house, {**form, "token": again[1]}))[0] == 303
    assert len(await cases(house)) == 1


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"text=a", "application/octet-stream", 415),
        (b"&".join(b"a%d=1" % n for n in range(100)), "application/x-www-form-urlencoded", 400),
        (b"text=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"\xff\xfe=%ff%00&text=%00", "application/x-www-form-urlencoded", 422),
        (b"", "application/x-www-form-urlencoded", 422),
    ],
)
async def test_given_a_body_that_no_form_sends_then_a_page_says_so(
    house: House, body: bytes, media: str, status: int
) -> None:
    found, text, headers = await post(house, body, headers={"Content-Type": media})
    assert (found, headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "12345" in text


async def test_given_a_flood_then_its_address_waits_and_others_do_not() -> None:
    now = 0.0
    limits = Limits(hourly=1200, address_hourly=20, clock=lambda: now)
    assert [limits.take("10.0.0.1") > 0 for _ in range(7)] == [False] * 5 + [True] * 2
    assert limits.take("10.0.0.2") == 0
    assert limits.take("2001:db8::1") == 0
    assert [limits.take(f"2001:db8::{n:x}") > 0 for n in range(2, 8)] == [False] * 4 + [True] * 2
    now = limits.take("10.0.0.1") + 0.001
    assert limits.take("10.0.0.1") == 0
    assert sum(limits.take(f"10.1.{n // 250}.{n % 250}") == 0 for n in range(1000)) < 180


async def test_given_a_limit_then_the_page_says_when_to_come_back(house: House) -> None:
    object.__setattr__(house.services, "limits", Limits(hourly=10, address_hourly=4))
    form = {**LAMP, "token": await token(house)}
    assert [(await post(house, form))[0] for _ in range(2)] == [303, 429]
    status, text, headers = await post(house, form)
    assert (status, int(headers["Retry-After"]) > 600, "15 分钟" in text) == (429, True, True)
    assert (await get(house))[0] == 200


@pytest.mark.parametrize(
    ("remote", "said", "found"),
    [
        ("127.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("127.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("127.0.0.1", "1.2.3.4, 10.0.0.7", "1.2.3.4"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "1.2.3.4, nonsense", "127.0.0.1"),
        ("9.9.9.9", "1.2.3.4", "9.9.9.9"),
    ],
)
def test_an_address_is_taken_from_a_proxy_of_the_settings_alone(remote: str, said: str, found: str) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": said} if said else {})
    request = request.clone(remote=remote)
    assert address_of(request, ("127.0.0.1", "10.0.0.0/8")) == found


async def test_given_no_channel_of_this_kind_then_there_is_no_page(house: House) -> None:
    site = replace(house.services.site, channels={"wechat": Channel("wechat", "webhook")})
    object.__setattr__(house.services, "site", site)
    assert (await get(house))[0] == 404
    assert (await post(house, {}))[0] == 404


def test_both_languages_say_the_same() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()


@pytest.mark.parametrize(
    ("respond", "zh", "en"), [("1d", "1 天内", "within 1 day."), ("3m", "3 分钟内", "within 3 min")]
)
async def test_given_a_span_then_the_page_says_it_as_people_do(house: House, respond: str, zh: str, en: str) -> None:
    site = replace(house.services.site, channels={"web": Channel("web", "web", respond=respond)})
    object.__setattr__(house.services, "site", site)
    assert zh in (await get(house, "/report?lang=zh"))[1]
    assert en in (await get(house, "/report?lang=en"))[1]


async def test_given_a_slow_sender_then_it_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.web.bodies.SECONDS", 0.05)

    async def slowly() -> Any:
        yield b"text="
        await asyncio.sleep(0.5)
        yield b"a"

    media = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await post(house, slowly(), headers=media))[0] == 408
