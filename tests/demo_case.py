"""`make demo-case`: one matter without a call, from the public page to the citizen's "it is done", in the sandbox.

A citizen writes on /report; the operator answers and gives a work order; the department signs for it, does it and sends
a photograph; the operator asks the citizen what he thinks of it and closes the case. Two matters more are left as they
are, to be worked on by whoever looks around: one waits for its first answer, one for the department.

    make demo-case                                  # against the running sandbox, or one that is started for it
    .venv/bin/python -m tests.demo_case --language en
"""

from __future__ import annotations

import argparse
import io
import json
import re
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from ivr.credentials import new_password
from ivr.settings import load
from tests import demo

ROOT = demo.ROOT
CITIZEN, USER, DEPARTMENT = "13800138000", "liming", "chengguan"
MATTERS = (
    {
        "text": "路灯连着三盏不亮，老人晚上出门看不清路",
        "place": "朝阳路 3 号院门前",
        "name": "王女士",
        "phone": CITIZEN,
    },
    {"text": "井盖裂成两半，有人差点跌落", "place": "建国路 8 号院东门", "name": "赵先生", "phone": "13900139000"},
    {"text": "小区门口摊贩占道，孩子上学绕行机动车道", "place": "解放路 88 号", "phone": "13700137000"},
)
WORDS = {
    "zh": {
        **{key: demo.WORDS["zh"][key] for key in ("start", "wait")},
        "form": "市民在公众页 {web}/report 提交诉求，得到编号 {number}",
        "answer": "坐席答复市民，并派发工单给{department}，限 {due} 前办结",
        "sign": "{department}的李明签收工单",
        "done": "李明办结工单，附一张照片",
        "called": "坐席回访：市民满意，诉求办结",
        "progress": "市民在公众页用手机号和编号查询，看到：{step}",
        "now": (
            "\n接下来可以看：\n"
            "  {web}/cases/{case}   这件诉求的全部经过（1002、2001 或 admin 登录）\n"
            "  {web}/cases   一件诉求在等待首次答复\n"
            "  {web}/orders   一张工单待签收：以 {user} 登录，密码 {password}\n"
            "  {web}/report/progress   市民查询：{citizen}，{number}"
        ),
    },
    "en": {
        **{key: demo.WORDS["en"][key] for key in ("start", "wait")},
        "form": "a citizen writes on {web}/report and is given the number {number}",
        "answer": "the operator answers him, and gives a work order to {department}, to be done by {due}",
        "sign": "Li Ming of {department} signs for it",
        "done": "Li Ming reports that it is done, with a photograph",
        "called": "the operator calls the citizen back: satisfied; the case is closed",
        "progress": "the citizen asks the public page, by telephone and case number, and reads: {step}",
        "now": (
            "\nWhat to look at now:\n"
            "  {web}/cases/{case}   all of this case (log in as 1002, 2001 or admin)\n"
            "  {web}/cases   another one waits for its first answer\n"
            "  {web}/orders   a work order waits to be signed for: log in as {user}, password {password}\n"
            "  {web}/report/progress   what a citizen may ask: {citizen}, {number}"
        ),
    },
}


class Refused(SystemExit):
    """The hotline did not do it; its own words say why."""


class Client:
    """One person's requests: by the administrator's token, or in a login of his own (cookie and CSRF token)."""

    def __init__(self, web: str, token: str = "", language: str = "zh") -> None:
        self._web = web
        self._headers = {"Accept-Language": language, **({"Authorization": f"Bearer {token}"} if token else {})}
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data, kind = (body, "image/png") if isinstance(body, bytes) else (json.dumps(body).encode(), "application/json")
        return json.loads(self._sent(method, f"/api/v1/{path}", None if body is None else data, kind))

    def form(self, path: str, fields: dict[str, str]) -> str:
        data = urllib.parse.urlencode(fields).encode()
        return self._sent("POST", path, data, "application/x-www-form-urlencoded").decode()

    def page(self, path: str) -> str:
        return self._sent("GET", path).decode()

    def log_in(self, user: str, first: str, own: str) -> None:
        """With the first password, which is replaced at once."""
        session = self.ask("POST", "session", {"user": user, "password": first})["session"]
        self._headers["X-CSRF-Token"] = session["csrf"]
        self.ask("PUT", "session/password", {"old": first, "new": own})

    def _sent(self, method: str, path: str, data: bytes | None = None, kind: str = "") -> bytes:
        headers = {**self._headers, **({"Content-Type": kind} if data is not None else {})}
        try:
            with self._open.open(urllib.request.Request(self._web + path, data, headers, method=method)) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as refusal:
            raise Refused(f"{method} {path}: {refusal.code} {refusal.read().decode()[:500]}") from None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=ROOT / "hotline.toml")
    parser.add_argument("--var", type=Path, default=ROOT / "var")
    parser.add_argument("--language", choices=sorted(WORDS), default="zh")
    options = parser.parse_args()
    site, words = load(options.site, options.var), WORDS[options.language]
    with demo.ended_whole(), demo.running(site, options.site, options.var, words):
        token = tomllib.loads((options.var / "credentials.toml").read_text(encoding="utf-8"))["api"]["token"]
        department = site.departments[DEPARTMENT].name[options.language]
        play(site.web_url, token, department, options.language)
    return 0


