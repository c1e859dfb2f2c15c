"""Which targets answer, as Asterisk's console says it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.doctor_targets import targets
from ivr.settings import Site, Target, load

FIRST, SECOND = "sip:110@127.97.143.110:37317", "sip:110@127.97.143.112:44050"
LONG = "sip:120@the-name-of-a-platform-that-is-longer-than-any-column.city.example:5060"
SAID = """
  Contact:  <Aor/ContactUri..............................> <Hash....> <Status> <RTT(ms)..>
==========================================================================================

  Contact:  desk-110/sip:110@127.97.143.110:37317          7c305b3171 {first}        -nan
  Contact:  desk-110/sip:110@127.97.143.112:44050          1ece4c1350 {second}        -nan
  Contact:  desk-120/sip:120@the-name-of-a-platform-that-i 2f2e2b6d1a Unavail        -nan
  Contact:  trunk-public/sip:127.97.143.11:5060            c5095b8ddf NonQual        -nan

Objects found: 4
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    found = load(Path(__file__).parents[2] / "hotline.toml", tmp_path / "var")
    police = Target("110", {"zh": "110报警服务台", "en": "110 Police"}, (FIRST, SECOND), emergency=True)
    return replace(found, targets={"110": police, "survey": Target("survey", {"zh": "满意度"}, flow="flow-survey")})


@pytest.mark.parametrize(
    ("first", "second", "id", "level", "words"),
    [
        ("Avail", "Avail", "targets", "ok", "every route"),
        ("Unavail", "Avail", "target-110", "warning", f"1 of 2 routes do not answer: {FIRST}"),
        ("Unavail", "Unavail", "target-110", "warning", f"cannot be reached, transfers will fail: {FIRST}, {SECOND}"),
        ("NonQual", "Unknown", "targets", "ok", "every route"),
    ],
)
def test_given_what_the_console_says_then_each_target_that_lost_a_route_is_told(
    site: Site, first: str, second: str, id: str, level: str, words: str
) -> None:
    (finding,) = targets(site, SAID.format(first=first, second=second))
    assert (finding.id, finding.level, words in finding.words["en"]) == (id, level, True), finding


def test_given_a_route_longer_than_the_consoles_column_then_it_is_known_by_its_digest(site: Site) -> None:
    digest = hashlib.md5(LONG.encode(), usedforsecurity=False).hexdigest()[:10]
    long = replace(site, targets={"120": Target("120", {"zh": "120急救"}, (LONG,))})
    said = SAID.format(first="Avail", second="Avail").replace("2f2e2b6d1a", digest)
    (finding,) = targets(long, said)
    assert (finding.id, "120急救" in finding.words["zh"], "120 (120)" in finding.words["en"]) == (
        "target-120",
        True,
        True,
    )


def test_given_a_console_that_says_nothing_then_nothing_is_claimed(site: Site) -> None:
    assert list(targets(site, "")) == []
