"""How long a month's bulletin takes: `python -m tests.bench.bulletin [--cases 1000000] [--url …]`.

A month of cases is made as the product would make it, and copied over the months before until there are so many: a
bulletin reads rows of cases and handovers, and those alone are copied. Then each case gets a work order, and the caller
of every other one is called back.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from sqlalchemy import Connection, text

from ivr.bulletin.job import job
from ivr.bulletin.made import write
from ivr.settings import load
from ivr.store import Store, tables
from ivr.store.linkage_list import Wanted, listed
from tests.bench.filled import START, fill

A_MONTH = 57_600  # cases of `filled`
GOAL = 10.0  # s
MONTH = "2025-01"
SITE = Path(__file__).parents[2] / "hotline.toml"
MOMENTS = {"case": ("opened_at", "changed_at", "closed_at"), "handover": ("at",), "decision": ("at",)}


def copied(connection: Connection, months: int) -> None:
    sqlite = connection.dialect.name == "sqlite"
    for back in range(1, months):
        days = back * 31
        for name, moments in MOMENTS.items():
            names, shown = [], []
            for column in tables.metadata.tables[name].c:
                plain = f't."{column.name}"'
                if column.name in moments:
                    early = f"strftime('%Y-%m-%d %H:%M:%f000', {plain}, '-{days} days')"
                    plain = early if sqlite else f"{plain} - interval '{days} days'"
                elif column.name in {"id", "case_id"}:
                    plain = f"'{back}-' || {plain}"
                elif column.name == "serial":
                    plain = f"{plain} + {back * 10_000_000}"
                names.append(f'"{column.name}"')
                shown.append(plain)
            mine = "serial <= 10000000" if name == "case" else "substr(case_id, 1, 9) = '00000000-'"
            order = f'INSERT INTO "{name}" ({", ".join(names)}) SELECT {", ".join(shown)} FROM "{name}" t WHERE {mine}'
            connection.execute(text(order))


DEPARTMENTS = 50


def called_back(connection: Connection) -> None:
    copied_from = {"case_id": "id", "case_serial": "serial", "desk": "'12345'", "state": "'done'", "reopened": "0"}
    made = {"joint": "''", "extension": "''", "told_until": "opened_at", "next_at": "NULL"}
    moments = ("at", "since", "sign_by", "yellow_at", "red_at", "due", "signed_at", "done_at", "changed_at")
    kept = ("serial", "id", "number", "class_code", "urgency", "region", "place", "line", "confidential")
    order = {
        **{name: name for name in kept},
        **copied_from,
        **made,
        **dict.fromkeys(moments, "opened_at"),
        "department": f"'department-' || (serial % {DEPARTMENTS})",
    }
    grade = "CASE serial % 20 WHEN 0 THEN 'no' WHEN 2 THEN 'partly' WHEN 4 THEN '' ELSE 'yes' END"
    said = {"case_serial": "serial", "place": "1", "desk": "'12345'", "reached": "serial % 20 <> 4", "satisfied": grade}
    for name, columns, which in (
        ("work_order", order, ""),
        ("call_back", {**said, "at": "opened_at"}, " WHERE serial % 2 = 0"),
    ):
        names = ", ".join(f'"{column}"' for column in columns)
        shown = ", ".join(f'"{one}"' if one in kept else one for one in columns.values())
        connection.execute(text(f'INSERT INTO {name} ({names}) SELECT {shown} FROM "case"{which}'))


async def filled(url: str, cases: int) -> None:
    store = Store(url)
    await store.open()
    await fill(store, min(cases, A_MONTH))
    await store.write(lambda connection: copied(connection, -(-cases // A_MONTH)))
    await store.write(called_back)
    if not url.startswith("sqlite"):
        async with store.transaction() as connection:
            await connection.execute(text("ANALYZE"))
    async with store.reading() as connection:
        count = (await connection.execute(text('SELECT count(*) FROM "case"'))).scalar()
    began = time.perf_counter()
    await listed(store, Wanted(START, START.replace(month=2), state="refused"), 50, 0)
    print(f"{count} cases; the cases behind a figure: {1000 * (time.perf_counter() - began):.0f} ms")
    await store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--url", help="an empty database; without it, a SQLite file that is thrown away")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = given.url or f"sqlite+aiosqlite:///{folder}/ivr.db"
        asyncio.run(filled(url, given.cases))
        site = load(SITE, folder)
        for format in ("pdf", "xlsx"):
            began = time.perf_counter()
            write(job(site, url, folder / f"bulletin.{format}", format, "zh", MONTH))
            took = time.perf_counter() - began
            print(f"{took:8.1f} s  {format}{'' if took <= GOAL else f', above {GOAL:g} s'}")


if __name__ == "__main__":
    main()
