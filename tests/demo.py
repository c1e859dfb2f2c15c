"""`make demo`: one whole story with real SIP phones against the sandbox, then the call's ladder.

A citizen calls 12345; an operator answers; it is a matter for the police: one key, 110's first route is busy, the
second answers; for a moment all three talk, the operator is released, the citizen talks on with 110.

    make demo                                       # against the running sandbox, or one that is started for it
    .venv/bin/python -m tests.demo --language en
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from ivr.settings import Site, load
from ivr.supervisor import keeper_of
from tests.phones import Phone, Registration

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 300.0  # the very first start fetches Asterisk and speaks the prompts
CITIZEN = "13800138000"
LOCALES = {"zh": "zh_CN.UTF-8", "en": "en_US.UTF-8"}

WORDS = {
    "zh": {
        "start": "沙箱没有运行，现在启动 …",
        "wait": "沙箱正在启动，等它就绪 …",
        "call": "市民 {citizen} 拨打 {number}",
        "answer": "坐席 {operator} 接听，双方通话",
        "key": "坐席按 {digits}：一键转接 110（第一线路占线，第二线路接听）",
        "three": "三方通话，随后坐席退出",
        "end": "市民与 110 通话完毕，市民挂机",
        "ladder": "数据库中的记录：",
    },
    "en": {
        "start": "the sandbox is not running, starting it …",
        "wait": "the sandbox is starting, waiting until it is ready …",
        "call": "the citizen {citizen} dials {number}",
        "answer": "operator {operator} answers, they talk",
        "key": "the operator presses {digits}: one-click transfer to 110 (first route busy, second answers)",
        "three": "all three talk, then the operator is released",
        "end": "the citizen and 110 have talked, the citizen hangs up",
        "ladder": "what the database remembers:",
    },
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=ROOT / "hotline.toml")
    parser.add_argument("--var", type=Path, default=ROOT / "var")
    parser.add_argument("--language", choices=sorted(WORDS), default="zh")
    options = parser.parse_args()
    site, words = load(options.site, options.var), WORDS[options.language]
    with ended_whole(), running(site, options.site, options.var, words):
        play(site, options.var, words)
        print(f"\n{words['ladder']}\n", flush=True)
        return show(options.site, options.var, options.language)


@contextlib.contextmanager
def ended_whole() -> Iterator[None]:
    """Whoever ends us by SIGTERM, as `make` does to its children, ends the hotlines that we started too."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def healthy(site: Site) -> bool:
    address = f"http://{site.listen.web.host}:{site.listen.web.port}/healthz"
    with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(address, timeout=2) as answer:
        return bool(answer.status == 200)
    return False


@contextlib.contextmanager
def running(site: Site, site_file: Path, var: Path, words: dict[str, str]) -> Iterator[None]:
    """The sandbox that runs already or is just starting, or one for the time of the story."""
    deadline = time.monotonic() + START_SECONDS
    if not healthy(site) and keeper_of(var / "run"):
        print(words["wait"], flush=True)
        while not healthy(site) and keeper_of(var / "run") and time.monotonic() < deadline:
            time.sleep(0.2)
    if healthy(site):
        yield
        return
    print(words["start"], flush=True)
    up = subprocess.Popen([sys.executable, "-m", "ivr", "--site", str(site_file), "--var", str(var), "up"], cwd=ROOT)
    try:
        while not healthy(site):
            if up.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the sandbox did not start; what it said stands above")
            time.sleep(0.2)
        yield
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(30)


def play(site: Site, var: Path, words: dict[str, str]) -> None:
    """The story; each line is printed as it happens."""
    started = time.monotonic()

    def tell(key: str, **values: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {words[key].format(**values)}", flush=True)

    secrets = tomllib.loads((var / "credentials.toml").read_text(encoding="utf-8"))
    server = f"{site.listen.sip.host}:{site.listen.sip.port}"
    number = next(iter(site.operators))
    target = site.targets["110"]
    trunk = next(iter(site.trunks.values()))
    first, second = (place(route) for route in target.routes[:2])
    with (
        Phone(
            number,
            ip="127.0.0.21",
            tone="operator",
            register=Registration(server, number, secrets["operators"][number]),
        ) as operator,
        Phone("110", ip=first[0], port=first[1], tone="110") as busy,
        Phone("110b", ip=second[0], port=second[1], tone="110") as police,
        Phone(CITIZEN, ip=trunk.match[0], tone="caller") as citizen,
    ):
        operator.on_call("answer")
        busy.on_call("busy")
        police.on_call("answer")
        time.sleep(6)  # Asterisk looks every 5 s which routes answer
        tell("call", citizen=CITIZEN, number=site.hotline.number)
        citizen.call(f"sip:{site.hotline.number}@{server}", from_user=CITIZEN)
        citizen.wait_heard("operator")
        tell("answer", operator=number)
        time.sleep(2)
        tell("key", digits=target.keys["transfer"])
        operator.dtmf(target.keys["transfer"])
        citizen.wait_heard("110")
        tell("three")
        operator.wait_for("disconnected")
        time.sleep(3)
        tell("end")
        citizen.hangup()
        time.sleep(1)


def place(route: str) -> tuple[str, int]:
    """`sip:110@127.0.0.110:5060` → its address and port."""
    host, _, port = route.rpartition("@")[2].partition(":")
    return host, int(port or 5060)


def show(site_file: Path, var: Path, language: str) -> int:
    """The newest call's ladder, once the log has its end."""
    ivr = [sys.executable, "-m", "ivr", "--site", str(site_file), "--var", str(var), "calls"]
    for _ in range(50):
        newest = json.loads(
            subprocess.run([*ivr, "list", "--limit", "1", "--json"], cwd=ROOT, capture_output=True, check=True).stdout
        )
        call = newest["calls"][0] if newest["calls"] else None
        if call and call["ended_at"]:
            told = {**os.environ, "LC_ALL": LOCALES[language]}
            return subprocess.run([*ivr, "show", call["id"]], cwd=ROOT, env=told, check=False).returncode
        time.sleep(0.2)
    print("the call never came into the log; see `ivr doctor`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
