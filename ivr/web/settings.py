"""hotline.toml over HTTP: read it, try a change, make it, bring it into force."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from ivr.errors import HotlineError
from ivr.settings import SettingsError, Site, checks, edit, kept, model, read
from ivr.settings.edit import BadChangeError, Change, Draft
from ivr.settings.hours import Hours
from ivr.settings.told import told
from ivr.store.audit import Audit
from ivr.web.context import Asked

SHOWN = 100  # changes in the history
SINCE = datetime.now(UTC).isoformat()  # of this controller: another one has read the settings anew
KNOWN = 50  # texts that forms were made from
CLOSED = "…"
DEFAULTS = {
    "hotline": model.Hotline,
    "target": model.Target,
    "operator": model.Operator,
    "supervisor": model.Supervisor,
    "queue": model.Queue,
    "hours": Hours,
    "keys": model.Keys,
    "screening": model.Screening,
    "hooks": model.Hooks,
    "desk": model.Desk,
    "retention": model.Retention,
    "dialplans": model.Dialplans,
    "orders": model.Orders,
    "privacy": model.Privacy,
    "accounts": model.Accounts,
    "supervision": model.Supervision,
}

log = structlog.get_logger(__name__)


class RefusedSettingsError(HotlineError):
    """`details["problems"]`: each with its field's path and its words in both languages."""

    def __init__(self, problems: Sequence[str], text: str) -> None:
        found = [told(problem, text).as_dict() for problem in problems]
        super().__init__("settings_refused", "; ".join(problems), {"problems": found}, 422)


async def current(asked: Asked) -> dict[str, Any]:
    return await asyncio.to_thread(_current, asked)


def _current(asked: Asked) -> dict[str, Any]:
    path, text = _file(asked)
    known = asked.services.settings.known
    known[edit.revision(text)] = text
    for oldest in list(known)[:-KNOWN]:
        del known[oldest]
    problems: list[dict[str, Any]] = []
    site: Site | None = None
    try:
        values = {name: _open(name, table) for name, table in tomllib.loads(text).items()}
    except tomllib.TOMLDecodeError:
        values = {}
    try:
        site = read(text, path, asked.services.var)
    except SettingsError as refusal:
        problems = [told(one, text).as_dict() for one in refusal.problems]
    in_force, waiting = (False, ()) if site is None else asked.services.settings.pending(site)
    return {
        "settings": {
            "file": str(path),
            "revision": edit.revision(text),
            "values": values,
            "defaults": {name: _defaults(kind) for name, kind in DEFAULTS.items()},
            "choices": choices(),
            "skills": list((site or asked.services.site).skills),
            "languages": list((site or asked.services.site).hotline.languages),
            "writable": os.access(path.parent, os.W_OK),
            "in_force": in_force,
            "since": SINCE,
            "waiting": list(waiting),
            "problems": problems,
        }
    }


def _open(name: str, table: Any) -> Any:
    """What may hold a secret is not told."""
    return dict.fromkeys(table, CLOSED) if name in edit.CLOSED and isinstance(table, dict) else table


