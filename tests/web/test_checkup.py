"""Health as a page asks for it: the doctor's words, once for all who ask, whatever he does."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from ivr.web import checkup
from ivr.web.checkup import CHECKUP, Checkup
from tests.web.house import House

FINDING = '{"id": "disk", "level": "ok", "words": {"zh": "好", "en": "well"}, "mend": null}'
TOLD = f'{{"findings": [{FINDING}], "facts": {{"versions": {{"python": "3"}}}}}}'


def a_checkup(house: House, folder: Path, does: str) -> Checkup:
    """A doctor who notes that he was asked, then `does` what it says."""
    noting = f"import sys, time; open({str(folder / 'asked')!r}, 'a').write('x'); {does}"
    return Checkup(house.services.site, folder, (sys.executable, "-c", noting))


def asked(folder: Path) -> int:
    return len((folder / "asked").read_text())


async def test_given_many_who_ask_at_once_then_the_doctor_looks_once_and_again_when_his_words_are_old(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = a_checkup(house, tmp_path, f"time.sleep(0.2); print({TOLD!r})")
    looks = await asyncio.gather(*(one.look() for _ in range(20)))
    assert (asked(tmp_path), {look["findings"][0]["id"] for look in looks}) == (1, {"disk"})
    assert looks[0]["versions"] == {"python": "3"}
    monkeypatch.setattr(one, "_until", 0.0)
    await one.look()
    assert asked(tmp_path) == 2


@pytest.mark.parametrize(
    ("does", "why"), [("print('no json')", "exit code 0"), ("sys.exit('no such site')", "no such site")]
)
async def test_given_a_doctor_who_cannot_speak_then_that_is_what_is_found(
    house: House, tmp_path: Path, does: str, why: str
) -> None:
    (finding,) = (await a_checkup(house, tmp_path, does).look())["findings"]
    assert (finding["id"], finding["level"], why in finding["words"]["en"]) == ("doctor", "problem", True)


async def test_given_a_doctor_who_hangs_then_he_is_ended_and_it_is_told(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkup, "PATIENCE", 0.5)
    one = a_checkup(house, tmp_path, "time.sleep(600)")
    (finding,) = (await one.look())["findings"]
    assert "0.5 s" in finding["words"]["en"]
    assert one._process is not None
    assert one._process.returncode is not None


async def test_given_the_page_then_it_has_the_doctors_words_and_what_the_controller_knows_itself(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.server._runner.app[CHECKUP], "_command", ("echo", TOLD))
    house.log.lag_seconds = 1.234
    status, told = await house.ask("GET", "/api/v1/health/findings")
    assert (status, told["checkup"]["findings"][0]["words"]["en"]) == (200, "well")
    assert told["checkup"]["journal"] == {"lag_seconds": 1.23, "refused": 0}
    assert {target["key"] for target in told["checkup"]["targets"]} == {"110", "gas", "survey"}
