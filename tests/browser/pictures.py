"""Pictures of every page for docs/img: in Chinese and English, light and dark, on three screens.

    python -m tests.browser.pictures [--only desk]

A real hotline is started; one caller talks with an operator, another waits, earlier calls are in the log.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.browser.chromium import Chromium
from tests.browser.conftest import People
from tests.browser.inside import is_inside
from tests.pbx.hotline import Hotline
from tests.pbx.running import ROOT

SCREENS = ((1366, 768), (1920, 1080), (3840, 2160))
QUALITY = {1366: 75, 1920: 65, 3840: 40}  # of JPEG, by the screen's width
SETTLED = 1500  # ms until a page has asked and shown everything
IMAGES = ROOT / "docs/img"


@dataclass(frozen=True)
class Picture:
    user: str | None  # None: nobody is logged in
    path: str
    does: str = ""  # the button to press first, by its kind in the page


PAGES: Mapping[str, Picture] = {
    "login": Picture(None, "/login"),
    "desk-day": Picture("1002", "/desk"),
    "desk-talk": Picture("1001", "/desk", ".desk-day button.primary, .daycheck button.primary, form button.primary"),
    "room": Picture("supervisor", "/room"),
    "room-big": Picture("supervisor", "/room?big=1"),
    "calls": Picture("supervisor", "/calls"),
    "call": Picture("supervisor", "/calls/{call}"),
    "admin-dialplans": Picture("dialplans", "/admin/dialplans"),
    "admin-prompts": Picture("dialplans", "/admin/prompts"),
    "admin-notices": Picture("dialplans", "/admin/notices"),
    "admin-audit": Picture("auditor", "/admin/audit"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="pages whose names begin so, for example: --only admin")
    only = parser.parse_args().only
    if not is_inside():
        unshare = shutil.which("unshare") or sys.exit("unshare is needed: apt-get install util-linux")
        again = [sys.executable, "-c", "from tests.browser import inside, pictures; inside.bring_up(); pictures.main()"]
        os.execv(unshare, [unshare, "-n" if os.geteuid() == 0 else "-rn", "--", *again, *sys.argv[1:]])
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder, Chromium() as chromium:
        hotline = Hotline(Path(folder), {"accounts": {"totp": []}})
        try:
            take(hotline.start(), chromium, only)
        finally:
            hotline.stop()


def take(hotline: Hotline, chromium: Chromium, only: str) -> None:
    """One file a page, language, theme and screen."""
    operator, police = hotline.operator("1001"), hotline.desk("110")
    first = hotline.caller("13900139001")
    hotline.talk(first, operator)
    operator.dtmf("*1")
    police.wait_for("confirmed")
    time.sleep(4)
    first.hangup()
    before = hotline.call_of(first.name)
    citizen, waiting = hotline.caller("13800138000"), hotline.caller("13700137000")
    hotline.talk(citizen, operator)
    operator.dtmf("*3")
    police.wait_for("confirmed")
    waiting.call(hotline.uri, from_user=waiting.name)
    IMAGES.mkdir(parents=True, exist_ok=True)
    names = [name for name in PAGES if name.startswith(only)]
    for language, theme in itertools.product(("zh", "en"), ("light", "dark")):
        people = People(chromium, hotline)
        for name in names:
            picture = PAGES[name]
            path = picture.path.format(call=before.id)
            page = people(picture.user, path, theme=theme, language=language) if picture.user else None
            if page is None:
                page = chromium.context(theme=theme, language=language).new_page()
                page.goto(f"{hotline.web}{path}")
            page.wait_for_timeout(SETTLED)
            if picture.does and page.locator(picture.does).count():
                page.locator(picture.does).first.click()
                page.wait_for_timeout(SETTLED)
            for width, height in SCREENS:
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_timeout(300)
                file = IMAGES / f"{name}-{language}-{theme}-{width}.jpg"
                page.screenshot(path=file, type="jpeg", quality=QUALITY[width])
            print(f"{name} {language} {theme}", flush=True)
        people.close()


if __name__ == "__main__":
    main()
