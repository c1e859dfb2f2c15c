"""A real Asterisk writes CEL rows as fast as it can while its journal is renamed: no row is lost or doubled."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ivr.calls.rows import COLUMNS, parse
from ivr.pbx import journal
from ivr.pbx.journal import Tail
from tests.pbx.bare import BareAsterisk

CHANNELS, EVENTS = 8, 2000  # rows: their product, and a few for each channel
ROTATE_EVERY = 0.05  # seconds
DIALPLAN = f"""
[numbered]
exten => _X.,1,Set(N=0)
 same => n(next),CELGenUserEvent(NUMBER,id=${{EXTEN}}-${{N}})
 same => n,Set(N=$[${{N}} + 1])
 same => n,GotoIf($[${{N}} < {EVENTS}]?next)
"""


@pytest.fixture
def asterisk(tmp_path: Path) -> Iterator[BareAsterisk]:
    bare = BareAsterisk(tmp_path, DIALPLAN)
    (tmp_path / "etc/cel_custom.conf").write_text(f"[journal.csv]\nformat=dsv\nfields={','.join(COLUMNS)}\n")
    cel = (tmp_path / "etc/cel.conf").read_text()
    (tmp_path / "etc/cel.conf").write_text(cel.replace("apps=dial", "apps=dial\ndateformat=%Y-%m-%d %H:%M:%S.%6q"))
    with (tmp_path / "etc/modules.conf").open("a") as modules:
        modules.write("load=res_clioriginate.so\n")
    try:
        bare.start()
        yield bare
    finally:
        bare.stop()


def burst(asterisk: BareAsterisk, first: int) -> set[str]:
    """Start the channels; the ids of the rows that they will write."""
    extensions = range(first, first + CHANNELS)
    for extension in extensions:
        asterisk.cli(f"channel originate Local/{extension}@numbered application Wait 0.1")
    return {f"{extension}-{n}" for extension in extensions for n in range(EVENTS)}


def ids(records: list[journal.Record]) -> list[str]:
    rows = [parse(record.fields, "hotline") for record in records]
    return [row.extra["id"] for row in rows if row.user_event == "NUMBER"]


def read_until(tail: Tail, wanted: set[str]) -> list[str]:
    """Poll the tail until it has given everything wanted, and then once more."""
    found: list[str] = []
    deadline = time.monotonic() + 60
    while not wanted <= set(found) and time.monotonic() < deadline:
        found += ids(tail.read())
        time.sleep(0.005)
    return found + ids(tail.read())


@contextmanager
def renaming(directory: Path) -> Iterator[None]:
    """Rotate the journal again and again, in a thread of its own."""
    over = threading.Event()

    def rotate() -> None:
        while not over.wait(ROTATE_EVERY):
            journal.rotate(directory)

    thread = threading.Thread(target=rotate)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_given_many_rows_when_the_journal_is_renamed_every_50_ms_then_each_row_comes_once(
    asterisk: BareAsterisk,
) -> None:
    directory = asterisk.journal.parent
    tail = Tail(directory)
    with renaming(directory):
        wanted = burst(asterisk, 100)
        found = read_until(tail, wanted)
    tail.close()
    assert sorted(found) == sorted(wanted)
    assert len(journal.rotated(directory)) >= 5, "the journal was not renamed while rows were written"

    again = Tail(directory)
    reread: list[str] = []
    while records := again.read():
        reread += ids(records)
    again.close()
    assert sorted(reread) == sorted(wanted)


def test_given_asterisk_killed_among_rows_when_it_starts_again_then_the_tail_goes_on(asterisk: BareAsterisk) -> None:
    directory = asterisk.journal.parent
    tail = Tail(directory)
    first = burst(asterisk, 100)
    before = ids(tail.read())
    asterisk.kill()
    journal.rotate(directory)
    asterisk.start()
    second = burst(asterisk, 200)
    found = before + read_until(tail, second)
    tail.close()
    assert len(found) == len(set(found))
    assert second <= set(found) <= first | second
    assert journal.rotated(directory) == [1]
