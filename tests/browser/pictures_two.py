"""Pictures of both desks side by side for docs/img: a call that is handed over, and three who talk about who accepts.

python -m tests.browser.pictures_two [--to DIR]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import imageio_ffmpeg
from playwright.sync_api import expect

from tests.browser.chromium import Chromium
from tests.browser.desks import begin, call_in
from tests.browser.inside import is_inside
from tests.browser.pictures import IMAGES, SETTLED
from tests.browser.two_desks import SITES, Desks, both_read, choose_class, opened, press, write
from tests.pbx.sites import laid_over

LOOKS = (("zh", "light"), ("en", "dark"))
COLOURS = 64
NAMED = {"12345": [("1001", "张敏")], "110": [("2001", "李警官")]}
SLOW = {  # nobody's limit ends while a picture is taken
    desk: {
        "desk": {"decide_seconds": 300},
        "operators": [{"number": number, "name": name, "transport": "wss"} for number, name in people],
    }
    for desk, people in NAMED.items()
}
LOOK = """async ([language, theme]) => {
  (await import("/static/shell/words.js")).setLanguage(language);
  (await import("/static/shell/theme.js")).setTheme(theme);
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=IMAGES)
    wanted = parser.parse_args()
    if not is_inside():
        unshare = shutil.which("unshare") or sys.exit("unshare is needed: apt-get install util-linux")
        begin_inside = "from tests.browser import inside, pictures_two; inside.bring_up(); pictures_two.main()"
        alone = "-n" if os.geteuid() == 0 else "-rn"
        os.execv(unshare, [unshare, alone, "--", sys.executable, "-c", begin_inside, *sys.argv[1:]])
    wanted.to.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="pictures-") as folder,
        Chromium() as chromium,
        opened(chromium, Path(folder) / "sites", laid_over(SITES, SLOW)) as desks,
    ):
        for page in (desks.city, desks.police):
            begin(page)
        play(desks, Path(folder), wanted.to)


def play(desks: Desks, folder: Path, to: Path) -> None:
    city, police = desks.city, desks.police
    citizen = desks.sites.city.caller()
    since = call_in(desks.sites.city, citizen, city)
    write(city, name="王女士", place="朝阳路 12 号院 3 单元", cause="楼上住户深夜打架，有人喊救命")
    choose_class(city, "0802")
    city.keyboard.press("Alt+Shift+1")
    expect(police.locator(".case-coming")).to_contain_text("朝阳路")
    take(desks, folder, to / "two-desks-ringing")
    police.keyboard.press("F2")
    citizen.wait_who({"operator", "110"}, since=since)
    both_read(desks, ".case-negotiation", "尚未提出")
    press(city, "110 受理")
    expect(police.locator(".case-negotiation")).to_contain_text("对方受理")
    take(desks, folder, to / "two-desks-talk")
    citizen.hangup()
    citizen.wait_for("disconnected")


def take(desks: Desks, folder: Path, name: Path) -> None:
    """12345 on the left, 110 on the right, as each looks now."""
    for language, theme in LOOKS:
        shots = []
        for page in (desks.city, desks.police):
            page.evaluate(LOOK, [language, theme])
            page.wait_for_timeout(SETTLED)
            shots.append(folder / f"{len(shots)}.png")
            page.screenshot(path=shots[-1])
            page.evaluate(LOOK, ["zh", "light"])
        made = name.with_name(f"{name.name}-{language}-{theme}.png")
        side_by_side = f"[0][1]hstack,split[a][b];[a]palettegen=max_colors={COLOURS}[p];[b][p]paletteuse=dither=none"
        inputs = [word for shot in shots for word in ("-i", str(shot))]
        ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", *inputs]
        subprocess.run(
            [*ffmpeg, "-filter_complex", side_by_side, "-pred", "mixed", "-compression_level", "9", str(made)],
            check=True,
        )
        print(made)


if __name__ == "__main__":
    main()
