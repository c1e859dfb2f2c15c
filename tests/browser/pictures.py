"""Pictures of every page for docs/img: in Chinese and English, light and dark, on three screens or a telephone.

    python -m tests.browser.pictures [--only desk] [--language zh] [--theme dark] [--screen 3840] [--to DIR]

A real hotline is started: one caller talks with an operator and 110, another waits, earlier calls are in the log with
their notes. What soon passes at a desk (a call rings, 110 is busy) a scripted server tells the real page. Screens are
drawn in few colours, so a palette of them keeps every letter sharp in little space.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import imageio_ffmpeg
from playwright.sync_api import Page

from ivr.calls.model import Call
from ivr.store import Store
from ivr.store.cases import Cases, id_of_call
from tests.browser import linkages
from tests.browser.chromium import Chromium
from tests.browser.conftest import People
from tests.browser.inside import is_inside
from tests.browser.pictures_orders import DEPARTMENTS, SHOWN, of_a_week
from tests.browser.public_pages import VIEWS, Sent, sent
from tests.browser.scripted import ABOUT, Desk, leg, transfer, view
from tests.browser.scripted import call as a_talk
from tests.pbx import sites
from tests.pbx.hotline import Hotline
from tests.pbx.running import ROOT
from tests.unit import stories

SCREENS = {1366: 768, 1920: 1080, 3840: 2160}
COLOURS = {390: 64, 1366: 64, 1920: 64, 3840: 32}  # by the width of the screen: large letters need fewer between
SETTLED = 1500  # ms for what comes by itself: the stream's first picture, a chart
PATIENCE = 20_000  # ms for what a page asks at its start
IMAGES = ROOT / "docs/img"
NAMES = {
    "supervisor": "周立群",
    "dialplans": "吴昊",
    "auditor": "郑安",
    "admin": "管理员",
    "liaison": "孙洁",
    "liming": "李明",
}
PUBLIC = ("report", "report-wrong", "report-sent", "report-progress", "report-progress-found")  # on a telephone
PHONE = (390, 844)
AT_HOME = "/etc/hotline/city"  # where the settings of a hotline stand; pictures are taken of one in a scratch folder
OPERATORS = ("张敏", "李想", "王雪", "陈晨", "刘洋", "赵磊", "杨帆", "黄蕾")
SITE: Mapping[str, Any] = {
    "accounts": {"totp": []},
    "channels": {"web": {"kind": "web", "address_hourly": 1000}},
    "departments": DEPARTMENTS,
    "operators": [
        {"number": str(1001 + place), "name": name, "skills": ["general", *(["english"] if place % 3 == 0 else [])]}
        for place, name in enumerate(OPERATORS)
    ],
    "targets": {
        "122": {
            "name": {"zh": "122交通事故报警", "en": "122 Traffic Police"},
            "routes": [f"sip:122@{sites.NET}.122:5060"],
            "emergency": True,
            "keys": {"transfer": "*76", "conference": "*78"},
        },
    },
}
MATTERS = (
    "路灯不亮",
    "夜间施工噪音",
    "自来水压力不足",
    "占道经营",
    "井盖破损",
    "垃圾清运不及时",
    "咨询公积金提取",
    "投诉物业收费",
)
PLACES = ("朝阳路", "解放路 88 号", "滨河小区", "人民广场东侧", "中山路与新华街路口")
NOTES = (
    {
        "happened": "昨晚十点以后",
        "name": "王女士",
        "place": "朝阳路 12 号院 3 单元",
        "cause": "楼上卫生间漏水，浸湿天花板",
        "course": "已找物业两次，楼上住户不开门",
        "text": "请先联系物业，再回电",
    },
    {
        "happened": "今天早上七点二十",
        "name": "李先生",
        "place": "解放路与中山路路口",
        "cause": "两车相撞，一人受伤",
        "course": "110 已接入，正在核实位置",
    },
)


@dataclass(frozen=True)
class Picture:
    user: str | None  # None: nobody is logged in
    path: str
    does: str = ""  # the button to press first, where it comes
    there: tuple[str, ...] = field(default=())  # what has to stand on it; nothing says that it is being read
    told: Callable[[], dict[str, Any]] | None = None  # what a scripted server tells the desk, as of now
    view: str = ""  # of the public pages


def ringing() -> dict[str, Any]:
    return view("ringing", a_talk(leg("caller", "13800138000"), leg("operator", "1001", "ringing", mine=True)))


def busy() -> dict[str, Any]:
    legs = (leg("caller", "13800138000", speaking=True), leg("operator", "1001", mine=True))
    return view("talking", a_talk(*legs, transfer=transfer("ended", result="failed", reason="busy")))


PAGES: Mapping[str, Picture] = {
    "login": Picture(None, "/login"),
    "desk-day": Picture("1002", "/desk"),
    "desk-talk": Picture("1001", "/desk", ".desk-alone button.primary", (".tile",)),
    "desk-ringing": Picture("1001", "/desk", there=(".desk-answer",), told=ringing),
    "desk-failed": Picture("1001", "/desk", there=("[data-why='busy']",), told=busy),
    "room": Picture("supervisor", "/room"),
    "room-big": Picture("supervisor", "/room?big=1"),
    "calls": Picture("supervisor", "/calls"),
    "call": Picture("supervisor", "/calls/{call}"),
    "cases": Picture("supervisor", "/cases", there=(".table",)),
    "case": Picture("supervisor", "/cases/{case}", there=(".case-history",)),
    "orders": Picture("supervisor", "/orders", there=(".orders-row",)),
    "order": Picture("liming", "/orders/{order}", there=(".orders-one",)),
    "cases-consult": Picture("supervisor", "/cases/consult", there=(".consult-held",)),
    "cases-scope": Picture("supervisor", "/cases/scope", there=(".scope tbody",)),
    "messages": Picture("liaison", "/cases/messages", there=(".table",)),
    "board": Picture("liaison", "/board", there=(".board-numbers",)),
    **{name: Picture(None, "", there=(view.there,), view=name) for name, view in VIEWS.items() if name in PUBLIC},
    "admin-dialplans": Picture("dialplans", "/admin/dialplans", "[data-tab='picture']", (".picture-host svg",)),
    "admin-prompts": Picture("dialplans", "/admin/prompts", there=(".table",)),
    "admin-notices": Picture("dialplans", "/admin/notices"),
    "admin-settings": Picture("admin", "/admin/settings", ".entry", (".entry-form",)),
    "admin-accounts": Picture("admin", "/admin/accounts", there=(".table",)),
    "admin-health": Picture("admin", "/admin/health", there=(".health-card",)),
    "admin-exchange": Picture("admin", "/admin/exchange"),
    "admin-audit": Picture("auditor", "/admin/audit", there=(".table",)),
}


SAY_AT_HOME = """([scratch, home]) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(scratch, home);
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="pages whose names begin so, with commas between: admin,room")
    parser.add_argument("--language", choices=("zh", "en"))
    parser.add_argument("--theme", choices=("light", "dark"))
    parser.add_argument("--screen", type=int, choices=COLOURS, nargs="+", default=[*COLOURS])
    parser.add_argument("--to", type=Path, default=IMAGES)
    wanted = parser.parse_args()
    if not is_inside():
        unshare = shutil.which("unshare") or sys.exit("unshare is needed: apt-get install util-linux")
        again = [sys.executable, "-c", "from tests.browser import inside, pictures; inside.bring_up(); pictures.main()"]
        os.execv(unshare, [unshare, "-n" if os.geteuid() == 0 else "-rn", "--", *again, *sys.argv[1:]])
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder, Chromium() as chromium:
        hotline = Hotline(Path(folder), SITE)
        try:
            take(hotline.start(), chromium, wanted)
        finally:
            hotline.stop()