def play(web: str, token: str, department: str, language: str = "zh") -> None:
    """The story; each line is printed as it happens."""
    started, words = time.monotonic(), WORDS[language]
    desk, citizen, worker = Client(web, token), Client(web, language=language), Client(web)

    def tell(key: str, **values: Any) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {words[key].format(web=web, **values)}", flush=True)

    number, unsigned, _ = (written(citizen, matter) for matter in MATTERS)
    tell("form", number=number)
    case = case_of(desk, number)
    act(desk, case, "responded", words="您反映的路灯问题已转城市管理部门，三天内答复您。")
    order = ordered(desk, case, "010101")
    tell("answer", department=department, due=order["due"][:10])
    password = new_password()
    worker.log_in(USER, first_password(desk), password)
    worker.ask("POST", f"orders/{order['id']}/acts", {"kind": "order_signed"})
    tell("sign", department=department)
    name = urllib.parse.quote("修好了.png")
    file = worker.ask("POST", f"orders/{order['id']}/files?name={name}", picture())["file"]
    done = {"result": "solved", "words": "更换三盏灯泡，已亮灯", "files": [file]}
    worker.ask("POST", f"orders/{order['id']}/acts", {"kind": "order_done", "data": done})
    tell("done")
    act(desk, case, "called_back", reached=True, satisfied="yes", words="当晚就亮了，谢谢")
    act(desk, case, "handled", result="solved", words="三盏路灯已修复")
    act(desk, case, "closed")
    tell("called")
    tell("progress", step=progress_of(citizen, number))
    other = case_of(desk, unsigned)
    act(desk, other, "responded", words="已请城市管理部门先放围挡，再修复。")
    ordered(desk, other, "010103")
    said = {"web": web, "case": case, "user": USER, "password": password, "citizen": CITIZEN, "number": number}
    print(words["now"].format(**said), flush=True)


def written(citizen: Client, matter: dict[str, str]) -> str:
    """What the page answers: the case's number."""
    token = found(r'name="token" value="([^"]+)"', citizen.page("/report"))
    return found(r'id="number">([^<]+)<', citizen.form("/report", {"token": token, **matter}))


def progress_of(citizen: Client, number: str) -> str:
    return found(r'id="step">([^<]+)<', citizen.form("/report/progress", {"number": CITIZEN, "case": number}))


def case_of(desk: Client, number: str) -> str:
    return str(desk.ask("GET", f"cases?number={number}")["cases"][0]["id"])


def act(desk: Client, case: str, kind: str, **data: Any) -> dict[str, Any]:
    return dict(desk.ask("POST", f"cases/{case}/events", {"kind": kind, "data": data})["case"])


def ordered(desk: Client, case: str, code: str) -> dict[str, Any]:
    """Whom it goes to and until when, its class says."""
    act(desk, case, "written", class_code=code)
    return dict(act(desk, case, "ordered")["orders"][-1])


def first_password(desk: Client) -> str:
    """Of the department's person; a new one where he was here before."""
    if any(account["user"] == USER for account in desk.ask("GET", "accounts")["accounts"]):
        return str(desk.ask("PATCH", f"accounts/{USER}", {"password_reset": True})["password"])
    wanted = {"user": USER, "name": "李明", "roles": ["department"], "department": DEPARTMENT}
    return str(desk.ask("POST", "accounts", wanted)["password"])


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    if match is None:
        raise Refused(f"the page has no {pattern}:\n{page}")
    return match.group(1)


def picture() -> bytes:
    """The lamp, lit at night."""
    night, kept = Image.new("RGB", (640, 400), "#16202f"), io.BytesIO()
    pen = ImageDraw.Draw(night)
    pen.rectangle((0, 330, 640, 400), fill="#2b3442")
    pen.polygon([(320, 90), (190, 330), (450, 330)], fill="#4d4a3a")
    pen.rectangle((316, 90, 324, 330), fill="#7c8794")
    pen.ellipse((290, 50, 350, 110), fill="#ffe08a")
    night.save(kept, "PNG")
    return kept.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
