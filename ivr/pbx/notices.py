"""Notices: what every caller is told for some hours. `{var}/notices.json` says which; Asterisk's own database holds
what the dialplan asks at each call (dialplans/core/notice.conf), so that a notice begins and ends without a controller.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from ivr.errors import HotlineError
from ivr.pbx.manager import AmiFailedError
from ivr.pbx.prompts import make, sound
from ivr.pbx.prompts.sound import Samples
from ivr.settings import Site

PLACES = ("before-greeting", "while-waiting")
LONGEST = 20.0  # seconds of one notice: whoever is in need hears it before anything else
FAMILY = "notice"  # of Asterisk's database; the key is the place


class NoticeError(HotlineError):
    """A notice cannot be made or ended as asked."""


class Link(Protocol):
    """`ivr.pbx.ami.Ami`, `ivr.pbx.link.Link`."""

    async def action(self, headers: Mapping[str, str]) -> list[dict[str, str]]: ...


@dataclass(frozen=True, slots=True)
class Notice:
    """`begins` and `ends` in seconds (epoch). `texts`: language → words; `recorded`: a sound file was given instead."""

    id: int
    place: str
    begins: int
    ends: int
    texts: Mapping[str, str]
    recorded: bool
    seconds: float  # of the longest language
    by: str
    why: str
    made: int
    ended_by: str = ""

    def state(self, now: float) -> str:
        if now >= self.ends:
            return "over"
        return "playing" if now >= self.begins else "planned"

    def as_dict(self, now: float) -> dict[str, object]:
        moments = {name: _instant(getattr(self, name)) for name in ("begins", "ends", "made")}
        return {**asdict(self), **moments, "texts": dict(self.texts), "state": self.state(now)}


def read(var: Path) -> list[Notice]:
    """Every notice there ever was, the oldest first. Raises NoticeError for a file that is no longer whole."""
    path = var / "notices.json"
    try:
        return [Notice(**one) for one in json.loads(path.read_text(encoding="utf-8"))["notices"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as failure:
        message = f"{path} cannot be read ({failure}); move it away, then say the notices again"
        raise NoticeError("notices", message, {"file": str(path)}) from failure


def values(notices: Iterable[Notice], now: float) -> dict[str, str]:
    """Place → `from-until-name#…` of what is not over, as notice.conf reads it. Pure."""
    found: dict[str, list[str]] = {}
    for one in notices:
        if now < one.ends:
            found.setdefault(one.place, []).append(f"{one.begins}-{one.ends}-{one.id}")
    return {place: "#".join(entries) for place, entries in found.items()}


async def publish(link: Link, notices: Sequence[Notice], now: float) -> None:
    """Make Asterisk's database say what `notices` say. Raises AmiError."""
    wanted, there = values(notices, now), list[dict[str, str]]()
    with suppress(AmiFailedError):  # an empty family is "not found"
        there = await link.action({"Action": "DBGetTree", "Family": FAMILY})
    known = {event["Key"].rpartition("/")[2] for event in there if event.get("Event") == "DBGetTreeResponse"}
    for place in sorted(known - wanted.keys()):
        await link.action({"Action": "DBDel", "Family": FAMILY, "Key": place})
    for place, value in wanted.items():
        await link.action({"Action": "DBPut", "Family": FAMILY, "Key": place, "Val": value})


def say(site: Site, var: Path, draft: Notice, note: Callable[[Notice], None], wav: Path | None = None) -> Notice:
    """Speak the draft's texts (or take the sound file for every language), and write the notice down with its number.

    One text is said to callers of every language. `note` puts it on record first: what cannot be noted is not done.
    Raises NoticeError, SpeechError, SoundError and what `note` raises; then nothing is kept.
    """
    if wav is not None:
        spoken = dict.fromkeys(site.hotline.languages, make.recording(wav))
    else:
        voices = {language: make.voice(text, language) for language, text in draft.texts.items()}
        first = next(iter(voices.values()))
        spoken = {language: voices.get(language, first) for language in site.hotline.languages}
    seconds = max(samples.size for samples in spoken.values()) / sound.RATE
    if seconds > LONGEST:
        message = f"the notice takes {seconds:.1f} s, at most {LONGEST:.0f} s are allowed: say it shorter"
        raise NoticeError("notice_too_long", message, {"seconds": round(seconds, 1), "limit": LONGEST}, 422)
    with _alone(var):
        notices = read(var)
        made = replace(draft, id=max((one.id for one in notices), default=0) + 1, seconds=round(seconds, 1))
        note(made)
        _write_sounds(var, made, spoken)
        _forget_sounds(var, notices, made.made)
        _write(var, [*notices, made])
    return made


def end(var: Path, id: int, by: str, now: int, note: Callable[[Notice], None]) -> Notice:
    """End a notice now. Raises NoticeError where there is none of this number, or it is over."""
    with _alone(var):
        notices = read(var)
        found = next((one for one in notices if one.id == id), None)
        if found is None or found.state(now) == "over":
            word = "there is no notice" if found is None else "it is over already: notice"
            raise NoticeError("no_notice", f"{word} {id}; `ivr notice list` shows them", {"notice": id}, 404)
        ended = replace(found, begins=min(found.begins, now), ends=now, ended_by=by)
        note(ended)
        _write(var, [ended if one.id == id else one for one in notices])
    return ended


@contextmanager
def _alone(var: Path) -> Iterator[None]:
    var.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (var / "notices.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(var: Path, notices: Sequence[Notice]) -> None:
    draft = var / "notices.new"
    told = [{**asdict(one), "texts": dict(one.texts)} for one in notices]
    with draft.open("w", encoding="utf-8") as file:
        json.dump({"notices": told}, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(var / "notices.json")


def _write_sounds(var: Path, notice: Notice, spoken: Mapping[str, Samples]) -> None:
    for language, samples in spoken.items():
        sound.write(make.file(var, language, f"{FAMILY}/{notice.id}"), samples)


def _forget_sounds(var: Path, notices: Iterable[Notice], now: int) -> None:
    """A day after a notice's end nobody hears it any more."""
    for one in notices:
        if one.ends < now - 86400:
            for path in (var / "prompts").glob(f"*/{FAMILY}/{one.id}.wav"):
                path.unlink(missing_ok=True)


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
