"""Journal records of made-up calls, as Asterisk would write them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from tests.unit.stories import EIGHT

MARK = "m0123456789abcdef01234567"


def record(
    event: str,
    at: datetime,
    channel: str,
    uniqueid: str,
    linkedid: str,
    extra: dict[str, str] | None = None,
    num: str = "",
) -> bytes:
    """One CEL record. `+NAME` is a user event, `extra` its query string."""
    user = event[1:] if event.startswith("+") else ""
    query = "&".join(f"{key}={value}" for key, value in (extra or {}).items())
    fields = [
        "USER_DEFINED" if user else event,
        at.strftime("%Y-%m-%d %H:%M:%S.%f"),
        num, "", "12345", "entry", channel, "Queue", "q-general",
        f"{MARK}-{uniqueid}", f"{MARK}-{linkedid}", "", user,
        json.dumps({"extra": query} if user else extra) if extra else "",
    ]  # fmt: skip
    return (",".join('"' + field.replace('"', '""') + '"' for field in fields) + "\n").encode()


def call_id(n: int) -> str:
    return f"{n:08x}-0000-4000-8000-000000000000"


def call(n: int, start: datetime | None = None, caller: str = "13800138000", transferred: bool = False) -> list[bytes]:
    """A caller is greeted, waits, talks with an operator for a minute, and (`transferred`) with 110 too."""
    begin = start or EIGHT + timedelta(seconds=n)
    epoch, id = 1795334400 + n, call_id(n)
    a, b, c = f"{epoch}.{4 * n}", f"{epoch}.{4 * n + 1}", f"{epoch}.{4 * n + 2}"
    names = {
        a: f"PJSIP/trunk-public-{4 * n:08x}",
        b: f"PJSIP/1001-{4 * n + 1:08x}",
        c: f"PJSIP/desk-110-{4 * n + 2:08x}",
    }
    bridge = {"bridge_id": f"b-{n}", "bridge_technology": "simple_bridge"}

    def said(seconds: float, event: str, who: str, extra: dict[str, str] | None = None) -> bytes:
        return record(event, begin + timedelta(seconds=seconds), names[who], who, a, extra, caller if who == a else "")

    rows = [
        said(0, "CHAN_START", a),
        said(
            0.001,
            "+CALL",
            a,
            {"id": id, "number": "12345", "caller": caller, "trunk": "trunk-public", "language": "zh"},
        ),
        said(0.002, "+LEG", a, {"call": id, "role": "caller", "party": caller}),
        said(0.003, "ANSWER", a),
        said(0.004, "+RECORDING", a, {"file": f"{id}/{a}.wav"}),
        said(0.005, "+STEP", a, {"call": id, "step": "greeting", "value": "zh"}),
        said(3, "+STEP", a, {"call": id, "step": "queue", "value": "general"}),
        said(3.001, "APP_START", a),
        said(4, "CHAN_START", b),
        said(4.001, "+LEG", b, {"call": id, "role": "operator", "party": "1001"}),
        said(6, "ANSWER", b),
        said(6.001, "+RECORDING", b, {"file": f"{id}/{b}.wav"}),
        said(6.002, "BRIDGE_ENTER", b, bridge),
        said(6.003, "BRIDGE_ENTER", a, bridge),
    ]
    if transferred:
        rows += [
            said(
                20,
                "+TRANSFER_ASK",
                b,
                {"id": f"t-{n}", "call": id, "target": "110", "mode": "transfer", "trigger": "key"},
            ),
            said(20.01, "+TRANSFER_DIAL", b, {"id": f"t-{n}", "call": id, "route": "1", "uri": "sip:110@127.0.0.110"}),
            said(20.02, "CHAN_START", c),
            said(20.03, "+LEG", c, {"call": id, "role": "desk", "party": "110"}),
            said(25, "ANSWER", c),
            said(25.01, "BRIDGE_ENTER", c, bridge),
            said(25.02, "+TRANSFER_JOINED", c, {"id": f"t-{n}", "call": id, "route": "1", "leg": f"{MARK}-{c}"}),
            said(28, "+TRANSFER_END", b, {"id": f"t-{n}", "call": id, "result": "completed"}),
            said(28.001, "BRIDGE_EXIT", b, bridge),
            said(28.002, "HANGUP", b, {"hangupcause": "16", "hangupsource": "", "dialstatus": ""}),
            said(28.003, "CHAN_END", b),
        ]
    last = c if transferred else b
    return [
        *rows,
        said(66, "BRIDGE_EXIT", a, bridge),
        said(66.001, "HANGUP", a, {"hangupcause": "16", "hangupsource": names[a], "dialstatus": "ANSWER"}),
        said(66.002, "CHAN_END", a),
        said(66.003, "BRIDGE_EXIT", last, bridge),
        said(66.004, "HANGUP", last, {"hangupcause": "16", "hangupsource": "", "dialstatus": ""}),
        said(66.005, "CHAN_END", last),
        said(66.006, "LINKEDID_END", last),
    ]


def interleaved(*calls: list[bytes]) -> list[bytes]:
    """Records of several calls as the journal has them: by time."""
    return sorted((row for rows in calls for row in rows), key=lambda row: row.split(b'","', 2)[1])
