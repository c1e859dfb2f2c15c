"""What is asked of whoever does something to a case here, beyond its shape; another desk is asked nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ivr.errors import HotlineError
from ivr.schema import time
from ivr.web.context import Asked
from ivr.web.roles import NORM_MAKERS


class NormNotYoursError(HotlineError):
    def __init__(self) -> None:
        message = "a norm is made by a supervisor, a liaison or the administrator; keep the minutes without one"
        super().__init__("norm_not_yours", message, status=403)


class NormEndsFirstError(HotlineError):
    def __init__(self, since: str, until: str) -> None:
        message = f"data.norm.until: {until} is not after data.norm.from, {since}: the norm would never be in force"
        super().__init__("norm_ends_first", message, {"field": "data.norm.until", "from": since, "until": until}, 422)


class UnknownDeskError(HotlineError):
    def __init__(self, field: str, desk: str, known: Iterable[str]) -> None:
        named = ", ".join(known)
        has = f"there are {named}" if named else "there is none"
        message = f"{field}: no desk {desk} shares cases with this one; of [exchange.…] in hotline.toml {has}"
        super().__init__("unknown_desk", message, {"field": field, "desk": desk, "known": named or "–"}, 422)


def allowed(asked: Asked, kind: str, data: Mapping[str, Any]) -> None:
    """Raises NormNotYoursError, NormEndsFirstError, UnknownDeskError. `data` has the shape of its kind."""
    own, shared = asked.services.cases.desk, asked.services.site.exchange
    if kind == "offered" and data["to"] != own:  # to itself: the case refuses it
        _is_known(data["to"], shared, "data.to")
    if kind == "consultation":
        for desk in data["owners"]:
            _is_known(desk, (own, *shared), "data.owners")
        if norm := data.get("norm"):
            _norm(asked, norm)


def _norm(asked: Asked, norm: Mapping[str, Any]) -> None:
    if asked.who is None or not asked.who.roles & NORM_MAKERS:
        raise NormNotYoursError
    since, until = norm["from"], norm.get("until")
    if until is not None and time(until, "data.norm.until") <= time(since, "data.norm.from"):
        raise NormEndsFirstError(since, until)


def _is_known(desk: str, known: Iterable[str], field: str) -> None:
    if desk not in known:
        raise UnknownDeskError(field, desk, known)
