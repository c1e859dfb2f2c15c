"""Publishing step by step, without Asterisk: who may, what is refused, and which version is in force whatever fails.

The real Asterisk is in tests/pbx/test_publish.py; here a reader of the same files stands for it.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr import settings
from ivr.dialplan import at_start, drafts, held, publish, source
from ivr.dialplan.model import Dialplan
from ivr.dialplan.office import Office
from ivr.dialplan.publish import Publication, PublishError
from ivr.dialplan.versions import ABANDONED, FAILED, ROLLED_BACK, BusyError, Pending, Version, Versions, story
from ivr.store import DatabaseDownError, Store
from ivr.store.audit import Audit
from tests.unit import databases
from tests.unit.test_audit import call

ROOT = Path(__file__).parents[2]
STEPS = tuple(step for step in publish.STEPS if step not in (publish.examine, publish.rehearse))


class Reader:
    """Holds what it read at its last reload, as Asterisk does; `refuses` so many reloads first, `skips` a context."""

    def __init__(self, var: Path) -> None:
        self._file, self.refuses, self.skips, self.state = var / "etc/extensions.conf", 0, "", "up"
        self.holds: Dialplan | None = None
        self.reload()

    def reload(self) -> None:
        self.holds = source.read([self._file])

    async def action(self, headers: Mapping[str, str], timeout: float = 3.0) -> list[dict[str, str]]:  # noqa: ASYNC109
        assert self.holds is not None
        if headers["Action"] == "Command":
            assert headers["Command"] == "dialplan reload"
            if self.refuses:
                self.refuses -= 1
                return [{"Output": "Module 'pbx_config' reload failed."}]
            self.reload()
            return [{"Output": "Dialplan reloaded."}]
        if headers["Action"] == "Getvar":
            return [{"Value": self.holds.globals[headers["Variable"]].value}]
        if headers["Action"] == "CoreShowChannels":
            return [{"Event": "CoreShowChannel", "Duration": "00:01:00"}]
        assert headers["Action"] == "ShowDialPlan"
        return [
            {
                "Event": "ListDialplan",
                "Registrar": held.REGISTRAR,
                "Context": context,
                "Extension": extension,
                "Priority": str(priority),
                "Application": application,
                "AppData": arguments,
            }
            for (context, extension, priority), (application, arguments) in held.wanted(self.holds).items()
            if not self.skips or self.skips not in context
        ]


@dataclasses.dataclass
class Place:
    site: settings.Site
    var: Path
    own: Path
    store: Store
    reader: Reader

    @property
    def versions(self) -> Versions:
        return Versions(self.var)

    def draft(self, text: str) -> None:
        (self.own / "a.conf").write_text(text, encoding="utf-8")

    async def publish(self, by: str = "wang", why: str = "why", **more: object) -> Version:
        work = Publication(self.site, self.var, self.reader, Audit(self.store), by, why, **more)  # type: ignore[arg-type]
        return await publish.run(work, STEPS)

    async def done(self) -> list[tuple[str, str]]:
        return [(one.what, one.about) for one in reversed(await Audit(self.store).listed())]

    def two_persons(self) -> None:
        self.site = dataclasses.replace(self.site, dialplans=settings.Dialplans(two_person=True))


FIRST, SECOND = "[site-a]\nexten => s,1,Return()\n", "[site-a]\nexten => s,1,NoOp()\n same => n,Return()\n"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """Version 1 is in force."""
    own, var = tmp_path / "dialplans/site", tmp_path / "var"
    own.mkdir(parents=True)
    (tmp_path / "hotline.toml").write_text((ROOT / "hotline.toml").read_text(encoding="utf-8"), encoding="utf-8")
    site = settings.load(tmp_path / "hotline.toml", var)
    (own / "a.conf").write_text(FIRST, encoding="utf-8")
    (var / "etc").mkdir(parents=True)
    (load_file,) = at_start.ready(site, var)
    (var / "etc/extensions.conf").write_text(f"[globals]\nX = 1\n#include {load_file}\n", encoding="utf-8")
    databases.ready_sqlite(var / "ivr.db")
    store = Store(site.database_url)
    await store.open()
    yield Place(site, var, own, store, Reader(var))
    await store.close()


async def test_given_a_draft_when_published_it_is_in_force_and_on_record(place: Place) -> None:
    place.draft(SECOND)
    made = await place.publish()
    assert (made.number, made.before, place.versions.current, await held.version(place.reader)) == (2, 1, 2, 2)
    assert place.versions.pending is None
    assert await place.done() == [("dialplan.publish.begins", "2"), ("dialplan.publish", "2")]
    listed = place.versions.load_file.read_text(encoding="utf-8")
    assert "/1/loaded/a.conf" in listed, "a call runs that began on version 1"


@pytest.mark.parametrize(("by", "why", "id"), [("wang", " ", "no_reason"), (" ", "why", "nobody_named")])
async def test_given_nobody_or_no_reason_when_published_it_is_refused(place: Place, by: str, why: str, id: str) -> None:
    place.draft(SECOND)
    with pytest.raises(PublishError) as refused:
        await place.publish(by, why)
    assert (refused.value.id, place.versions.numbers) == (id, [1])


async def test_given_the_same_files_when_published_it_is_refused(place: Place) -> None:
    with pytest.raises(PublishError, match="exactly these files"):
        await place.publish()


async def test_given_the_two_person_rule_when_published_it_is_by_another_and_exactly_what_was_handed_in(
    place: Place,
) -> None:
    place.two_persons()
    place.draft(SECOND)
    with pytest.raises(PublishError, match="handed in"):
        await place.publish("li")
    drafts.submit(drafts.of_site(place.site), place.versions.folder, "Wang", datetime.now(UTC))
    with pytest.raises(PublishError, match="somebody else"):
        await place.publish("wang")
    place.draft(f"; a late change\n{SECOND}")
    with pytest.raises(PublishError, match="handed in"):
        await place.publish("li")
    place.draft(SECOND)
    made = await place.publish("li")
    assert (made.by, made.author) == ("li", "Wang")


@pytest.mark.parametrize(("refuses", "skips"), [(1, ""), (0, "v2-site-a")])
async def test_given_an_asterisk_that_does_not_take_it_when_published_the_version_before_is_back(
    place: Place, refuses: int, skips: str
) -> None:
    place.draft(SECOND)
    place.reader.refuses, place.reader.skips = refuses, skips
    with pytest.raises(PublishError, match="version 1 is back"):
        await place.publish()
    assert (place.versions.current, await held.version(place.reader), place.versions.pending) == (1, 1, None)
    assert (await place.done())[-1] == ("dialplan.failed", "2")
    assert [event.event for event in place.versions.events() if event.version == 2] == [FAILED]
    place.reader.skips = ""
    assert (await place.publish()).number == 3, "a failed number is never used again"


async def test_given_a_database_that_is_down_when_published_nothing_changes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object, **__: object) -> None:
        raise DatabaseDownError("sqlite", "down")

    place.draft(SECOND)
    monkeypatch.setattr(Audit, "note", down)
    with pytest.raises(DatabaseDownError):
        await place.publish()
    assert (place.versions.current, place.versions.pending, await held.version(place.reader)) == (1, None, 1)


async def test_given_somebody_who_publishes_when_another_does_he_is_told_to_wait(place: Place) -> None:
    place.draft(SECOND)
    with place.versions.alone(), pytest.raises(BusyError):
        await place.publish()


async def test_given_a_publisher_who_died_when_the_controller_looks_the_version_before_is_back(place: Place) -> None:
    place.draft(SECOND)
    work = Publication(place.site, place.var, place.reader, Audit(place.store), "wang", "why")
    with place.versions.alone():
        for step in STEPS[: STEPS.index(publish.verify)]:
            await step(work)
    assert await held.version(place.reader) == 2
    await Office(place.site, place.var, place.reader, place.store).look(datetime.now(UTC))
    assert (place.versions.current, await held.version(place.reader), place.versions.pending) == (1, 1, None)
    assert story(place.versions.get(2), place.versions)[0] == ABANDONED
    assert (await place.done())[-1] == ("dialplan.abandoned", "2")


async def test_given_a_publisher_who_died_when_asterisk_starts_it_starts_with_the_version_before(place: Place) -> None:
    place.draft(SECOND)
    work = Publication(place.site, place.var, None, Audit(place.store), "wang", "why")
    for step in STEPS[: STEPS.index(publish.reload)]:
        await step(work)
    assert place.versions.current == 2
    at_start.ready(place.site, place.var)
    assert place.versions.current == 1
    await Office(place.site, place.var, place.reader, place.store).look(datetime.now(UTC))
    assert (await place.done())[-1] == ("dialplan.abandoned", "2")


async def test_given_the_core_of_a_new_release_when_asterisk_starts_it_is_a_version_with_the_sites_own_files(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.draft(SECOND)  # not published, so not in it
    core = tmp_path / "core"
    core.mkdir()
    (core / "entry.conf").write_text("[entry]\nexten => s,1,NoOp(new)\n", encoding="utf-8")
    monkeypatch.setattr(drafts, "CORE", core)
    at_start.ready(place.site, place.var)
    made = place.versions.get(2)
    assert (made.kind, place.versions.current) == ("start", 2)
    assert place.versions.files(2, "core") == {"entry.conf": "[entry]\nexten => s,1,NoOp(new)\n"}
    assert place.versions.files(2) == {"a.conf": FIRST}
    at_start.ready(place.site, place.var)
    assert place.versions.numbers == [1, 2]


async def test_given_calls_that_fail_since_a_publish_when_the_controller_looks_it_is_taken_back_once(
    place: Place,
) -> None:
    place.draft(SECOND)
    await place.publish()
    now, office = datetime.now(UTC), Office(place.site, place.var, place.reader, place.store)
    await office.look(now)
    assert place.versions.current == 2
    failed = [call(f"c-{n}", 0, "abandoned") for n in range(4)]
    await place.store.save([dataclasses.replace(one, entered_at=now, ended_at=now) for one in failed])
    later = now + timedelta(seconds=5)
    await office.look(later)
    assert (place.versions.current, place.versions.files(3)) == (3, {"a.conf": FIRST})
    assert story(place.versions.get(2), place.versions)[0] == ROLLED_BACK
    await office.look(later)
    assert place.versions.current == 3
    assert (await place.done())[-1] == ("dialplan.rollback", "3")


async def test_given_an_old_publish_when_calls_fail_nothing_is_taken_back(place: Place) -> None:
    place.draft(SECOND)
    await place.publish()
    now = datetime.now(UTC) + timedelta(hours=1)
    failed = [call(f"c-{n}", 0, "abandoned") for n in range(9)]
    await place.store.save([dataclasses.replace(one, entered_at=now, ended_at=now) for one in failed])
    await Office(place.site, place.var, place.reader, place.store).look(now + timedelta(seconds=5))
    assert place.versions.current == 2


async def test_given_versions_when_rolled_back_it_is_the_last_one_with_other_files(place: Place) -> None:
    with pytest.raises(PublishError, match="no version to go back to"):
        publish.to_bring_back(place.versions, None)
    place.draft(SECOND)
    await place.publish()
    made = await place.publish(kind="rollback", content_of=publish.to_bring_back(place.versions, None))
    assert (made.content_of, place.versions.files(3)) == (1, {"a.conf": FIRST})
    assert publish.to_bring_back(place.versions, None) == 2
    assert place.versions.pending is None


def test_given_a_note_of_a_publish_when_it_is_torn_it_is_none(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    versions.folder.mkdir()
    versions.announce(Pending(1, 2, "wang", "admin", "why"))
    (versions.folder / "pending.json").write_text('{"old": 1, "n', encoding="utf-8")
    assert versions.pending is None


async def test_given_somebody_who_publishes_when_asterisk_starts_it_starts_with_what_is_in_force(place: Place) -> None:
    with place.versions.alone():
        assert at_start.ready(place.site, place.var) == [place.versions.load_file]


@pytest.mark.parametrize("published", [True, False])
async def test_given_versions_that_cannot_be_read_when_asterisk_starts_it_starts_all_the_same(
    place: Place, published: bool
) -> None:
    if not published:
        shutil.rmtree(place.versions.folder)
        place.versions.folder.write_text("in the way", encoding="utf-8")
        assert at_start.ready(place.site, place.var) == []
        return
    (place.versions.path(1) / "version.json").unlink()
    assert at_start.ready(place.site, place.var) == [place.versions.load_file]
