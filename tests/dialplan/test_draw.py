"""A picture of a call's way: true to the dialplan, in words, and safe to show."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from ivr import settings
from ivr.calls.ladder_text import cells
from ivr.calls.model import Call
from ivr.calls.model import Step as CallStep
from ivr.calls.projection import project
from ivr.cli import app
from ivr.dialplan import draw_svg, draw_text, draw_words, pictures, source
from ivr.dialplan.draw_layout import LayoutError, lay_out
from ivr.dialplan.draw_model import Arrow, Box, Drawing, Item, Kind, Way
from ivr.dialplan.draw_traffic import ENDED, TALKED, Traffic, with_traffic, writers
from ivr.dialplan.pictures import Wish
from ivr.dialplan.traffic import PeriodError, days, of_days
from ivr.dialplan.versions import Version
from ivr.pbx.programs import Program
from ivr.settings import Site
from ivr.store import Store
from tests.replay.streams import STREAMS, rows

ROOT = Path(__file__).parents[2]
CORE = ROOT / "dialplans/core"
LANGUAGES = ("zh", "en")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def site() -> Site:
    return settings.load(ROOT / "hotline.toml", Path("/tmp/none"))


@pytest.fixture(scope="module", params=LANGUAGES)
def public(request: pytest.FixtureRequest, site: Site) -> Drawing:
    """A citizen's call to the sandbox site."""
    return pictures.of_site(site, Path("/nowhere"), Wish(request.param), [])


@pytest.fixture(scope="module")
def english(site: Site) -> tuple[Drawing, Mapping[str, frozenset[str]]]:
    """The same in English, and which context writes which step of the call log."""
    written = writers(source.read(sorted(CORE.glob("*.conf"))))
    return pictures.of_site(site, Path("/nowhere"), Wish("en")), written


def drawn(tmp_path: Path, text: str, *starts: str, language: str = "en", everything: bool = False) -> Drawing:
    file = tmp_path / "one.conf"
    file.write_text(text, encoding="utf-8")
    return pictures.of_files([file], Wish(language, starts or ("in",), everything))


def ways(drawing: Drawing) -> set[tuple[str, str, str, str]]:
    return {(arrow.source, arrow.target, str(arrow.way), " / ".join(arrow.words)) for arrow in drawing.arrows}


def test_given_branches_and_a_menu_when_drawn_then_each_way_has_its_reason_in_words(tmp_path: Path) -> None:
    drawing = drawn(
        tmp_path,
        "; The shop answers.\n"
        "[in]\n"
        "exten => s,1,Answer()\n"
        ' same => n,GotoIf($["${OPEN}"="no"]?closed,s,1)\n'
        " same => n,Background(hello)\n"
        " same => n,WaitExten(5)\n"
        "exten => 1,1,Goto(sales,s,1)\n"
        "exten => t,1,Goto(sales,s,1)\n"
        " same => n(set),Set(OPEN=no)\n"
        "[closed]\n"
        "exten => s,1,Playback(closed)\n"
        " same => n,Hangup(17)\n"
        "[sales]\n"
        "exten => s,1,Dial(PJSIP/sales,20)\n"
        " same => n,Hangup()\n",
    )
    assert {
        ("/start", "in", "go", ""),
        ("in", "closed", "go", "OPEN is no"),
        ("in", "sales", "go", "key 1 / time is up"),
    } <= ways(drawing)
    boxes = drawing.by_id()
    assert boxes["in"].title == "The shop answers"
    assert [item.text for item in boxes["closed"].items] == ["“closed”"]
    assert boxes["closed/ends with a busy tone"].title == "The call ends with a busy tone"
    assert [item.text for item in boxes["sales"].items] == ["calls PJSIP/sales, rings for 20 s"]
    assert boxes["in"].marks == ("no call comes to line 9",)


def test_given_dead_ends_when_drawn_then_they_are_marked(tmp_path: Path) -> None:
    drawing = drawn(
        tmp_path,
        "[in]\nexten => s,1,GotoIf(${A}?nowhere,s,1)\n same => n,Playback(hello)\n[lost]\nexten => s,1,Hangup()\n",
    )
    assert set(drawing.by_id()["in"].marks) == {
        "line 2 leads to a place that is not there; the caller is cut off",
        "dead end: nothing follows line 3; the caller is cut off",
    }
    assert ("in", "in/is cut off", "go", "A / no A") in ways(drawing)


