"""The verdict: every story's evidence against the log, and what is left over in the system."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr.calls import ladder
from ivr.calls.model import Call
from ivr.store import Store
from tests.soak import growth
from tests.soak.cast import SoakHotline
from tests.soak.deaths import Deaths
from tests.soak.evidence import World
from tests.soak.judge import differences
from tests.soak.script import Schedule
from tests.soak.spans import length
from tests.soak.stage import Scene, Stage

NEWEST = 100  # calls that may be told of while the soak goes on


@dataclass(slots=True)
class Outcome:
    schedule: Schedule
    calls: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    deaths: dict[str, int] = field(default_factory=dict)
    unreached: int = 0  # deaths that never came: their moment did not, or nobody was there to die
    differences: list[tuple[str, list[str]]] = field(default_factory=list)  # whose (a call or "system"), in words
    lives: list[tuple[growth.Look, growth.Look]] = field(default_factory=list)
    longest_silence: float = 0.0  # seconds in which a caller heard nothing; of those below 3 s nobody asks
    crashes: list[str] = field(default_factory=list)  # phones that ended by themselves, with their last words
    stalled: float = 0.0  # seconds in which the machine let nobody run
    held_up: float = 0.0  # seconds for which it did not let a phone run, over all phones and calls
    seconds: float = 0.0


def so_far(hotline: SoakHotline, stage: Stage, world: World) -> int:
    """Stories that differ from what is in the log now, among those that are over there: a word for the progress."""
    ended = {call.caller: call for call in hotline.calls(NEWEST) if call.ended_at is not None}
    over = [scene for scene in stage.scenes.values() if scene.over_at is not None and scene.lines]
    for scene in over:
        call = ended.get(scene.story.number)
        if call is not None:
            scene.differs = bool(differences([call], scene.testify(), world))
    return sum(scene.differs or bool(scene.notes) for scene in stage.scenes.values()) + len(stage.strangers)


def judge(
    schedule: Schedule,
    hotline: SoakHotline,
    stage: Stage,
    deaths: Deaths,
    world: World,
    looks: list[growth.Look],
    folder: Path,
) -> Outcome:
    """Everything, when the soak is over and the system still runs; what differs is kept in the folder."""
    outcome = Outcome(schedule, stalled=sum(map(length, world.stalled)))
    by_number: dict[str, list[Call]] = {}
    for call in log_of(hotline):
        by_number.setdefault(call.caller, []).append(call)
    for scene in stage.scenes.values():
        story, words = scene.story, list(scene.notes)
        logged = by_number.pop(story.number, [])
        if scene.lines:
            heard = scene.testify()
            words += differences(logged, heard, world)
            outcome.held_up += sum(length(span) for ear in heard.ears for span in ear.held_up)
            outcome.longest_silence = max(outcome.longest_silence, *map(length, heard.caller.silent), 0.0)
        if words:
            outcome.differences.append((f"call {story.index} ({story.kind}, {story.number})", words))
            _keep(folder / story.number, scene, logged, schedule, deaths)
    strangers = [*stage.strangers, *(f"the log has a call of {number}, who never called" for number in by_number)]
    grown, outcome.lives = growth.grown(looks)
    for words in (hotline.left_in_asterisk(), strangers, deaths.troubles, grown):
        if words:
            outcome.differences.append(("system", list(words)))
    outcome.crashes = deaths.crashes
    outcome.calls = len(stage.scenes)
    outcome.kinds = dict(Counter(scene.story.kind for scene in stage.scenes.values()))
    outcome.deaths = dict(Counter(deaths.died))
    outcome.unreached = len(schedule.deaths) - len(deaths.died)
    return outcome


def log_of(hotline: SoakHotline) -> list[Call]:
    async def read() -> list[Call]:
        store = Store(hotline.tables["database"]["url"].replace("{var}", str(hotline.var)))
        await store.open()
        try:
            return await store.calls(100_000)
        finally:
            await store.close()

    return asyncio.run(read())


def _keep(folder: Path, scene: Scene, calls: Sequence[Call], schedule: Schedule, deaths: Deaths) -> None:
    """What each phone of a story with a difference heard, and what the log says, for a person to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, line in enumerate(scene.lines):
        line.phone.save_wav(folder / f"{n}-{line.role}-{line.player.party}.wav", line.call)
    ears = scene.evidence.ears if scene.evidence is not None else ()
    told = [
        *(scene.story, *schedule.of_story(scene.story.index), *scene.asks, *scene.done, *ears),
        *(f"{at:.3f} {death} {words}" for at, death, words in deaths.happened),
    ]
    ladders = [ladder.draw(call, 100, "en", ZoneInfo("UTC")) for call in calls]
    (folder / "story.txt").write_text("\n".join([*map(str, told), *ladders, *map(repr, calls)]), encoding="utf-8")
