"""A scratch Asterisk: says what it thinks of a draft, is kept warm, takes turns, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr import processes, settings
from ivr.dialplan import scratch_run
from ivr.dialplan.findings import Finding
from ivr.dialplan.load import load
from ivr.dialplan.said import asterisk_says
from ivr.dialplan.scratch import scratch, stop
from ivr.pbx import render, state
from ivr.processes import Process
from ivr.settings import Site
from tests.pbx.running import eventually

ROOT = Path(__file__).parents[2]
CORE = render.DIALPLANS / "core"
BROKEN = """\
[site-before-greeting]
exten => s,1,NoOp(never closed
 same => n,Return()
exten => s,2,NoOp(again)
exten => s,hello,NoOp()
exten 7
include => site-missing
 same => n(twice),NoOp()
 same => n(twice),NoOp()
"""


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    asyncio.run(stop(tmp_path))


@pytest.fixture
def site(var: Path) -> Site:
    return settings.load(ROOT / "hotline.toml", var)


def says(site: Site, var: Path, text: str) -> list[Finding]:
    draft = var / "draft.conf"
    draft.write_text(text, encoding="utf-8")
    return asterisk_says(site, var, CORE, [draft], load(site, var, CORE, [draft]))


def running(var: Path) -> Process:
    """The scratch Asterisk itself."""
    here = scratch_run.folders(var)[0]
    found = processes.left_running(Path(state.read(here).run_dir) / "asterisk.pid", str(here / "etc/asterisk.conf"))
    assert found is not None
    return found


def test_given_a_broken_draft_when_asterisk_is_asked_then_each_warning_stands_at_its_line(
    site: Site, var: Path
) -> None:
    found = says(site, var, BROKEN)
    assert {one.line for one in found} >= {2, 4, 5, 6, 7, 9}
    assert {one.code for one in found} == {"asterisk-says"}
    assert {one.file for one in found} == {var / "draft.conf"}
    assert all(one.message["zh"] and one.mend["zh"] and "{" not in one.mend["en"] for one in found)


def test_given_a_warm_asterisk_when_another_draft_is_checked_then_the_same_one_answers_and_the_old_draft_is_gone(
    site: Site, var: Path
) -> None:
    assert says(site, var, BROKEN)
    first = running(var).pid
    assert says(site, var, "[site-after-call]\nexten => s,1,Return()\n") == []
    assert running(var).pid == first

    async def asked() -> str:
        async with scratch(site, var) as one:
            return await one.command("dialplan show")

    loaded = asyncio.run(asked())
    assert "'site-after-call'" in loaded
    assert "'site-before-greeting'" not in loaded


def test_given_no_asterisk_that_starts_when_it_is_asked_then_a_note_says_why(
    site: Site, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_TOOLS", str(var / "nothing"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("ivr.pbx.fetch.on_path", lambda: None)
    (note,) = says(site, var, BROKEN)
    assert (note.code, note.severity) == ("asterisk-not-asked", "note")
    assert str(var / "nothing") in note.message["en"]


def test_given_more_users_than_asterisks_when_all_want_one_then_each_has_one_for_himself(
    site: Site, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch_run, "LANES", 2)
    inside: list[Path] = []

    async def user(two_at_once: asyncio.Event) -> None:
        async with scratch(site, var) as one:
            assert one.var not in inside
            inside.append(one.var)
            assert len(inside) <= 2
            if len(inside) == 2:
                two_at_once.set()
            await asyncio.wait_for(two_at_once.wait(), 60)
            await asyncio.sleep(0.1)  # that the others come meanwhile, if they can
            inside.remove(one.var)

    async def all_of_them() -> None:
        two_at_once = asyncio.Event()
        await asyncio.gather(*(user(two_at_once) for _ in range(4)))

    asyncio.run(all_of_them())
    assert inside == []


def test_given_a_killed_user_or_keeper_when_time_passes_then_no_asterisk_is_left(
    site: Site, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch_run, "IDLE", 1.0)
    says(site, var, BROKEN)  # who asked is gone now, and never says so
    idle = running(var)
    eventually(lambda: not idle.alive, 30, lambda: "an idle scratch Asterisk runs on")
    says(site, var, BROKEN)
    orphan, keeper = running(var), scratch_run.keeper(scratch_run.folders(var)[0])
    assert keeper is not None
    os.kill(keeper.pid, signal.SIGKILL)
    eventually(lambda: not orphan.alive, 30, lambda: "a scratch Asterisk outlives its killed keeper")


def test_given_another_settings_file_when_it_is_asked_again_then_it_starts_anew(
    site: Site, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch_run, "LANES", 1)
    says(site, var, BROKEN)
    first = running(var).pid
    other = var / "hotline.toml"
    text = (ROOT / "hotline.toml").read_text(encoding="utf-8").replace("ring = 20", "ring = 21")
    other.write_text(text, encoding="utf-8")
    says(settings.load(other, var), var, BROKEN)
    assert running(var).pid != first
