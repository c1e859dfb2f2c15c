"""The desk's page with a server that says what a test tells it: for what the page does by itself.

The shell, the styles and the scripts are the real files, under the real content policy; only the API's answers, the
stream and the phone in the page are the test's own.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Route, WebSocketRoute

from ivr.web.pages import POLICY, STATIC

ORIGIN = "http://localhost"  # a secure context: locks and microphone are there
ABOUT = {"number": "12345", "name": {"zh": "热线", "en": "Hotline"}, "zone": "Asia/Shanghai", "languages": ["zh", "en"]}
WHO = {
    "user": "1001",
    "name": "张敏",
    "roles": ["operator"],
    "number": "1001",
    "csrf": "token",
    "idle_seconds": 900,
    "must": None,
    "language": "zh",
}
PHONE = """
import { signal } from "/static/vendor/preact.js";
export function createPhone() {
  const did = (act) => (globalThis.acts ??= []).push(act);
  const [state, call, muted, held] = [signal("off"), signal(null), signal(false), signal(false)];
  const phone = { state, call, muted, held, level: signal(0), problem: signal(null),
    async start() { did("start"); state.value = "ready"; },
    async stop() { did("stop"); state.value = "off"; },
    answer() { did("answer"); call.value = { id: "1", state: "up", direction: "in" }; },
    hangup: () => did("hangup"),
    hold(on = !held.value) { did(`hold ${on}`); held.value = on; },
    mute(on) { did(`mute ${on}`); muted.value = on; },
    dtmf: (keys) => did(`dtmf ${keys}`),
    async devices() { return { microphones: [], speakers: [] }; },
    choose: () => did("choose"),
    testTone: () => did("tone"),
  };
  globalThis.phone = phone;
  return phone;
}
"""


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def leg(role: str, party: str, state: str = "up", **more: Any) -> dict[str, Any]:
    known = {"id": f"leg-{party}", "role": role, "party": party, "name": None, "state": state, "since": ago(9)}
    return {**known, "speaking": False, "muted": False, "held": False, "mine": False, **more}


def target(key: str, zh: str, en: str, **more: Any) -> dict[str, Any]:
    known = {"key": key, "name": {"zh": zh, "en": en}, "emergency": key.isdigit(), "role": "desk", "reachable": True}
    modes = ["transfer", "conference", "consult"]
    return {**known, "modes": modes, "critical_contact": None, "keys": {"transfer": f"*{key}"}, **more}


CALLER = leg("caller", "13800138000", speaking=True)
ME = leg("operator", "1001", mine=True)
POLICE = leg("desk", "110", name={"zh": "110报警服务台", "en": "110 Police"})


def transfer(state: str, **more: Any) -> dict[str, Any]:
    known = {"id": f"transfer-{state}", "target": "110", "mode": "conference", "state": state, "since": ago(5)}
    return {**known, "route": 1, "routes": 2, "ring": 20, "reason": None, "result": None, **more}


def call(*legs: dict[str, Any], state: str = "talking", **more: Any) -> dict[str, Any]:
    known = {"id": "call-1", "caller": "13800138000", "region": {"zh": "广东 广州", "en": "Guangzhou"}, "state": state}
    times = {"since": ago(20), "entered_at": ago(40), "waited": 8.0, "language": "zh", "choices": []}
    return {**known, **times, "handed_over_by": None, "requeued": None, "legs": list(legs), "transfer": None, **more}


def view(state: str = "available", call: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    me = {"number": "1001", "name": "张敏", "state": state, "since": ago(60), "reason": None, "skills": ["general"]}
    targets = [
        target("110", "110报警服务台", "110 Police", critical_contact="010-11001100"),
        target("119", "119消防", "119 Fire"),
        target("120", "120急救", "120 Ambulance", reachable=False),
        target("water", "自来水公司", "Water"),
        target("survey", "满意度调查", "Survey", modes=["suspend"]),
    ]
    return {
        "at": ago(0),
        "connected": True,
        "phone": "browser",
        "me": {**me, "wrap_up_until": None, "last_call": None, "last_case": None},
        "call": call,
        "queues": [{"name": "q-general", "skill": "general", "waiting": 2, "longest_since": ago(11)}],
        "targets": targets,
        "pause_reasons": [{"id": "meal", "zh": "用餐", "en": "Meal"}, {"id": "rest", "zh": "休息", "en": "Rest"}],
        "ready_operators": 3,
        **more,
    }


LAMPS = {"code": "010101", "zh": "路灯照明", "en": "Street lamps", "desk": "", "basis": ""}
COURT = {"code": "9001", "zh": "诉讼、仲裁事项", "en": "Litigation", "desk": "", "basis": "国办发〔2020〕53号"}
THEFT = {
    **{"code": "A0103", "desk": "110", "zh": "盗窃、扒窃、入室盗窃", "en": "Theft, burglary", "class_code": "0802"},
    **{"list": "12345-110", "version": "2026-01", "reference": "12345-110/2026-01/A0103"},
    "group": {"zh": "刑事类警情", "en": "Crimes"},
}


def case(matter: dict[str, Any], revision: int = 1, **more: Any) -> dict[str, Any]:
    """The case of the call as the API tells it, as far as the page looks at it."""
    return {
        "id": "case-1",
        "number": "12345-20261127-000001",
        "desk": "12345",
        "first": "12345",
        "state": "open",
        "owners": ["12345"],
        "revision": revision,
        "matter": matter,
        "decision": None,
        "negotiation": None,
        "emergency": None,
        "offers": [],
        "untold": [],
        "others": ["110"],
        "results": {},
        "orders": [],
        "call_backs": [],
        "may": ["written", "emergency"],
        **more,
    }


class Desk:
    """One operator's browser. `orders`: what the page has asked, as (method, path, body, Idempotency-Key)."""

    def __init__(self, context: BrowserContext, checked: bool = True, about: Mapping[str, Any] = ABOUT) -> None:
        self.context, self.about, self.now = context, about, view()
        self.orders: list[tuple[str, str, Any, str | None]] = []
        self.case: dict[str, Any] | None = None  # of the call that runs
        self.away = False  # the server cannot be reached
        self.looks: list[tuple[str, bool]] = []  # what was asked for, and whether somebody was there
        self.loses_answer = False  # to the next words of a case, which it has kept
        self.keeps_answer = False  # to the next question for the case
        self.kept: list[tuple[Route, Any]] = []  # answers that are still to be given
        self.logged_in = True
        self._streams: list[WebSocketRoute] = []
        if checked:
            kept = '{user: "1001", at: Date.now()}'
            keep = f"localStorage.setItem('hotline.desk.checked', JSON.stringify({kept}))"
            context.add_init_script(f"if (location.protocol === 'http:') {keep}")  # an empty page has no storage
        context.route(f"{ORIGIN}/**", self._serve)
        context.route_web_socket("**/api/v1/**", self._stream)

    def open(self) -> Page:
        page = self.context.new_page()
        page.goto(f"{ORIGIN}/desk")
        return page

    def show(self, now: dict[str, Any]) -> None:
        self.now = now
        for stream in self._streams:
            stream.send(json.dumps({"type": "desk", "desk": now}))

    def asked(self, end: str) -> list[tuple[str, Any]]:
        return [(method, body) for method, path, body, _ in self.orders if path.endswith(end)]

    def _stream(self, stream: WebSocketRoute) -> None:
        self._streams.append(stream)
        stream.send(json.dumps({"type": "desk", "desk": self.now}))

    def _serve(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            self._file(route, path.removeprefix("/static/"))
        elif not path.startswith("/api/v1/"):
            about = escape(json.dumps(self.about, ensure_ascii=False))
            body = (STATIC / "index.html").read_text("utf-8").replace("{hotline}", about).replace("{title}", "热线")
            route.fulfill(
                body=body, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY}
            )
        elif self.away:
            route.abort()
        else:
            self._api(route, path.removeprefix("/api/v1"))

    def _file(self, route: Route, name: str) -> None:
        media = mimetypes.guess_type(name)[0] or "text/plain"
        if name == "phone/phone.js":
            route.fulfill(body=PHONE, content_type="text/javascript")
        elif (STATIC / name).is_file():
            route.fulfill(path=STATIC / name, content_type=media)
        else:
            route.fulfill(status=404)

    def _api(self, route: Route, path: str) -> None:
        asked = route.request
        body = asked.post_data_json if asked.post_data else None
        if asked.method == "GET":
            self.looks.append((path, "x-unattended" not in asked.headers))
        else:
            self.orders.append((asked.method, path, body, asked.headers.get("idempotency-key")))
        if not self.logged_in:
            refusal = {"error": {"id": "unauthorized", "message": "log in", "details": {}}}
            return route.fulfill(status=401, json=refusal)
        if path.endswith("/case") and asked.method == "POST" and body is not None:
            known_revision = self.case["revision"] if self.case else 0
            if body["kind"] == "written" and body["revision"] != known_revision:
                refusal = {"error": {"id": "case_changed", "message": "changed", "details": {"fields": {}}}}
                return route.fulfill(status=409, json=refusal)
            words = body["data"] if body["kind"] == "written" else {}
            self.case = case({**(self.case or case({}))["matter"], **words}, known_revision + 1)
            if self.loses_answer:
                self.loses_answer = False
                return route.abort()
        if path.endswith("/case") and asked.method == "GET" and self.keeps_answer:
            self.keeps_answer = False
            return self.kept.append((route, {"case": self.case}))
        known = {
            "/session": {"session": WHO},
            "/desk/phone": {"phone": {"kind": self.now["phone"]}},
            "/calls/call-1/case": {"case": self.case},
            "/cases/classes": {"classes": [LAMPS, COURT]},
            "/scope": {"items": [THEFT]},
            "/calls/call-1/history": {"history": []},
        }
        return route.fulfill(json=known.get(path, {"order": {}}))
