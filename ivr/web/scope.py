"""Who accepts what, over HTTP: the scope lists and their search (R31), consultations and norms (R46)."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from ivr.desks import norms
from ivr.desks.scope import Entry, Version, in_force
from ivr.store.export import plain
from ivr.web.context import Asked


async def searched(asked: Asked) -> dict[str, Any]:
    """What fits best first; of the lists of that day."""
    advice, query = asked.services.advice, asked.query
    day = advice.day(query.get("at"))
    found = advice.scope.search(query.get("q", ""), day, query.get("desk"), query.get("limit", 20))
    return {"items": [_item(entry) for entry in found]}


async def lists(asked: Asked) -> dict[str, Any]:
    """Every version of every list, in the order of the file."""
    advice = asked.services.advice
    today = advice.day()
    valid = in_force(advice.scope.lists, today)
    return {"lists": [_list(each, _state(each, valid, today)) for each in advice.scope.lists]}


async def of_norms(asked: Asked) -> dict[str, Any]:
    """Every version of every norm, the one that was agreed last first."""
    advice = asked.services.advice
    every, now = await advice.norms.all(), advice.now()
    told = [
        {
            **{name: getattr(one, name) for name in ("id", "version", "class_code", "owners", "until", "at", "origin")},
            "from": one.since,
            "case": one.case,
            "state": norms.state(one, every, now),
        }
        for one in every
    ]
    return {"norms": plain(told)}


async def consultations(asked: Asked) -> dict[str, Any]:
    """The newest first; `next`: how many to skip for the page after."""
    limit, skip = asked.query.get("limit", 50), asked.query.get("skip", 0)
    found = await asked.services.advice.norms.consultations(limit, skip)
    told = [
        {
            "case": row["case_id"],
            **{name: row[name] for name in ("number", "line", "class_code", "at", "origin", "by")},
            **{name: row["data"][name] for name in ("owners", "participants", "minutes")},
            "norm": _named(row["data"].get("norm")),
        }
        for row in found
    ]
    return {"consultations": plain(told), "next": skip + limit if len(found) == limit else None}


def _named(norm: Any) -> dict[str, str] | None:
    return {name: norm[name] for name in ("id", "version")} if norm else None


def _item(entry: Entry) -> dict[str, Any]:
    item, group = entry.item, dict(zip(("zh", "en"), entry.item.group, strict=True))
    return {
        "code": item.code,
        "desk": entry.desk,
        "zh": item.zh,
        "en": item.en,
        "list": entry.list.id,
        "version": entry.list.version,
        "reference": entry.reference,
        "class_code": item.class_code,
        "group": group,
    }


def _list(each: Version, state: str) -> dict[str, Any]:
    groups = Counter(item.group for item in each.items)
    return {
        **{name: getattr(each, name) for name in ("id", "desk", "version", "zh", "en")},
        "from": each.since.isoformat(),
        "until": each.until.isoformat() if each.until else None,
        "state": state,
        "items": len(each.items),
        "groups": [{"zh": zh, "en": en, "items": count} for (zh, en), count in groups.items()],
    }


def _state(each: Version, valid: tuple[Version, ...], today: Any) -> str:
    """A word of `ivr.desks.norms.STATES`: lists and norms come and go alike."""
    if each in valid:
        return "valid"
    if today < each.since:
        return "future"
    return "expired" if each.until is not None and each.until < today else "replaced"


async def suggestion(asked: Asked, case: Any) -> dict[str, Any] | None:
    """For the case as it is told."""
    found = await asked.services.advice.suggestion(case)
    if found is None:
        return None
    told: Any = plain(asdict(found))
    return dict(told)
