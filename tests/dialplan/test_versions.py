"""Versions of dialplans: their names in Asterisk, their folders, what calls still need. No Asterisk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr import settings
from ivr.dialplan import drafts, held, naming, source
from ivr.dialplan.versions import IN_FORCE, Event, Pending, Version, VersionError, Versions, difference, still_used

ROOT = Path(__file__).parents[2]

TEXT = """\
[site-before-queue](+) ; Goto(site-notice,s,1) in a comment
exten => s,1,Gosub(site-notice,s,1(site-notices))
 same => n(again),GotoIf($["${X}"="1"]?site-notice,s,1:site-before-queue,s,again)
 same => n,Playback(site-notice)
 same => n,Dial(Local/s@site-notice/n,5,U(site-notice^s^1)g)
 same => n,Set(CHANNEL(hangup_handler_push)=site-notice,s,1)
 same => n,Goto(waiting,s,1)
[site-notice]
include => site-before-queue
exten => s,1,Return()
"""
NAMES = ("site-before-queue", "site-notice")


def test_given_a_sites_file_when_versioned_then_each_of_its_places_carries_the_version_and_nothing_else_does() -> None:
    assert naming.versioned(TEXT, NAMES, 7).splitlines() == [
        "[v7-site-before-queue](+) ; Goto(site-notice,s,1) in a comment",
        "exten => s,1,Gosub(v7-site-notice,s,1(site-notices))",
        ' same => n(again),GotoIf($["${X}"="1"]?v7-site-notice,s,1:v7-site-before-queue,s,again)',
        " same => n,Playback(site-notice)",
        " same => n,Dial(Local/s@v7-site-notice/n,5,U(v7-site-notice^s^1)g)",
        " same => n,Set(CHANNEL(hangup_handler_push)=v7-site-notice,s,1)",
        " same => n,Goto(waiting,s,1)",
        "[v7-site-notice]",
        "include => v7-site-before-queue",
        "exten => s,1,Return()",
    ]


def version(number: int, **more: object) -> Version:
    facts = {"at": "2026-11-27T00:00:00+00:00", "by": "wang", "author": "li", "why": "x", "kind": "publish"}
    return Version(**{"number": number, **facts, "content_of": None, "before": None, "core": "", "site": "", **more})  # type: ignore[arg-type]


def publish(versions: Versions, number: int, own: drafts.Files, older: tuple[int, ...] = ()) -> Version:
    core = {"entry.conf": "[entry]\nexten => s,1,NoOp()\n"}
    facts = {"core": drafts.digest(core), "site": drafts.digest(own)}
    return versions.make(
        version(number, **facts), core, own, older, settings.load(ROOT / "hotline.toml", versions.folder)
    )


def test_given_two_versions_when_loaded_both_stand_beside_each_other_and_one_door_leads_to_the_calls_own(
    tmp_path: Path,
) -> None:
    versions = Versions(tmp_path)
    publish(versions, 1, {"a.conf": TEXT, "b.conf": "[site-number-12399]\nexten => s,1,NoOp()\n"})
    publish(versions, 2, {"a.conf": "[site-notice]\nexten => t,1,NoOp()\n"}, older=(1,))
    versions.switch(2)
    plan = source.read([versions.load_file])
    assert not plan.faults
    assert plan.globals["SITE_VERSION"].value == "v2-"
    assert set(plan.contexts) == {
        "published-version",
        "own-numbers",
        "own-keys",
        "entry",
        "v1-site-before-queue",
        "v1-site-notice",
        "v1-site-number-12399",
        "v2-site-notice",
        "site-before-queue",
        "site-notice",
    }
    assert not list(plan.contexts["own-numbers"].extensions())  # version 1's number is there no more
    assert {step.extension for step in plan.contexts["site-notice"].steps} == {"s", "t"}


def test_given_a_version_when_it_is_made_it_is_whole_and_a_changed_file_is_seen(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    made = publish(versions, 1, {"a.conf": TEXT})
    assert versions.get(1) == made
    assert versions.is_whole(1)
    assert (versions.path(1) / "site/a.conf").stat().st_mode & 0o222 == 0
    (versions.path(1) / "site/a.conf").chmod(0o600)
    (versions.path(1) / "site/a.conf").write_text("[site-other]\n", encoding="utf-8")
    assert not versions.is_whole(1)


def test_given_a_publisher_who_died_while_he_wrote_when_the_next_one_writes_nothing_of_it_is_left(
    tmp_path: Path,
) -> None:
    versions = Versions(tmp_path)
    (versions.folder / ".new-1/core").mkdir(parents=True)
    (versions.folder / ".new-1/core/half.conf").write_text("[hal", encoding="utf-8")
    assert versions.numbers == []
    publish(versions, 1, {})
    assert versions.files(1, "core") == {"entry.conf": "[entry]\nexten => s,1,NoOp()\n"}
    assert not list(versions.folder.glob(".new-*"))


def test_given_no_such_version_when_asked_for_it_is_said_where_they_are_listed(tmp_path: Path) -> None:
    with pytest.raises(VersionError, match="ivr dialplan history"):
        Versions(tmp_path).get(3)


def test_given_a_pending_publish_when_it_is_settled_it_is_gone(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    versions.folder.mkdir()
    versions.announce(Pending(1, 2, "wang", "dialplan_admin", "why"))
    assert versions.pending == Pending(1, 2, "wang", "dialplan_admin", "why")
    versions.settle()
    assert versions.pending is None


NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("oldest", "used"),
    [
        (None, []),  # no call at all
        (NOON + timedelta(minutes=25), []),  # began on 3, which is in force
        (NOON + timedelta(minutes=15), [2]),
        (NOON + timedelta(minutes=5), [1, 2]),
        (NOON - timedelta(days=1), [1, 2]),
    ],
)
def test_given_the_oldest_call_when_a_version_is_published_those_that_it_may_run_on_are_kept(
    oldest: datetime | None, used: list[int]
) -> None:
    events = [
        Event(number, IN_FORCE, (NOON + timedelta(minutes=minute)).isoformat())
        for number, minute in ((1, 0), (2, 10), (3, 20))
    ]
    assert still_used(events, 3, oldest) == used


def test_given_a_file_that_came_and_one_that_changed_when_compared_both_are_told() -> None:
    lines = list(difference({"a.conf": "x\n"}, {"a.conf": "y\n", "b.conf": "z\n"}, "v1", "draft"))
    assert lines == [
        *("--- v1/a.conf", "+++ draft/a.conf", "@@ -1 +1 @@", "-x", "+y"),
        *("--- /dev/null", "+++ draft/b.conf", "@@ -0,0 +1 @@", "+z"),
    ]


def test_given_another_step_in_asterisk_when_compared_it_is_named() -> None:
    right = {("entry", "s", 1): ("NoOp", "a"), ("entry", "s", 2): ("Hangup", "")}
    found = {("entry", "s", 1): ("NoOp", "b"), ("other", "s", 1): ("NoOp", "")}
    assert list(held.differences(found, right)) == [
        "entry,s,1: NoOp(b) instead of NoOp(a)",
        "entry,s,2: nothing instead of Hangup()",
        "other,s,1: NoOp() instead of nothing",
    ]


class TestDraft:
    def test_given_a_file_that_somebody_else_changed_when_saved_it_is_refused(self, tmp_path: Path) -> None:
        draft = drafts.Draft(tmp_path, tmp_path)
        first = draft.save("a.conf", "one", None)
        draft.save("a.conf", "two", first)
        with pytest.raises(drafts.DraftError, match="somebody has changed it"):
            draft.save("a.conf", "three", first)
        assert draft.text_of("a.conf") == "two"

    @pytest.mark.parametrize("name", ["../a.conf", "a", ".conf", "a/b.conf", "a.conf\n", ""])
    def test_given_a_name_that_is_none_when_saved_it_is_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(drafts.DraftError):
            drafts.Draft(tmp_path, tmp_path).save(name, "x", None)

    def test_given_a_draft_that_was_handed_in_when_it_changes_its_hash_does(self, tmp_path: Path) -> None:
        draft = drafts.Draft(tmp_path, tmp_path / "own")
        draft.save("a.conf", "one", None)
        made = drafts.submit(draft, tmp_path / "var", "wang", NOON)
        assert drafts.submitted(tmp_path / "var") == made
        draft.save("b.conf", "two", None)
        assert made.digest != draft.digest