def test_given_a_site_context_that_nothing_leads_to_when_drawn_then_it_stands_there_marked(
    site: Site, tmp_path: Path
) -> None:
    own = tmp_path / "own.conf"
    own.write_text(
        "; 周末值班\n[site-weekend]\nexten => s,1,Return()\n[other]\nexten => s,1,Return()\n", encoding="utf-8"
    )
    drawing = pictures.of_site(site, tmp_path, Wish("zh"), [own])
    boxes = drawing.by_id()
    assert "other" not in boxes
    assert (boxes["site-weekend"].kind, boxes["site-weekend"].title) == (Kind.SITE, "周末值班")


OWN = """
; 停电通知
[site-before-greeting]
exten => s,1,GotoIfTime(18:00-8:00,*,*,*?night)
 same => n,Return()
 same => n(night),Playback(please-wait)
 same => n,Goto(site-power,s,1)
; 停电报修
[site-power]
exten => s,1,Background(menu)
 same => n,WaitExten(5)
exten => 1,1,Set(GO_TO_TARGET=110)
 same => n,Return()
exten => t,1,Return()
; 通话结束后
[site-after-call]
exten => s,1,Return()
; 自有号码
[site-number-96110]
exten => s,1,Return()
"""


def test_given_hooks_of_the_sites_when_drawn_then_they_stand_where_core_asks_for_them(
    site: Site, tmp_path: Path
) -> None:
    (tmp_path / "own.conf").write_text(OWN, encoding="utf-8")
    drawing = pictures.of_site(site, tmp_path, Wish("en"), [tmp_path / "own.conf"])
    assert {
        ("greeting", "site-before-greeting", "hook", ""),
        ("site-before-greeting", "site-power", "go", "18:00-8:00"),
        ("/site-after-call", "site-after-call", "go", ""),
        ("own-number", "site-number-96110", "hook", ""),
    } <= ways(drawing)
    boxes = drawing.by_id()
    assert {boxes[name].kind for name in ("site-before-greeting", "site-power", "site-after-call")} == {Kind.SITE}
    assert not [box.id for box in drawing.boxes if box.marks]
    assert [item.text for item in boxes["site-power"].items][-1] == "asks for 110 Police"
    assert boxes["/start"].title == "Somebody dials 12345 or 96110"
    assert boxes["/site-after-call"].title == "After the call"
    stories = {
        ("site-before-greeting", "greeting", "queue", TALKED, "site-after-call", ENDED): 4,
        ("greeting", "queue"): 1,
    }
    counted = with_traffic(drawing, {"greeting": {"greeting"}, "queue": {"waiting"}}, Traffic(stories, "then"))
    for target in ("site-before-greeting", "site-after-call", "after-talk/end"):
        assert [arrow.calls for arrow in counted.arrows if arrow.target == target] == [4], target


def test_given_what_the_entrance_sets_when_drawn_then_ways_that_it_rules_out_are_not_there(site: Site) -> None:
    citizen = pictures.of_site(site, Path("/nowhere"), Wish("en"))
    desk = pictures.of_site(site, Path("/nowhere"), Wish("en", ("entry-desk",)))
    assert "own-number" not in citizen.by_id(), "only another number leads there"
    words = {word for arrow in citizen.arrows for word in arrow.words}
    assert not [word for word in words if "neighbour" in word], "this site has none"
    assert "“Hello" in citizen.by_id()["greeting"].items[0].text
    assert "greeting-key" in citizen.by_id()
    assert "greeting-key" not in desk.by_id(), "whom a desk hands over hears no greeting"


def test_given_the_sites_own_words_when_drawn_then_they_come_before_the_products(site: Site, tmp_path: Path) -> None:
    (tmp_path / "own.conf").write_text("[site-x]\nexten => s,1,Return()\n")
    (tmp_path / "words.toml").write_text('[contexts]\ngreeting = {zh = "我市问候", en = "Our greeting"}\n')
    drawing = pictures.of_site(site, tmp_path, Wish("zh"), [tmp_path / "own.conf"])
    assert drawing.by_id()["greeting"].title == "我市问候"


def test_given_wrong_words_when_drawn_then_the_file_and_name_are_told(site: Site, tmp_path: Path) -> None:
    (tmp_path / "own.conf").write_text("[site-x]\nexten => s,1,Return()\n")
    (tmp_path / "words.toml").write_text('[contexts]\ngreeting = "hello"\n')
    with pytest.raises(draw_words.WordsError, match=r"words\.toml: greeting: expected"):
        pictures.of_site(site, tmp_path, Wish("zh"), [tmp_path / "own.conf"])


