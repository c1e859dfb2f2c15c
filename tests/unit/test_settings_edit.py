"""hotline.toml changed from a form: what a person wrote stays, and what does not load is never written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import HotlineError
from ivr.settings import edit, kept, load
from ivr.settings.edit import Change, Draft

SANDBOX = Path(__file__).parents[2] / "hotline.toml"
TEXT = SANDBOX.read_text(encoding="utf-8")
FIRE = {"name": {"zh": "119消防", "en": "119 Fire"}, "routes": ["sip:119@127.0.0.119:5060"]}
NINTH = {"number": "1009", "name": "九号坐席", "skills": ["general"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    copy = tmp_path / "hotline.toml"
    copy.write_text(TEXT, encoding="utf-8")
    return copy


def put(file: Path, *changes: Change) -> Draft:
    made = edit.draft(file, file.parent / "var", file.read_text(encoding="utf-8"), changes)
    assert made.problems == ()
    edit.write(file, made.before, made.after)
    return made


def test_given_one_value_when_it_is_changed_then_its_line_alone_is_and_its_comment_stays(file: Path) -> None:
    made = put(file, Change(("targets", "110", "ring"), 25))
    assert made.diff.splitlines() == [
        " [targets.110]",
        "-ring = 20                           # seconds a route",
        "+ring = 25                           # seconds a route",
    ]
    assert load(file, file.parent).targets["110"].ring == 25


def test_given_a_whole_target_when_one_value_in_it_is_other_then_that_line_alone_is_changed(file: Path) -> None:
    target = tomllib.loads(TEXT)["targets"]["110"]
    made = put(file, Change(("targets", "110"), {**target, "stay": 5, "keys": {"transfer": "*1", "conference": "*4"}}))
    lines = made.diff.splitlines()
    assert [line[:5] for line in lines] == [" [tar", "-stay", "+stay", "-keys", "+keys"]
    assert "# pressed by the operator" in lines[4]


def test_given_a_new_operator_and_a_new_target_when_they_are_put_in_then_the_site_has_them(file: Path) -> None:
    put(
        file,
        Change(("operators", "+"), NINTH),
        Change(("targets", "119"), FIRE),
        Change(("queue", "wrap_up"), 20),
        Change(("hours", "weekdays"), ["09:00-12:00", "13:30-17:30"]),
        Change(("hours", "holidays"), {"2026-10-01/2026-10-07": "国庆节"}),
    )
    site = load(file, file.parent)
    assert site.operators["1009"].name == "九号坐席"
    assert site.targets["119"].routes == ("sip:119@127.0.0.119:5060",)
    assert site.queue.wrap_up == 20
    assert site.hours.holidays == {"2026-10-01/2026-10-07": "国庆节"}
    assert "# The sandbox site" in file.read_text(encoding="utf-8")


def test_given_an_operator_when_he_is_renumbered_and_then_taken_out_then_the_others_stand(file: Path) -> None:
    before = set(load(file, file.parent).operators)
    put(file, Change(("operators", "+"), NINTH))
    put(file, Change(("operators", "1009"), {**NINTH, "number": "1010", "name": "十号坐席"}))
    assert load(file, file.parent).operators["1010"].name == "十号坐席"
    put(file, Change(("operators", "1010"), None))
    assert set(load(file, file.parent).operators) == before


def test_given_two_operators_when_they_take_each_others_numbers_then_each_keeps_his_name(file: Path) -> None:
    one, two = tomllib.loads(TEXT)["operators"]
    put(
        file,
        Change(("operators", "1001"), {**one, "number": "1002"}),
        Change(("operators", "1002"), {**two, "number": "1001"}),
    )
    names = {number: operator.name for number, operator in load(file, file.parent).operators.items()}
    assert names == {"1001": two["name"], "1002": one["name"]}


def test_given_an_operator_with_a_comment_when_another_value_of_his_is_changed_then_it_stays(file: Path) -> None:
    operators = tomllib.loads(TEXT)["operators"]
    put(file, Change(("operators", "1002"), {**operators[1], "name": "王芳"}))
    assert 'transport = "wss"                   # this operator' in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (Change(("hours", "sunday"), ["25:00-26:00"]), "hours.sunday"),
        (Change(("targets", "110", "ring"), "soon"), "targets.110.ring"),
        (Change(("targets", "110", "rings"), 20), "targets.110.rings"),
        (Change(("operators", "+"), {**NINTH, "number": "1001"}), "operators[2].number"),
    ],
)
def test_given_a_change_that_does_not_load_when_it_is_tried_then_it_is_named(
    file: Path, change: Change, named: str
) -> None:
    made = edit.draft(file, file.parent, TEXT, [change])
    assert any(problem.startswith(named) for problem in made.problems), made.problems
    assert made.site is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (Change(("database", "url"), "sqlite+aiosqlite:///elsewhere"), "database.url"),
        (Change((), None), "?"),
        (Change(("operators", "4711", "name"), "nobody"), "operators.4711.name"),
        (Change(("operators", "4711"), None), "operators.4711"),
        (Change(("operators", "1001"), "no table"), "operators.1001"),
        (Change(("operators", "1001", "name", "deeper"), "x"), "operators.1001.name.deeper"),
        (Change(("queue",), None), "queue"),
        (Change(("queue", "ring"), None), "queue.ring"),
    ],
)
def test_given_a_path_that_leads_nowhere_when_it_is_tried_then_it_is_named(
    file: Path, change: Change, named: str
) -> None:
    with pytest.raises(HotlineError) as refused:
        edit.draft(file, file.parent, TEXT, [change])
    assert refused.value.status == 422
    assert refused.value.details["key"] == named


def test_given_somebody_was_faster_when_a_change_is_written_then_his_is_told_and_stays(file: Path) -> None:
    made = edit.draft(file, file.parent, TEXT, [Change(("queue", "wrap_up"), 20)])
    file.write_text(TEXT.replace("ring = 20 ", "ring = 30 "), encoding="utf-8")
    with pytest.raises(edit.StaleError) as refused:
        edit.write(file, made.before, made.after)
    assert "+ring = 30" in str(refused.value.details["changed"])
    assert load(file, file.parent).targets["110"].ring == 30
    assert [path.name for path in file.parent.iterdir()] == ["hotline.toml"]


def test_given_a_file_that_others_may_not_read_when_it_is_written_then_they_may_not_read_the_new_one(
    file: Path,
) -> None:
    file.chmod(0o640)
    put(file, Change(("queue", "ring"), 12))
    assert file.stat().st_mode & 0o777 == 0o640


def test_given_a_link_when_what_it_leads_to_is_written_then_it_is_still_a_link(file: Path) -> None:
    link = file.parent / "link.toml"
    link.symlink_to(file.name)
    put(link, Change(("queue", "ring"), 12))
    assert link.is_symlink()
    assert load(file, file.parent).queue.ring == 12


def test_given_a_folder_that_cannot_be_written_when_a_change_is_written_then_the_folder_is_named(file: Path) -> None:
    with pytest.raises(edit.NotWrittenError) as refused:
        edit.write(file.parent / "gone/hotline.toml", TEXT, TEXT)
    assert refused.value.details["folder"] == str(file.parent / "gone")


def test_given_a_secret_beside_a_changed_line_when_the_difference_is_told_then_it_is_not_in_it(file: Path) -> None:
    text = '[database]\nurl = "postgresql+asyncpg://ivr:secret@db/ivr"\n[queue]\nring = 10\n'
    assert edit.difference(text, edit.changed(text, [Change(("queue", "ring"), 12)])) == (
        " [queue]\n-ring = 10\n+ring = 12"
    )


def test_given_a_persons_value_when_the_difference_is_told_then_it_says_whose(file: Path) -> None:
    operators = tomllib.loads(TEXT)["operators"]
    made = put(file, Change(("operators", "1002"), {**operators[1], "name": "王芳"}), Change(("operators", "+"), NINTH))
    assert made.diff.splitlines()[:3] == [
        ' [[operators]] number = "1002"',
        '-name = "二号坐席"',
        '+name = "王芳"',
    ]
    assert '+number = "1009"' in made.diff


WORDS = st.text("abc王 ", min_size=1, max_size=6)
VALUES: st.SearchStrategy[Any] = st.one_of(st.integers(0, 99), st.booleans(), WORDS, st.lists(WORDS, max_size=3))
TABLES = st.dictionaries(st.sampled_from(["ring", "stay", "routes", "more"]), VALUES, max_size=4)
CHANGES = st.one_of(
    st.builds(Change, st.tuples(st.sampled_from(["queue", "hours", "keys"]), st.sampled_from("abc")), VALUES),
    st.builds(Change, st.tuples(st.just("targets"), st.sampled_from(["110", "119", "gas"])), TABLES),
    st.builds(Change, st.tuples(st.just("targets"), st.sampled_from(["110", "gas"]), st.just("name")), TABLES),
    st.builds(Change, st.just(("operators", "+")), st.builds(lambda more: {**NINTH, **more}, TABLES)),
    st.builds(Change, st.just(("operators", "1002")), st.builds(lambda more: {"number": "1002", **more}, TABLES)),
    st.builds(Change, st.just(("hours", "holidays")), st.dictionaries(WORDS, WORDS, max_size=3)),
)


@given(st.lists(CHANGES, max_size=6))
def test_whatever_is_changed_the_file_says_exactly_that_and_keeps_its_head(changes: list[Change]) -> None:
    """`changed` itself refuses a text that says something else than was asked; here it never has to."""
    after = edit.changed(TEXT, changes)
    assert after.startswith(TEXT.splitlines()[0])
    assert "# where callers come from" in after


def test_given_a_line_that_a_full_disk_cut_short_when_more_is_noted_then_only_that_line_is_lost(tmp_path: Path) -> None:
    for number in (1, 2):
        kept.keep(tmp_path, TEXT)
        kept.note(tmp_path, number, TEXT, TEXT, by="admin", why="a")
    path = kept.folder(tmp_path) / kept.LIST
    path.write_bytes(path.read_bytes()[:-40])
    kept.note(tmp_path, 3, TEXT, TEXT, by="admin", why="b")
    kept.note(tmp_path, 4, TEXT, TEXT, by="admin", why="c")
    assert [one.number for one in kept.listed(tmp_path)] == [1, 3, 4]
