"""`make demo-two`: 12345 and 110 side by side, with the same software, and one matter that both work on.

A citizen calls 12345; the operator writes the case and presses one key; 110's officer answers, and the case is on his
side already; he accepts it and says what became of it; 12345 sees that and closes it.

    make demo-two                                   # the story, then both hotlines end
    make demo-two STAY=1                            # … then both stay until Ctrl-C: /desk at each, in a browser
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from ivr.desks import signatures
from ivr.settings import Site, load
from tests.demo import START_SECONDS, ended_whole, healthy
from tests.phones import Phone, Registration

ROOT = Path(__file__).resolve().parents[1]
DESKS = ("12345", "110")
CITIZEN = "13800138000"
WORDS = {
    "zh": {
        "start": "启动 12345 和 110 …",
        "call": "市民 {citizen} 拨打 12345，坐席接听",
        "write": "坐席登记诉求 {number}：{cause}",
        "key": "坐席按 *1：一键转接 110，诉求同时送达",
        "there": "诉求已在 110 的屏幕上（转接后 {seconds:.1f} 秒），市民正与接警员通话",
        "accept": "110 受理，处置：{words}",
        "back": "12345 看到办理结果，办结；双方的诉求完全一致（{events} 条记录）",
        "trace": "平台间的消息：",
        "stay": "两边继续运行，按 Ctrl-C 结束。用浏览器登录（初始密码，首次登录须更改）：\n{logins}",
        "login": "  {desk}：{web}/desk   {user} / {password}   电话拨 {sip}，话机地址 {phone}",
    },
    "en": {
        "start": "starting 12345 and 110 …",
        "call": "the citizen {citizen} calls 12345, an operator answers",
        "write": "the operator writes the case {number}: {cause}",
        "key": "the operator presses *1: the call goes to 110, and the case with it",
        "there": "the case is on 110's screen ({seconds:.1f} s after the key), the citizen talks with the officer",
        "accept": "110 accepts it and says what it did: {words}",
        "back": "12345 sees it and closes the case; both hold the same ({events} events)",
        "trace": "what the desks told each other:",
        "stay": "both go on until Ctrl-C. By a browser (first passwords, changed at the first login):\n{logins}",
        "login": "  {desk}: {web}/desk   {user} / {password}   a telephone at {phone} calls {sip}",
    },
}
PATIENCE = 30.0  # seconds

T = TypeVar("T")


class Desk:
    """One of the two hotlines."""

    def __init__(self, desk: str, folder: Path) -> None:
        self.desk, self.var, self.file = desk, folder / "var", folder / "hotline.toml"
        self.var.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._secrets = self.var / "credentials.toml"
        if not self._secrets.exists():
            self._secrets.touch(0o600)
            self._secrets.write_text(f'[exchange]\nkey = "{signatures.new_private()}"\n', encoding="utf-8")
        self._up: subprocess.Popen[bytes] | None = None
        self.site: Site

    @property
    def secrets(self) -> dict[str, Any]:
        return tomllib.loads(self._secrets.read_text(encoding="utf-8"))

    @property
    def public_key(self) -> str:
        return signatures.public_text(self.secrets["exchange"]["key"])

    def settle(self, keys: dict[str, str]) -> None:
        """Write the site's file with the other desk's key in it."""
        text = (ROOT / f"examples/two/{self.desk}.toml").read_text(encoding="utf-8")
        for desk, key in keys.items():
            text = text.replace(f"@{desk}@", key)
        self.file.write_text(text, encoding="utf-8")
        self.site = load(self.file, self.var)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "ivr", "--site", str(self.file), "--var", str(self.var), *arguments]

    def start(self) -> None:
        self._up = subprocess.Popen(self.command("up"), cwd=ROOT, stdout=subprocess.DEVNULL)

    def wait_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not healthy(self.site):
            if self._up is None or self._up.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{self.desk} did not start; what it said stands above and in {self.var}/log")
            time.sleep(0.2)

    def stop(self) -> None:
        if self._up is not None:
            self._up.send_signal(signal.SIGINT)
            self._up.wait(30)

    def phone(self, ip: str, tone: str) -> Phone:
        number = next(iter(self.site.operators))
        server = f"{self.site.listen.sip.host}:{self.site.listen.sip.port}"
        registration = Registration(server, number, self.secrets["operators"][number])
        phone = Phone(number, ip=ip, tone=tone, register=registration)  # type: ignore[arg-type]
        phone.on_call("answer")
        return phone

    def api(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(f"{self.site.web_url}/api/v1/{path}", method=method)
        request.add_header("Authorization", f"Bearer {self.secrets['api']['token']}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def act(self, case: str, kind: str, **data: str) -> None:
        self.api("POST", f"cases/{case}/events", {"kind": kind, "data": data})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--var", type=Path, default=ROOT / "var/two")
    parser.add_argument("--language", choices=sorted(WORDS), default="zh")
    parser.add_argument("--stay", action="store_true", help="both go on running afterwards, until Ctrl-C")
    options = parser.parse_args()
    words = WORDS[options.language]
    print(words["start"], flush=True)
    with ended_whole(), both(options.var) as (city, police):
        play(city, police, words)
        print(f"\n{words['trace']}\n", flush=True)
        subprocess.run(city.command("exchange", "trace"), cwd=ROOT, check=True)
        if options.stay:
            logins = "\n".join(login(desk, words["login"]) for desk in (city, police))
            print(f"\n{words['stay'].format(logins=logins)}", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    return 0


@contextlib.contextmanager
def both(folder: Path) -> Iterator[tuple[Desk, Desk]]:
    city, police = (Desk(desk, folder / desk) for desk in DESKS)
    for one in (city, police):
        one.settle({other.desk: other.public_key for other in (city, police)})
    try:
        city.start()
        city.wait_healthy()  # the very first start fetches what both need
        police.start()
        police.wait_healthy()
        yield city, police
    finally:
        for one in (city, police):
            one.stop()


def play(city: Desk, police: Desk, words: dict[str, str]) -> None:
    """The story; each line is printed as it happens."""
    started = time.monotonic()

    def tell(key: str, **values: Any) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {words[key].format(**values)}", flush=True)

    server = city.site.listen.sip
    with (
        city.phone("127.0.45.21", "operator") as operator,
        police.phone("127.0.110.21", "110"),
        Phone(CITIZEN, ip="127.0.45.11", tone="caller") as citizen,
    ):
        time.sleep(6)  # Asterisk looks every 5 s which routes answer
        citizen.call(f"sip:12345@{server.host}:{server.port}", from_user=CITIZEN)
        citizen.wait_heard("operator", timeout=PATIENCE)
        tell("call", citizen=CITIZEN)
        call = seen(lambda: next(iter(city.api("GET", "live")["calls"]), None))
        written = {"cause": "楼下有人打架", "place": "和平路 1 号"}
        case = city.api("POST", f"calls/{call['id']}/case", {"kind": "written", "data": written})["case"]
        tell("write", number=case["number"], cause=written["cause"])
        time.sleep(2)
        tell("key")
        pressed = time.monotonic()
        operator.dtmf("*1")
        seen(lambda: police.api("GET", f"cases?number={case['number']}")["cases"])
        seconds = time.monotonic() - pressed
        citizen.wait_heard("110", timeout=PATIENCE)
        tell("there", seconds=seconds)
        operator.wait_for("disconnected", timeout=PATIENCE)
        police.act(case["id"], "accepted")
        police.act(case["id"], "handled", result="dispatched", words="已派两名民警到场")
        tell("accept", words="已派两名民警到场")
        seen(lambda: city.api("GET", f"cases/{case['id']}")["case"]["state"] == "handled")
        citizen.hangup()
        city.act(case["id"], "closed")
        events = seen(lambda: same(city, police, case["id"]))
        tell("back", events=events)


def login(desk: Desk, words: str) -> str:
    """How somebody with a browser takes the place of this desk's operator."""
    site, user = desk.site, next(number for number, one in desk.site.operators.items() if one.transport == "wss")
    sip = f"sip:{site.hotline.number}@{site.listen.sip.host}:{site.listen.sip.port}"
    trunk = next(iter(site.trunks.values()))
    known = {"desk": desk.desk, "web": site.web_url, "user": user, "password": desk.secrets["passwords"][user]}
    return words.format(**known, sip=sip, phone=trunk.match[0])


def same(city: Desk, police: Desk, case: str) -> int:
    """How many events both hold; 0 where they are not equal."""
    found = [one.api("GET", f"cases/{case}")["case"]["history"] for one in (city, police)]
    said = [{(event["origin"], event["seq"], event["kind"]) for event in history} for history in found]
    return len(said[0]) if said[0] == said[1] else 0


def seen(look: Callable[[], T]) -> T:
    """Look until something is there."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        if time.monotonic() > deadline:
            raise SystemExit("it never came; see `ivr exchange status` and the logs")
        time.sleep(0.05)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