def a_day(hotline: Hotline) -> None:
    """Calls of the last 24 hours, most of them by day; one of thirty gave up, one of five went to 110."""
    chance = random.Random(12345)
    now = (datetime.now(UTC) - stories.EIGHT).total_seconds()
    calls: list[Call] = []
    for hour in range(1, 24):
        local = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(hours=hour)
        for _ in range(chance.randint(0, 2) if local.hour < 7 else chance.randint(6, 14)):
            start = now - 3600 * hour - chance.uniform(0, 3000)
            caller = f"13{chance.randrange(10**9):09d}"
            calls.append(
                a_call(stories.transferred(str(uuid.UUID(int=chance.getrandbits(128))), start, caller), chance)
            )

    async def save(store: Store) -> None:
        await store.save(calls)
        for call in calls[::3]:
            words = {"cause": chance.choice(MATTERS), "place": chance.choice(PLACES)}
            await Cases(store, "12345").open("张敏", "phone", words, call=call.id)
        await consulted(Cases(store, "12345"))
        await linkages.keep(store)
        await linkages.keep_returned(store)

    stored(hotline, save)
    stored(hotline, of_a_week)


async def consulted(cases: Cases) -> None:
    """Two consultations, one of which made a norm."""
    noise = {"cause": "夜间装修噪音，劝阻无效，双方争执", "place": "滨河小区", "class_code": "0601"}
    parking = {"cause": "两车主争抢车位，一方堵住地库出口", "place": "解放路 88 号", "class_code": "0303"}
    day = datetime.now(UTC) - timedelta(days=1)
    rule = {"id": "GF-0601", "version": f"{day:%Y-%m}", "class_code": "0601", "from": day.isoformat()}
    agreed = (
        (parking, "已报警的由 110 到场，其余由 12345 转街道协调", ["110"], None),
        (noise, "夜间噪声有争执的，110 先行到场劝阻；之后由 12345 转城管部门处理", ["110", "12345"], rule),
    )
    for matter, minutes, owners, norm in agreed:
        known = await cases.open("张敏", "phone", matter)
        said = {"participants": ["12345 周立群", "110 孙洁"], "minutes": minutes, "owners": owners}
        await cases.act(known.case.id, "孙洁", "consultation", said | ({"norm": norm} if norm else {}))