def test_given_core_when_drawn_then_a_call_comes_to_a_person_the_queue_and_the_emergency_target(
    public: Drawing,
) -> None:
    kinds = {box.id: box.kind for box in public.boxes}
    reached, waiting = {"/start"}, ["/start"]
    while waiting:
        here = waiting.pop()
        fresh = {arrow.target for arrow in public.arrows if arrow.source == here} - reached
        reached |= fresh
        waiting += fresh
    assert reached == set(kinds), "every box of a citizen's call is reached by arrows from its start"
    assert {"waiting/operator", "alone/target", "greeting", "screened"} <= reached
    assert ("greeting", "waiting") in {(arrow.source, arrow.target) for arrow in public.arrows}
    assert [arrow.way for arrow in public.arrows if (arrow.source, arrow.target) == ("waiting", "emergency")] == [
        Way.KEY
    ]


def test_given_core_when_drawn_then_all_of_it_is_in_words(public: Drawing) -> None:
    """No variable, no expression, no name of a context where a person reads; in Chinese, Chinese."""
    told = [
        *(box.title for box in public.boxes),
        *(item.text for box in public.boxes for item in box.items),
        *(words for arrow in public.arrows for words in arrow.words),
    ]
    raw = [text for text in told if re.search(r"[${}_=]|[A-Z]{4,}", text)]
    assert not raw
    if public.language == "zh":
        assert not [text for text in told if not re.search(r"[\u4e00-\u9fff]", text)]
    assert not [mark for box in public.boxes for mark in box.marks]


def test_given_the_products_words_then_each_is_of_something_that_core_has() -> None:
    words = tomllib.loads((ROOT / "dialplans/words.toml").read_text(encoding="utf-8"))
    text = "".join(path.read_text(encoding="utf-8") for path in CORE.glob("*.conf"))
    plan = source.read(sorted(CORE.glob("*.conf")))
    rendered = {"own-numbers", "own-keys"}  # from the names of the site's contexts
    assert not set(words["contexts"]) - set(plan.contexts) - rendered, "words of contexts that are gone"
    assert not set(plan.contexts) - set(words["contexts"]), "contexts without words"
    assert not [condition for condition in words["conditions"] if condition not in text]
    assert not [step for step in words["steps"] if f"step={step}&" not in text and f"({step.upper()}," not in text]
    variables = [name for name in words["when"] if f"${{{name}}}" not in text and f"Set({name}=" not in text]
    gone = [name for name in variables if not re.search(rf"\b{re.escape(name)}\b", text)]
    assert not gone, "dialplans/words.toml has words of variables that core reads no more"


@pytest.mark.parametrize("language", LANGUAGES)
def test_given_everything_when_drawn_then_helper_legs_are_there_too(site: Site, language: str) -> None:
    folded = pictures.of_site(site, Path("/nowhere"), Wish(language))
    whole = pictures.of_site(site, Path("/nowhere"), Wish(language, everything=True))
    assert {"transfer-leg", "record", "ringback"} <= set(whole.by_id()) - set(folded.by_id())


def test_given_a_layout_then_no_box_covers_another_and_every_arrow_touches_its_boxes(public: Drawing) -> None:
    layout = lay_out(public)
    for one, other in combinations(layout.boxes, 2):
        apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
        apart_y = one.y + one.height <= other.y or other.y + other.height <= one.y
        assert apart_x or apart_y, f"{one.box.id} and {other.box.id}"
    places = {placed.box.id: placed for placed in layout.boxes}
    for arrow in layout.arrows:
        for point, name in ((arrow.line[0], arrow.arrow.source), (arrow.tip, arrow.arrow.target)):
            box = places[name]
            assert box.x - 3 <= point[0] <= box.x + box.width + 3, name
            assert box.y - 3 <= point[1] <= box.y + box.height + 3, name


def test_given_chinese_words_then_their_box_is_wide_enough() -> None:
    text = "您好，政务服务便民热线正在为您转接人工"
    drawing = Drawing("", "zh", (Box("a", Kind.CORE, text, "a", items=(Item("says", text),)),), ())
    (placed,) = lay_out(drawing).boxes
    assert placed.width >= len(text) * 13, "a Chinese letter of 13 px is 13 px wide"


