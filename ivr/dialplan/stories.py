"""Stories are played as trials, one after another, and judged. `failures` is pure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ivr.dialplan.load import load
from ivr.dialplan.scratch import scratch
from ivr.dialplan.story import Must, Story, files, read
from ivr.dialplan.trial import trial
from ivr.dialplan.trial_model import Trial
from ivr.errors import HotlineError
from ivr.settings import Site, Text


@dataclass(frozen=True, slots=True)
class StoryResult:
    story: Story
    trial: Trial | None  # None: it could not be played
    failures: tuple[Text, ...]

    @property
    def passed(self) -> bool:
        return not self.failures

    def as_dict(self) -> dict[str, Any]:
        return {
            "file": str(self.story.file),
            "line": self.story.line,
            "name": self.story.name,
            "passed": self.passed,
            "failures": [dict(failure) for failure in self.failures],
            "stands": self.trial.stands if self.trial else None,
            "reached": [place for _, place in self.trial.reached] if self.trial else [],
        }


# — judging ———————————————————————————————————————————————————————————————————————————————————————————————————————————


def failures(trial: Trial, must: Must) -> Iterator[Text]:
    """What must have happened and has not, or has and must not."""
    for place in must.reaches:
        at = trial.first(place)
        if at is None:
            yield _text("没有到达 {0}；最后：{1}", "does not reach {0}; in the end: {1}", place, trial.stands)
        elif must.within is not None and place == must.reaches[0] and at > must.within:
            yield _text("{1:.1f} 秒才到达 {0}", "reaches {0} only after {1:.1f} s", place, at)
    for place in must.never_reaches:
        if (at := trial.first(place)) is not None:
            yield _text("在 {1:.1f} 秒到达了 {0}", "reaches {0} at {1:.1f} s", place, at)
    if must.stands and not trial.is_at(must.stands):
        yield _text("最后在 {1}，应在 {0}", "ends at {1}, not at {0}", must.stands, trial.stands)
    yield from _heard(trial, must)
    passed = [one.what for one in trial.story if one.kind == "step"]
    for place in must.passes:
        if not any(_is_at(step, place) for step in passed):
            yield _text("没有经过 {0}", "does not pass {0}", place)
    for place in must.never_passes:
        if any(_is_at(step, place) for step in passed):
            yield _text("经过了 {0}", "passes {0}", place)
    for name, value in must.sets.items():
        values = [one.more["value"] for one in trial.story if one.kind == "set" and one.what == name]
        if value not in values:
            found = ", ".join(values) or "—"
            yield _text("变量 {0} 没有取过值 {1}，取过：{2}", "{0} never was {1}; it was: {2}", name, value, found)


def _heard(trial: Trial, must: Must) -> Iterator[Text]:
    """A prompt is named by its name, `greeting`, or with its language, `en/greeting`."""
    heard = [f"{one.more['language']}/{one.what}" for one in trial.story if one.kind == "hears"]
    left = iter(heard)
    for prompt in must.hears:
        if not any(_is_prompt(one, prompt) for one in left):
            all_of_it = ", ".join(heard) or "—"
            if any(_is_prompt(one, prompt) for one in heard):
                yield _text("{0} 播放的次序不对：{1}", "{0} is not heard in this order: {1}", prompt, all_of_it)
            else:
                yield _text("没有听到 {0}；听到：{1}", "does not hear {0}; heard: {1}", prompt, all_of_it)
            break
    for prompt in must.never_hears:
        if any(_is_prompt(one, prompt) for one in heard):
            yield _text("听到了 {0}", "hears {0}", prompt)


def _is_prompt(heard: str, wanted: str) -> bool:
    return heard == wanted or heard.partition("/")[2] == wanted


def _is_at(step: str, place: str) -> bool:
    return step == place or step.startswith(f"{place},")


def _text(zh: str, en: str, *facts: object) -> Text:
    return {"zh": zh.format(*facts), "en": en.format(*facts)}


# — playing ———————————————————————————————————————————————————————————————————————————————————————————————————————————


async def run_stories(
    site: Site, var: Path, core: Path, own: Path, paths: Sequence[Path] | None = None
) -> list[StoryResult]:
    """Play the stories of a draft (those of `own/tests`, or of `paths`), as many at once as there are Asterisks.

    Raises StoryError where one cannot be understood, ScratchError, AsteriskError or PackageError.
    """
    told = await asyncio.to_thread(_told, site, files(own) if paths is None else paths)
    dialplans = await asyncio.to_thread(lambda: (sorted(core.glob("*.conf")), sorted(own.glob("*.conf"))))

    async def play(story: Story) -> StoryResult:
        async with scratch(site, var, ahead(story.wish.at)) as running:
            await running.load(*dialplans)
            dialplan = load(running.site, running.var, core, dialplans[1])
            try:
                played = await trial(running, dialplan, story.wish)
            except HotlineError as failure:
                return StoryResult(story, None, (_text("无法试拨：{0}", "cannot be played: {0}", failure.message),))
        return StoryResult(story, played, tuple(failures(played, story.must)))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(play(story)) for story in told]
    return [task.result() for task in tasks]


def _told(site: Site, paths: Sequence[Path]) -> list[Story]:
    now = datetime.now(UTC)
    return [story for path in paths for story in read(path, site, now)]


def ahead(at: datetime | None) -> float:
    """By how many seconds a clock that shows `at` now is ahead of ours."""
    return 0.0 if at is None else (at - datetime.now(UTC)) / timedelta(seconds=1)