def stored(hotline: Hotline, act: Callable[[Store], Awaitable[None]]) -> None:
    """In a thread of its own: this one has playwright's loop."""

    async def opened() -> None:
        store = Store(hotline.tables["database"]["url"].replace("{var}", str(hotline.var)))
        await store.open()
        try:
            await act(store)
        finally:
            await store.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(opened())).result()


def a_call(call: Call, chance: random.Random) -> Call:
    """Without recordings; mostly not transferred."""
    caller, operator, desk = (replace(leg, recording=None, recorded_from=None) for leg in call.legs)
    number = str(1001 + chance.randrange(len(OPERATORS)))
    operator = replace(operator, party=number, number=number)
    if chance.random() < 1 / 30:
        return replace(call, legs=(caller,), talks=(), transfers=(), answered_at=None, outcome="abandoned")
    if chance.random() < 4 / 5:
        return replace(call, legs=(caller, operator), talks=call.talks[:1], transfers=(), outcome="answered")
    return replace(call, legs=(caller, operator, desk))


def happened(hotline: Hotline) -> str:
    """Earlier calls, and those of this moment. → the earlier call that is shown."""
    operator, police = hotline.operator("1001"), hotline.desk("110")
    for number in ("1003", "1004", "1006"):
        hotline.operator(number, answers=False, tone="operator")
    for key in ("119", "120", "122"):
        hotline.desk(key, tone="119")
    for other in ("1003", "1004", "1006"):  # the first call is 1001's
        hotline.api("POST", f"/api/v1/operators/{other}/pause", {"reason": "rest"})
    first = hotline.caller("13900139001")
    hotline.talk(first, operator)
    operator.dtmf("*1")
    police.wait_for("confirmed")
    operator.wait_for("disconnected")
    time.sleep(3)
    first.hangup()
    before = hotline.call_of(first.name)
    citizen, waiting = hotline.caller("13800138000"), hotline.caller("13700137000")
    hotline.talk(citizen, operator)
    operator.dtmf("*3")
    police.wait_for("confirmed")
    waiting.call(hotline.uri, from_user=waiting.name)
    running = next(call for call in hotline.calls() if call.caller == citizen.name)

    async def write(store: Store) -> None:
        for call, words in ((before, NOTES[0]), (running, NOTES[1])):
            await Cases(store, "12345").open("张敏", "phone", words, call=call.id)

    stored(hotline, write)
    return before.id