def test_given_stories_of_calls_when_laid_on_a_picture_then_each_arrow_has_its_calls(public: Drawing) -> None:
    plan = source.read(sorted(CORE.glob("*.conf")))
    stories = {
        ("greeting", "queue", TALKED, ENDED): 40,
        ("greeting", "queue"): 5,  # left while waiting
        ("greeting", "key", "emergency_key", "alone", TALKED, ENDED): 1,
        ("greeting", "key", "emergency_key", TALKED, "alone", ENDED): 1,  # answered before the prompt's end
        ("screened", ENDED): 3,
        ("greeting", "queue", TALKED, "requeued", "queue", TALKED, ENDED): 1,
        ("of a dialplan that is gone",): 1,
    }
    counted = with_traffic(public, writers(plan), Traffic(stories, "then"))
    ways = {(arrow.source, arrow.target): arrow.calls for arrow in counted.arrows}
    assert ways["/start", "entry-public"] == 51
    assert ways["entry", "greeting"] == 48
    assert ways["greeting", "waiting"] == 46
    assert ways["waiting", "waiting/operator"] == 41
    assert ways["requeue", "waiting"] == 1
    assert ways["greeting-key", "emergency"] == 2
    assert ways["alone", "alone/target"] == 2
    assert ways["after-talk", "alone"] == 0
    assert ways["screening", "screened"] == 3
    assert ways["waiting", "emergency"] == 0
    boxes = counted.by_id()
    assert (boxes["waiting"].calls, boxes["screened"].calls, boxes["drain"].calls) == (46, 3, 0)
    assert counted.note.endswith("then: 52")
    text = draw_svg.draw(counted)
    assert "× 46" in text
    assert text.count('class="flow"') == len([arrow for arrow in counted.arrows if arrow.calls])


@pytest.mark.parametrize("name", STREAMS)
def test_given_recorded_calls_when_laid_on_a_picture_then_every_step_of_theirs_has_its_place(
    english: tuple[Drawing, Mapping[str, frozenset[str]]], name: str
) -> None:
    drawing, written = english
    for call in project(rows(name)):
        steps = tuple(step.step for step in call.steps)
        boxes = with_traffic(drawing, written, Traffic({steps: 1}, "then")).by_id()
        for step in steps:
            places = [boxes[context] for context in written.get(step, ()) if context in boxes]
            assert not places or any(box.calls for box in places), step


async def test_given_a_call_log_when_a_day_is_asked_for_then_its_calls_are_told_as_stories(tmp_path: Path) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    entered = datetime(2026, 11, 26, 0, 0, 1, tzinfo=zone)

    def call(id: str, outcome: str, talked: int | None, *steps: tuple[int, str]) -> Call:
        told = tuple(CallStep(id, entered + timedelta(seconds=at), *step.split("=")) for at, step in steps)
        answered = None if talked is None else entered + timedelta(seconds=talked)
        ended = entered + timedelta(seconds=60)
        return Call(id, "12345", "138", entered, "n", answered, ended, outcome, steps=told)

    store = Store(f"sqlite+aiosqlite:///{tmp_path}/calls.db")
    await store.open()
    try:
        await store.save(
            [
                call("a", "answered", 9, (0, "greeting="), (4, "hook=before-queue:ok"), (5, "queue=q")),
                call("b", "abandoned", None, (0, "greeting=zh"), (5, "queue=q")),
                replace(call("c", "answered", 9), entered_at=entered - timedelta(seconds=2)),
            ]
        )
        found = await of_days(store, date(2026, 11, 26), date(2026, 11, 27), zone, "then")
    finally:
        await store.close()
    assert found.stories == {("greeting", "site-before-queue", "queue", TALKED, ENDED): 1, ("greeting", "queue"): 1}


def test_given_words_for_days_then_they_are_understood_or_refused() -> None:
    today = date(2026, 11, 27)
    assert days("yesterday", today) == (date(2026, 11, 26), today)
    assert days("2026-11-20..2026-11-22", today) == (date(2026, 11, 20), date(2026, 11, 23))
    for wrong in ("", "tomorrow", "2026-11-22..2026-11-20", "2026-13-01"):
        with pytest.raises(PeriodError):
            days(wrong, today)


