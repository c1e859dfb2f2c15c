"""Who may ask for what (R61): a route's `access` is a word of this table. docs/security.md has every route's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.errors import HotlineError
from ivr.web.context import Asked, Who


@dataclass(frozen=True, slots=True)
class May:
    """Roles that may: of a person who is logged in, and of a token."""

    people: frozenset[str]
    tokens: frozenset[str]


def _both(*roles: str) -> May:
    return May(frozenset(roles), frozenset(roles))


def _and_the_admins_token(*roles: str) -> May:
    """A person who changes things does not read what tells of it: the administrator has it by the token's file only."""
    return May(frozenset(roles), frozenset({*roles, "admin"}))


EVERYBODY = frozenset({"admin", "dialplan_admin", "supervisor", "liaison", "auditor", "operator", "department"})
MAY: Mapping[str, May] = {
    "admin": _both("admin"),
    "dialplan_admin": _both("admin", "dialplan_admin"),
    "auditor": _and_the_admins_token("auditor"),
    "desk": _both("operator", "supervisor", "liaison", "admin"),
    "department": _both("department"),  # only orders of its own department: the handler looks
    "orders": _both("department", "operator", "supervisor", "liaison", "admin"),
    "board": _both("supervisor", "liaison", "admin"),
    "room": _both("supervisor", "admin"),
    "calls": _both("supervisor", "liaison", "auditor", "admin"),
    "listen": _and_the_admins_token("supervisor", "auditor"),
    "person": May(EVERYBODY, frozenset()),
    "session": May(EVERYBODY, frozenset()),  # as person, and also while a password or a second factor has to be set
}
FOR_OTHERS = frozenset({"admin", "supervisor"})  # may give orders about any operator and any call
NOTE_READERS = FOR_OTHERS | {"liaison"}  # of any call's note; an operator reads that of his own call
NORM_MAKERS = FOR_OTHERS | {"liaison"}  # a consultation decides its own case, a norm every later one of its class


def may(who: Who, access: str) -> bool:
    allowed = MAY[access]
    return bool(who.roles & (allowed.people if who.session else allowed.tokens))


class NotYoursError(HotlineError):
    def __init__(self, what: str) -> None:
        message = f"{what} is not yours: everybody acts for himself, by his own phone and in his own call"
        super().__init__("not_yours", message, {"what": what}, 403)


def for_oneself(asked: Asked, number: str) -> None:
    """Raises NotYoursError where an operator asks for another."""
    who = asked.who
    if who is not None and not who.roles & FOR_OTHERS and who.number != number:
        raise NotYoursError(number)


def for_own_call(asked: Asked, call_id: str) -> str | None:
    """The operator who asks, None where it is not one. Raises NotYoursError where he has not answered that call."""
    who = asked.who
    if who is None:
        return None
    call = asked.services.live.call(call_id)
    if who.number is not None and call is not None and call.operator(who.number) is not None:
        return who.number
    if not who.roles & FOR_OTHERS:
        raise NotYoursError(call_id)
    return None