def take(hotline: Hotline, chromium: Chromium, wanted: argparse.Namespace) -> None:
    """One file a page, language, theme and screen."""
    a_day(hotline)
    call = happened(hotline)
    context = chromium.context(size=PHONE)
    matter = sent(context.new_page(), hotline.web)
    context.close()
    hotline.api("PATCH", "/api/v1/accounts/admin", {"name": NAMES["admin"]})
    wanted.to.mkdir(parents=True, exist_ok=True)
    names = [name for name in PAGES if name.startswith(tuple(wanted.only.split(",")))]
    for language, theme in itertools.product(("zh", "en"), ("light", "dark")):
        if wanted.language not in (None, language) or wanted.theme not in (None, theme):
            continue
        people = People(chromium, hotline, NAMES)
        for name in names:
            page = opened(people, chromium, hotline, PAGES[name], call, matter, language, theme)
            page.evaluate(SAY_AT_HOME, [str(hotline.site_file.parent), AT_HOME])
            screens = dict([PHONE]) if PAGES[name].view else SCREENS
            for width, height in screens.items():
                if width in wanted.screen:
                    page.set_viewport_size({"width": width, "height": height})
                    page.wait_for_timeout(300)
                    file = wanted.to / f"{name}-{language}-{theme}-{width}.png"
                    whole = bool(PAGES[name].view)  # a telephone shows less than there is
                    keep(page.screenshot(type="png", full_page=whole), COLOURS[width], file)
            page.context.close()
            print(f"{name} {language} {theme}", flush=True)
        people.close()


def opened(
    people: People,
    chromium: Chromium,
    hotline: Hotline,
    picture: Picture,
    call: str,
    matter: Sent,
    language: str,
    theme: str,
) -> Page:
    path = picture.path.format(call=call, case=id_of_call(call), order=SHOWN)
    if picture.view:
        page = chromium.context(theme=theme, language=language, size=PHONE).new_page()
        VIEWS[picture.view].opens(page, hotline.web, language, matter)
    elif picture.told:
        about = {**ABOUT, "name": hotline.tables["hotline"]["name"]}
        desk = Desk(chromium.context(theme=theme, language=language), about=about)
        desk.now = picture.told()
        page = desk.open()
    elif picture.user:
        page = people(picture.user, path, theme=theme, language=language)
    else:
        page = chromium.context(theme=theme, language=language).new_page()
        page.goto(f"{hotline.web}{path}")
    if picture.does:
        button, there = page.locator(picture.does), page.locator(", ".join(picture.there))
        button.or_(there).first.wait_for(timeout=PATIENCE)
        if button.count():
            button.first.click()
    for selector in picture.there:
        page.locator(selector).first.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(SETTLED)
    page.locator(".busy").first.wait_for(state="detached", timeout=PATIENCE)
    return page


def keep(screen: bytes, colours: int, file: Path) -> None:
    """In the few colours that it has; a screen that is as it was leaves its file as it was."""
    palette = f"split[a][b];[a]palettegen=max_colors={colours}[p];[b][p]paletteuse=dither=none"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", "-f", "png_pipe", "-i", "-", "-vf", palette]
    subprocess.run([*command, "-pred", "mixed", "-compression_level", "9", str(file)], input=screen, check=True)


if __name__ == "__main__":
    main()
