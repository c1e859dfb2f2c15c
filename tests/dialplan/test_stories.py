"""Stories: read with their errors told at file, line and key; judged by what a trial tells."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr import settings
from ivr.dialplan.model import At
from ivr.dialplan.stories import failures
from ivr.dialplan.story import Must, StoryError, read
from ivr.dialplan.trial_model import Happening, Trial, Wish
from ivr.dialplan.trial_told import as_dict, lines, standing
from ivr.settings import Site

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 27, 1, 30, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return settings.load(ROOT / "hotline.toml", tmp_path)


def told(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "story.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_given_a_whole_story_when_it_is_read_then_every_key_is_taken(site: Site, tmp_path: Path) -> None:
    path = told(
        tmp_path,
        """
[[story]]
name = "one"
from = "02088886666"
press = "1 w5 0*#"
hour = 23
controller = "hung"
operator = "silent"
operator_press = "*1"
desk = {110 = "busy"}
seconds = 12
must = {reaches = ["queue q-general", "operator"], hears = "greeting", within = 3, sets = {N = 1}}

[[story]]
at = "2026-10-01 10:00"
must = {stands = "queue"}
""",
    )
    one, two = read(path, site, NOW)
    zone = ZoneInfo("Asia/Shanghai")
    assert (one.line, one.name, one.wish.caller, one.wish.press) == (2, "one", "02088886666", "1 w5 0*#")
    assert one.wish.at == datetime(2026, 11, 27, 23, 0, tzinfo=zone)
    assert (one.wish.until, one.wish.desks, one.wish.seconds) == ("operator", {"110": "busy"}, 12.0)
    assert one.must == Must(reaches=("queue q-general", "operator"), hears=("greeting",), within=3, sets={"N": "1"})
    assert (two.line, two.name, two.wish.number) == (14, "story:14", "12345")
    assert two.wish.at == datetime(2026, 10, 1, 10, 0, tzinfo=zone)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[story]]\npress = '1 x'\nmust = {stands = 'queue'}", "story.toml:1: press: '1 x'"),
        ("[[story]]\noperator = 'asleep'\nmust = {stands = 'queue'}", "expected free, busy, silent, none"),
        ("[[story]]\nhour = 24\nmust = {stands = 'queue'}", "hour: 24; expected 0 to 23"),
        ("[[story]]\nat = '1.10.2026'\nmust = {stands = 'queue'}", "story.toml:1: at: "),
        ("[[story]]\nlouder = 1\nmust = {stands = 'queue'}", "louder: unknown; known are name, from, to"),
        ("[[story]]\nmust = {reach = 'queue'}", "must: reach: unknown"),
        ("[[story]]\ndesk = {110 = 'away'}\nmust = {stands = 'queue'}", "desk: 110 = 'away'"),
        ("[[story]]\nname = 'nothing'", "a story that cannot fail is no test"),
        ("[story]\nname = 'no list'", r"expected [[story]] tables"),
        ("name = ", "cannot be read"),
    ],
)
def test_given_a_wrong_story_when_it_is_read_then_file_line_and_key_are_named(
    site: Site, tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(StoryError) as wrong:
        read(told(tmp_path, text), site, NOW)
    assert words in wrong.value.message


def step(at: float, place: str, application: str = "NoOp", arguments: str = "", leg: str = "caller") -> Happening:
    more = {"application": application, "arguments": arguments}
    return Happening(at, leg, "step", place, more, At(Path("/city/site.conf"), 7))


TRIAL = Trial(
    Wish(),
    (
        step(0.0, "entry-public,12345,1"),
        Happening(0.1, "caller", "hears", "menu", {"language": "zh", "words": "请按1"}),
        Happening(0.2, "caller", "press", "1"),
        step(0.3, "site-menu,s,1", "Set", "QUEUE=q-english"),
        Happening(0.3, "caller", "set", "QUEUE", {"value": "q-english"}),
        Happening(0.4, "caller", "set", "QUEUE", {"value": "q-general", "before": "q-english"}),
        Happening(0.5, "caller", "hears", "greeting", {"language": "en", "words": "Hello"}),
        Happening(5.0, "caller", "talk", "operator 1001"),
    ),
    ((4.0, "queue q-general"), (5.0, "operator 1001")),
    "operator 1001",
)


@pytest.mark.parametrize(
    "must",
    [
        Must(reaches=("queue q-general", "operator"), within=4.5),
        Must(reaches=("operator 1001",), never_reaches=("desk 110", "hangup")),
        Must(stands="operator"),
        Must(hears=("menu", "en/greeting"), never_hears=("zh/greeting",)),
        Must(passes=("site-menu", "entry-public,12345,1"), never_passes=("site-men", "entry")),
        Must(sets={"QUEUE": "q-english"}),
    ],
)
def test_given_what_must_come_when_it_came_then_nothing_is_said(must: Must) -> None:
    assert list(failures(TRIAL, must)) == []


@pytest.mark.parametrize(
    ("must", "words"),
    [
        (Must(reaches=("desk 110",)), "does not reach desk 110; in the end: operator 1001"),
        (Must(reaches=("operator 100",)), "does not reach operator 100; in the end: operator 1001"),
        (Must(reaches=("queue",), within=3), "reaches queue only after 4.0 s"),
        (Must(never_reaches=("operator",)), "reaches operator at 5.0 s"),
        (Must(stands="operator + desk 110"), "ends at operator 1001, not at operator + desk 110"),
        (Must(stands="queue"), "ends at operator 1001, not at queue"),
        (Must(hears=("survey",)), "does not hear survey; heard: zh/menu, en/greeting"),
        (Must(hears=("greeting", "menu")), "menu is not heard in this order: zh/menu, en/greeting"),
        (Must(never_hears=("greeting",)), "hears greeting"),
        (Must(passes=("site-men",)), "does not pass site-men"),
        (Must(never_passes=("site-menu",)), "passes site-menu"),
        (Must(sets={"QUEUE": "q-x"}), "QUEUE never was q-x; it was: q-english, q-general"),
    ],
)
def test_given_what_must_come_when_it_did_not_then_it_is_said_in_both_languages(must: Must, words: str) -> None:
    (failure,) = failures(TRIAL, must)
    assert failure["en"] == words
    assert failure["zh"] != words


def test_given_a_trial_when_it_is_told_then_steps_have_places_and_prompts_their_words() -> None:
    english = list(lines(TRIAL, "en", Path("/city")))
    assert " 0:00.000  site.conf:7  entry-public,12345,1  NoOp()" in english
    assert ' 0:00.100  ★ hears menu "请按1"' in english
    assert sum("QUEUE = " in line for line in english) == 1  # what a Set says itself is not said again
    assert any("QUEUE = q-general  (was q-english)" in line for line in english)
    assert english[-1] == "In the end the caller talks with operator 1001"
    chinese = list(lines(TRIAL, "zh", Path("/city"), brief=True))
    assert chinese[-1] == "最后：来电人与坐席 1001通话"
    assert not any("entry-public" in line for line in chinese)
    assert any("site-menu,s,1" in line for line in chinese)


def test_given_a_trial_when_it_is_told_to_a_program_then_each_step_has_file_and_line() -> None:
    first = as_dict(TRIAL)["story"][0]
    assert (first["kind"], first["file"], first["line"]) == ("step", "/city/site.conf", 7)


@pytest.mark.parametrize(
    ("place", "zh", "en"),
    [
        ("queue q-general", "在队列 q-general 中等待", "waits in queue q-general"),
        ("hangup 21", "被热线挂断，原因码 21", "hung up by the hotline, cause 21"),
        ("refused 404", "被拒绝，SIP 404", "refused with SIP 404"),
        ("desk 110 + operator 1001", "与联动单位 110、坐席 1001通话", "talks with desk 110 + operator 1001"),
    ],
)
def test_given_a_standing_when_it_is_told_then_both_languages_have_words(place: str, zh: str, en: str) -> None:
    assert (standing(place, "zh"), standing(place, "en")) == (zh, en)