def test_given_a_dialplan_of_thousands_of_steps_when_drawn_then_it_is_drawn(tmp_path: Path) -> None:
    """Long rows of branches, contexts that each call the next one twice, a context that calls itself."""
    number = "${CALLERID(num)}"
    row = "".join(f' same => n,ExecIf($["{number}"="{at}"]?Set(A={at}))\n' for at in range(3000))
    twice = "".join(
        f"[c{at}]\nexten => s,1,Gosub(c{at + 1},s,1)\n same => n,Gosub(c{at + 1},s,1)\n same => n,Return()\n"
        for at in range(60)
    )
    itself = f"[c60]\nexten => s,1,GosubIf({number}?c60,s,1)\n same => n,Return()\n"
    first = f"[in]\nexten => s,1,Answer()\n{row} same => n,Gosub(c0,s,1)\n same => n,Goto(out,s,1)\n"
    drawing = drawn(tmp_path, f"{first}{twice}{itself}[out]\nexten => s,1,Hangup()\n")
    assert ("in", "out/end", "go", "") in ways(drawing)
    assert "c7" not in drawing.by_id(), "a context that only comes back is folded"


@pytest.mark.parametrize(
    "file", sorted((ROOT / "tests/dialplan/corpus/sound").glob("*.conf")), ids=lambda file: file.stem
)
def test_given_a_sound_dialplan_when_drawn_then_nobody_is_cut_off_in_it(site: Site, file: Path) -> None:
    """Together with the files beside it: what one lacks another may have."""
    drawing = pictures.of_site(site, Path("/nowhere"), Wish("en"), [file])
    assert not [mark for box in drawing.boxes for mark in box.marks if "cut off" in mark]


def test_given_another_asterisks_dialplan_when_drawn_then_every_door_of_it_is_a_beginning(tmp_path: Path) -> None:
    (tmp_path / "extensions.conf").write_text(
        "[general]\n[phones]\nexten => 1,1,Goto(menu,s,1)\n[trunk]\nexten => s,1,Goto(menu,s,1)\n"
        "[menu]\nexten => s,1,Playback(hello)\n same => n,Hangup()\n"
    )
    drawing = pictures.of_files([tmp_path / "extensions.conf"], Wish("en"))
    assert {target for source, target, *_ in ways(drawing) if source == "/start"} == {"phones", "trunk"}
    code, said = run(str(tmp_path / "extensions.conf"), "--language", "en")
    assert (code, "A call comes in" in said) == (0, True)


def test_given_files_without_any_context_when_drawn_then_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "extensions.conf").write_text("[general]\n")
    code, said = run(str(tmp_path / "extensions.conf"), "--language", "zh")
    assert (code, said.strip()) == (2, "这些文件里没有任何段，无图可画")


HOSTILE = "<script>alert(1)</script>&\"'--><svg onload=x>\u202e\x07"


def test_given_hostile_names_when_drawn_as_svg_then_they_are_text_and_nothing_else() -> None:
    boxes = (
        Box(HOSTILE, Kind.CORE, HOSTILE, HOSTILE, items=(Item("says", HOSTILE),), marks=(HOSTILE,)),
        Box("b];x[", Kind.END, HOSTILE),
    )
    drawing = Drawing(HOSTILE, "en", boxes, (Arrow(HOSTILE, "b];x[", Way.KEY, (HOSTILE,)),), HOSTILE)
    root = ElementTree.fromstring(draw_svg.draw(drawing))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "text", "g", "path", "polygon"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]


def test_given_a_picture_as_svg_then_it_is_whole_by_itself_and_told_to_a_screen_reader(public: Drawing) -> None:
    text = draw_svg.draw(public)
    root = ElementTree.fromstring(text)
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)|@font-face", text)
    assert "prefers-color-scheme: dark" in text
    groups = [one for one in root.iter(f"{SVG}g") if one.get("role") == "img"]
    assert len(groups) == len(public.boxes) + len(public.arrows)
    assert all(one.findtext(f"{SVG}title") for one in groups)
    assert str(ROOT) not in text, "no path of this machine"
    style = re.sub(r"\{[^{}]*\}", "", root.findtext(f"{SVG}style") or "").replace(
        "@media (prefers-color-scheme: dark) {", ""
    )
    selectors = [one.strip() for one in re.split(r"[,\n}]", style) if one.strip()]
    assert all(one.startswith(".picture") for one in selectors), "in a page it leaves the page's own looks alone"