def _defaults(kind: Any) -> dict[str, Any]:
    """The values that hold where the file says nothing; what it must say is not there."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        value = field.default_factory() if callable(field.default_factory) else field.default
        if value is not dataclasses.MISSING and value is not None:
            found[field.name] = [dataclasses.asdict(one) for one in value] if _records(value) else value
    return found


def _records(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and dataclasses.is_dataclass(value[0])


def choices() -> dict[str, Any]:
    """What a form offers: words, and the lowest and highest of numbers."""
    return {
        "mode": list(checks.MODES),
        "desk_act": list(checks.DESK_ACTS),
        "role": list(checks.ROLES),
        "acknowledge": list(checks.ACKNOWLEDGE),
        "strategy": list(checks.STRATEGIES),
        "ranges": {
            **{key: list(limits) for key, limits in checks.RANGES.items()},
            **{f"target.{key}": list(limits) for key, limits in checks.TARGET_RANGES.items()},
        },
    }


async def try_out(asked: Asked) -> dict[str, Any]:
    """What would be changed, and what would be wrong with it. Nothing is written."""

    def look() -> dict[str, Any]:
        path, text = _file(asked)
        _same(asked, path, text)
        try:
            made = edit.draft(path, asked.services.var, text, _changes(asked))
        except BadChangeError as refusal:
            return {"draft": {"diff": "", "problems": [told(one, text).as_dict() for one in refusal.problems]}}
        return {"draft": {"diff": made.diff, "problems": [told(one, made.after).as_dict() for one in made.problems]}}

    return await asyncio.to_thread(look)


async def change(asked: Asked) -> dict[str, Any]:
    """On record first, then written; it comes into force by `apply`."""
    why = asked.body["why"].strip()

    def look() -> tuple[Path, Draft]:
        path, text = _file(asked)
        _same(asked, path, text)
        try:
            made = edit.draft(path, asked.services.var, text, _changes(asked))
        except BadChangeError as refusal:
            raise RefusedSettingsError(refusal.problems, text) from None
        if made.problems:
            raise RefusedSettingsError(made.problems, made.after)
        return path, made

    async with asked.services.settings.writing:
        path, made = await asyncio.to_thread(look)
        if made.after != made.before:
            details = {"diff": made.diff, "revision": edit.revision(made.after)}
            async with _on_record(asked, "settings.change", why, details):
                await asyncio.to_thread(_write, asked, path, made, why)
    return await current(asked)


def _write(asked: Asked, path: Path, made: Draft, why: str) -> None:
    var = asked.services.var
    try:
        number = kept.keep(var, made.before)
    except OSError as failure:
        raise edit.NotWrittenError(kept.folder(var) / kept.LIST, failure) from failure
    edit.write(path, made.before, made.after)
    try:
        kept.note(var, number, made.before, made.after, by=asked.by, why=why)
    except OSError as failure:  # it is changed, and on record
        log.warning("settings.not_listed", why=str(failure))


async def apply(asked: Asked) -> dict[str, Any]:
    """What is in the file comes into force; the controller, which answers here, is replaced a moment later."""
    path, text = await asyncio.to_thread(_file, asked)
    _same(asked, path, text)
    try:
        site = await asyncio.to_thread(read, text, path, asked.services.var)
    except SettingsError as refusal:
        raise RefusedSettingsError(refusal.problems, text) from None
    why = asked.body.get("why", "").strip()
    on_record = _on_record(asked, "settings.apply", why, {"revision": asked.body["revision"]})
    async with asked.services.settings.writing, on_record:
        done = await asked.services.settings.apply(site)
    return {"applied": done.as_dict()}


async def history(asked: Asked) -> dict[str, Any]:
    found = await asyncio.to_thread(kept.listed, asked.services.var)
    return {"changes": [one.as_dict() for one in reversed(found[-SHOWN:])]}


def _file(asked: Asked) -> tuple[Path, str]:
    path = Path(asked.services.site.path)
    try:
        return path, path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise edit.UnreadableFileError(path.name, str(failure)) from failure


def _same(asked: Asked, path: Path, text: str) -> None:
    """Raises StaleError where the form was made from another text."""
    given, now = asked.body["revision"], edit.revision(text)
    if given != now:
        before = asked.services.settings.known.get(given) or kept.text_of(asked.services.var, given)
        raise edit.StaleError(path.name, now, None if before is None else edit.difference(before, text))


def _changes(asked: Asked) -> list[Change]:
    return [Change(tuple(one["path"]), _whole(one.get("value"))) for one in asked.body["changes"]]


def _whole(value: Any) -> Any:
    """JSON's null is no value of TOML: inside a value it means that there is none."""
    if isinstance(value, Mapping):
        return {key: _whole(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_whole(one) for one in value if one is not None]
    return value


def _on_record(asked: Asked, what: str, why: str, details: Mapping[str, Any]) -> AbstractAsyncContextManager[None]:
    role = asked.who.role if asked.who is not None else ""
    name = Path(asked.services.site.path).name
    return Audit(asked.services.store).ahead(asked.by, role, what, name, why, details)
