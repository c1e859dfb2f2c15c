"""A site for tests: loopback addresses that no other test run uses, free ports, short times; and TOML from a dict."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Table = Mapping[str, Any]

# Two runs on one machine have different process ids, so each has a piece of 127.0.0.0/8 of its own.
NET = f"127.{20 + os.getpid() // 200 % 200}.{os.getpid() % 200}"
SERVER, CALLERS, OPERATORS = f"{NET}.1", f"{NET}.11", f"{NET}.21"
ROUTES = {"110": (f"{NET}.110", f"{NET}.112"), "119": (f"{NET}.119",), "120": (f"{NET}.120",), "gas": (f"{NET}.130",)}


def free_port(kind: socket.SocketKind, host: str) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def site(changes: Table | None = None) -> dict[str, Any]:
    """The tables of a test site, `changes` laid over them (None removes a key)."""

    def at(host: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> str:
        return f"{host}:{free_port(kind, host)}"

    def target(key: str, zh: str, en: str, **more: Any) -> dict[str, Any]:
        routes = [f"sip:{key}@{at(ip, socket.SOCK_DGRAM)}" for ip in ROUTES[key]]
        return {"name": {"zh": zh, "en": en}, "routes": routes, "ring": 4, "stay": 2, **more}

    tables = {
        "hotline": {
            "number": "12345",
            "name": {"zh": "12345政务服务便民热线", "en": "12345 Government Service Hotline"},
            "greeting": False,  # five seconds a test
        },
        "listen": {
            "sip": at(SERVER, socket.SOCK_DGRAM),
            "rtp": "20000-29999",
            "web": at("127.0.0.1"),
            "ami": at("127.0.0.1"),
            "agi": at("127.0.0.1"),
        },
        "database": {"url": "sqlite+aiosqlite:///{var}/ivr.db"},
        "queue": {"ring": 6},
        "screening": {"calls": 0, "at_once": 0},  # the tests' callers have few numbers and call often
        "trunks": {"public": {"match": [CALLERS], "contact": f"sip:{CALLERS}:5060"}},
        "targets": {
            "110": target(
                "110",
                "110报警服务台",
                "110 Police",
                match=list(ROUTES["110"]),
                emergency=True,
                keys={"transfer": "*1", "conference": "*3", "consult": "*5"},
                desk_keys={"hand_back": "*9", "pull_in": "*8"},
            ),
            "119": target("119", "119消防", "119 Fire", emergency=True, keys={"transfer": "*71", "conference": "*73"}),
            "120": target("120", "120急救", "120 Ambulance", emergency=True, keys={"conference": "*83"}),
            "gas": target("gas", "燃气公司", "Gas", role="department", keys={"transfer": "*91", "blind": "*94"}),
            "survey": {
                "name": {"zh": "满意度调查", "en": "Survey"},
                "flow": "survey",
                "keys": {"suspend": "*98"},
            },
            "progress": {
                "name": {"zh": "办理进展查询", "en": "Progress"},
                "flow": "progress",
                "keys": {"suspend": "*97"},
            },
        },
        "operators": [
            {"number": "1001", "name": "一号坐席", "skills": ["general"]},
            {"number": "1002", "name": "二号坐席", "skills": ["general"]},
            {"number": "1003", "name": "三号坐席", "skills": ["english"]},
        ],
    }
    return laid_over(tables, changes or {})


def laid_over(under: Table, over: Table) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = laid_over(merged[key], value)
        else:
            merged[key] = value
    return merged


def to_toml(tables: Table) -> str:
    """TOML of plain tables, strings, numbers, lists; lists of tables at the top only."""
    return "\n".join(_lines(tables, ()))


def _lines(table: Table, path: Sequence[str]) -> Iterator[str]:
    def is_tables(value: Any) -> bool:
        return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)

    for key, value in table.items():
        if not isinstance(value, Mapping) and not is_tables(value):
            yield f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}"
    for key, value in table.items():
        where = ".".join(map(_key, (*path, key)))
        if isinstance(value, Mapping):
            yield f"\n[{where}]"
            yield from _lines(value, (*path, key))
        elif is_tables(value):
            for row in value:
                yield f"\n[[{where}]]"
                yield from _lines(row, (*path, key))


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