@pytest.mark.parametrize("width", [40, 72, 130])
def test_given_a_width_when_drawn_in_a_terminal_then_no_line_is_wider(public: Drawing, width: int) -> None:
    lines = draw_text.draw(public, width, ROOT).splitlines()
    assert max(map(cells, lines)) <= width
    numbers = {int(found[1]) for line in lines if (found := re.match(r" {0,2}(\d+)  ", line))}
    told = {int(one) for line in lines for one in re.findall(r"→ (\d+) ", line)}
    assert told <= numbers


def test_given_hostile_names_when_drawn_in_a_terminal_then_they_move_no_cursor() -> None:
    drawing = Drawing(HOSTILE, "en", (Box(HOSTILE, Kind.CORE, HOSTILE, HOSTILE, marks=(HOSTILE,)),), (), HOSTILE)
    text = draw_text.draw(drawing, 80)
    assert "\x07" not in text
    assert "\u202e" not in text


def run(*words: str, var: Path = Path("/nowhere")) -> tuple[int, str]:
    start = ["--site", str(ROOT / "hotline.toml"), "--var", str(var)]
    done = CliRunner().invoke(app, [*start, "dialplan", "draw", *words])
    return done.exit_code, done.output


def test_given_the_command_when_asked_for_svg_then_the_file_holds_the_picture(tmp_path: Path) -> None:
    file = tmp_path / "way.svg"
    code, said = run("--svg", str(file), "--language", "zh")
    assert (code, said) == (0, "")
    assert "市民来电" in file.read_text(encoding="utf-8")


def test_given_the_command_when_asked_for_json_then_boxes_and_arrows_come() -> None:
    code, said = run("--json", "--language", "en", "--from", "emergency")
    assert code == 0
    told = json.loads(said)
    assert {"emergency", "alone", "waiting"} <= {box["id"] for box in told["boxes"]}
    assert {"source", "target", "way", "words", "calls"} == set(told["arrows"][0])


def test_given_a_context_that_is_not_there_when_drawn_then_the_command_says_which_are() -> None:
    code, said = run("--from", "nowhere", "--language", "en")
    assert code == 2
    assert "no context nowhere; there are:" in said
    assert "entry-public" in said


@pytest.mark.parametrize(("file", "language"), [("dialplan.svg", "en"), ("dialplan.zh.svg", "zh")])
def test_given_the_projects_page_then_its_picture_is_what_the_command_draws(
    site: Site, file: str, language: str
) -> None:
    drawing = pictures.of_site(site, Path("/nowhere"), Wish(language), [])
    there = ElementTree.parse(ROOT / "docs" / file).getroot()
    told = [one.findtext(f"{SVG}title") for one in there.iter(f"{SVG}g") if one.get("class", "").startswith("box")]
    mend = f"core has changed: ivr dialplan draw --language {language} --svg docs/{file}"
    assert [str(title).split(" · ")[0] for title in told] == [box.title for box in drawing.boxes], mend


def test_given_no_path_to_a_layout_program_when_it_fails_then_the_error_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ivr.pbx.programs.dot", lambda: Program(Path(os.devnull)))
    with pytest.raises(LayoutError, match="could not lay the picture out"):
        lay_out(Drawing("", "en", (Box("a", Kind.CORE, "a"),), ()))


def test_given_a_published_version_when_drawn_then_its_own_core_and_files_are(tmp_path: Path) -> None:
    version = tmp_path / "dialplans/7"
    for kind, text in (
        (
            "core",
            "[entry-public]\nexten => 12345,1,Goto(old,s,1)\n[old]\nexten => s,1,Playback(x)\n same => n,Hangup()\n",
        ),
        ("site", "; as it was\n[site-old]\nexten => s,1,Return()\n"),
    ):
        (version / kind).mkdir(parents=True)
        (version / kind / "one.conf").write_text(text)
    made = {field.name: "" for field in fields(Version)} | {"number": 7}
    (version / "version.json").write_text(json.dumps(made))
    (tmp_path / "dialplans/current").symlink_to("7")
    for wanted in ("7", "current"):
        code, said = run("--json", "--published", wanted, var=tmp_path)
        assert code == 0
        assert [box["id"] for box in json.loads(said)["boxes"]] == [
            "/start",
            "entry-public",
            "old",
            "old/end",
            "site-old",
        ]
    code, said = run("--published", "6", var=tmp_path)
    assert (code, "no version 6" in said) == (2, True)
    code, said = run("--published", "last", var=tmp_path)
    assert (code, "there are: 7" in said) == (2, True)
