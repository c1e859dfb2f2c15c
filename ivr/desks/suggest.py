"""Which desk a matter belongs to, proposed with its reason (R31, R38, R46); people decide.

What has been agreed for its class comes first (a norm), then the matter of the scope lists that somebody chose, then
the desk of its class, then what its words name: a person's choice counts more than a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from ivr.desks import norms
from ivr.desks.local import local
from ivr.desks.norms import Norm
from ivr.desks.scope import Entry, Named

BY = ("norm", "scope", "class")


@dataclass(frozen=True, slots=True)
class OfClass:
    """What the class tree says of a class."""

    code: str
    zh: str
    en: str
    desk: str = ""
    basis: str = ""  # of neither desk: guided, not proposed


@dataclass(frozen=True, slots=True)
class Suggestion:
    owners: tuple[str, ...]  # the first one acts first
    by: str  # a word of BY
    id: str  # of the norm, of the scope list's item, of the class
    version: str  # "" of a class
    reason: Mapping[str, str]  # zh, en


def suggest(
    code: str,
    known: Iterable[Norm],
    at: datetime,
    *,
    of_class: OfClass | None = None,
    chosen: Entry | None = None,
    named: Named | None = None,
) -> Suggestion | None:
    """`code`: of the case's class; `at`: now, in the zone in which days are told.

    `of_class`: the nearest class of the tree that names a desk or a basis.
    """
    norm = norms.best(known, code, at)
    if norm is not None:
        return _by_norm(norm, at.tzinfo)
    if of_class is not None and of_class.basis:
        return None
    if chosen is not None:
        return _by_scope(chosen, {"zh": "已选事项", "en": "chosen"})
    if of_class is not None and of_class.desk:
        reason = {"zh": f"诉求分类“{of_class.zh}”", "en": f"class “{of_class.en}”"}
        return Suggestion((of_class.desk,), "class", of_class.code, "", reason)
    if named is not None:
        return _by_scope(named.entry, {"zh": f"文中有“{named.word}”", "en": f"it says “{named.word}”"})
    return None


def _by_norm(norm: Norm, zone: tzinfo | None) -> Suggestion:
    since = f"{local(norm.since, zone):%Y-%m-%d}"
    last = local(norm.until, zone) - timedelta(microseconds=1) if norm.until else None
    until = f"{last:%Y-%m-%d}" if last else ""
    zh = f"会商规范 {norm.id}（{norm.version} 版，{since} 起{f'，{until} 止' if until else ''}）"
    en = f"norm {norm.id}, version {norm.version}, from {since}{f' until {until}' if until else ''}"
    return Suggestion(norm.owners, "norm", norm.id, norm.version, {"zh": zh, "en": en})


def _by_scope(entry: Entry, why: Mapping[str, str]) -> Suggestion:
    item, version = entry.item, entry.list.version
    zh = f"受理范围清单 {version} 版 {item.code}“{item.zh}”（{why['zh']}）"
    en = f"scope list {version}, {item.code} “{item.en}” ({why['en']})"
    return Suggestion((entry.desk,), "scope", entry.reference, version, {"zh": zh, "en": en})
