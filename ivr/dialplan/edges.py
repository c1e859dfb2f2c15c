"""The one table of how applications move a call: application and arguments → the ways that lead on from the step. Pure.

A way names its place as text (`context,extension,priority`, parts may be missing as Goto takes them); `flow` finds the
steps. What the table lacks goes on with the next step. `leg` says whose way it is: empty for the channel that runs the
step, else the other channel, as text. Source: the applications' own documentation; main/pbx.c for keys and time-outs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from ivr.dialplan.parts import call, options, split

Kind = Literal["next", "goto", "gosub", "return", "branch", "key", "timeout", "hook", "fork"]

QUEUE_KEYS = "waiting-keys"  # queues.conf: context; keys of whoever waits
_DEEP = 4  # TryExec(ExecIf(…?TryExec(…)))
_HANDLERS = re.compile(r"CHANNEL\(hangup_handler_(push|wipe)\)", re.IGNORECASE)
_LIMIT = re.compile(r"TIMEOUT\(absolute\)", re.IGNORECASE)


class Outcome(StrEnum):
    """Where a way ends that no step goes on from."""

    HUMAN = "human"  # somebody answers: a dialled party, a bridge
    QUEUE = "queue"
    HANGUP = "hangup"
    AWAY = "away"  # sent to another exchange
    RETURN = "return"
    END = "end"  # no step is left: Asterisk hangs up
    LOST = "lost"  # the place is not there: Asterisk hangs up
    UNKNOWN = "unknown"  # the place is known only in the call


@dataclass(frozen=True, slots=True)
class Way:
    """`to` empty: the next step, or `outcome`. `holds`: the branch is taken if `condition` is (un)true."""

    kind: Kind = "next"
    to: str | None = None
    outcome: Outcome | None = None
    condition: str = ""
    holds: bool = True
    key: str = ""
    leg: str = ""
    arguments: str = ""  # Gosub's, for ARG1 …


NEXT = Way()
RETURN = Way("return", outcome=Outcome.RETURN)
HANGUP = Way("next", outcome=Outcome.HANGUP)
KEYS = Way("key", to="")  # every extension of the context, one key each

Table = Callable[[list[str], str, int], Iterator[Way]]


def ways(application: str, arguments: str, deep: int = 0) -> Iterator[Way]:
    """Every way on from a step. Applications are known by their names in any case, as Asterisk knows them."""
    table = TABLE.get(application.lower())
    if table is None or deep > _DEEP:
        yield NEXT
        return
    yield from table(split(arguments), arguments, deep)


def _at(arguments: list[str], index: int) -> str:
    return arguments[index].strip() if index < len(arguments) else ""


def _goto(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield Way("goto", text)


def _gosub_way(text: str, **more: str) -> Way:
    place, bracket, rest = text.partition("(")
    parts = split(text)
    if len(parts) > 1 or bracket:
        last, _, rest = parts[-1].partition("(")
        place = ",".join([*parts[:-1], last])
    return Way(
        "gosub", place.strip(), arguments=rest.removesuffix(")") if bracket else "", condition=more.get("condition", "")
    )


def _gosub(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield _gosub_way(text)


def _if(text: str, kind: Kind) -> Iterator[Way]:
    """`condition?then:else`; a branch that is not written goes on."""
    condition, question, rest = _divided(text, "?")
    then, _, other = _divided(rest, ":") if question else ("", "", "")
    for place, holds in ((then.strip(), True), (other.strip(), False)):
        way = NEXT if not place else _gosub_way(place) if kind == "gosub" else Way("branch", place)
        yield replace(way, condition=condition.strip(), holds=holds)


def _divided(text: str, separator: str) -> tuple[str, str, str]:
    parts = split(text, separator, 2)
    return (parts[0], separator, parts[1]) if len(parts) == 2 else (text, "", "")


def _goto_if(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield from _if(text, "branch")


def _gosub_if(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield from _if(text, "gosub")


def _goto_if_time(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    for way in _if(text, "branch"):
        yield replace(way, condition=f"{TIME}{way.condition}")


TIME = "time "  # begins the condition of GotoIfTime and ExecIfTime


def _exec_if(arguments: list[str], text: str, deep: int, begins: str = "") -> Iterator[Way]:
    condition, question, rest = _divided(text, "?")
    then, _, other = _divided(rest, ":") if question else ("", "", "")
    for inner, holds in ((then, True), (other, False)):
        for way in ways(*call(inner), deep + 1) if inner.strip() else (NEXT,):
            yield replace(way, condition=begins + condition.strip(), holds=holds)


def _exec_if_time(arguments: list[str], text: str, deep: int) -> Iterator[Way]:
    yield from _exec_if(arguments, text, deep, TIME)


def _exec(arguments: list[str], text: str, deep: int) -> Iterator[Way]:
    yield from ways(*call(text), deep + 1)


def _try_exec(arguments: list[str], text: str, deep: int) -> Iterator[Way]:
    """As Exec, but what would hang up goes on."""
    for way in ways(*call(text), deep + 1):
        yield NEXT if way.outcome is Outcome.HANGUP else way


def _hangup(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield HANGUP


def _return(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield RETURN


def _option_place(text: str) -> str:
    return text.replace("^", ",")


def _other_leg_gosub(inside: str, leg: str) -> Way:
    """Dial's U, b, B: `context^extension^priority(arguments)`; a name alone is the context."""
    place, _, rest = inside.partition("(")
    parts = place.split("^")
    if len(parts) == 1 and parts[0]:
        parts += ["s", "1"]
    kept = parts[:3] if len(parts) >= 3 else parts
    given = rest.removesuffix(")").replace("^", ",") or ",".join(parts[3:])
    return Way("fork", ",".join(kept), leg=leg, arguments=given)


def _local_legs(destinations: str) -> Iterator[Way]:
    """`Local/extension@context` among `&`-joined destinations: another leg that runs a dialplan."""
    for one in split(destinations, "&"):
        technology, slash, rest = one.strip().partition("/")
        if technology.lower() == "local" and slash:
            extension, at, context = rest.partition("@")
            yield Way("fork", f"{context.partition('/')[0] if at else 'default'},{extension},1", leg=one.strip())


def _dial(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    chosen = options(_at(arguments, 2))
    yield from _local_legs(_at(arguments, 0))
    for letter in "Ub":
        if chosen.get(letter):
            yield _other_leg_gosub(chosen[letter], "dialled")
    if chosen.get("B"):
        yield _gosub_way(_option_place(chosen["B"]))
    if chosen.get("F"):
        yield Way("fork", _option_place(chosen["F"]), leg="dialled")
    if "G" in chosen:
        place = split(_option_place(chosen["G"]))
        yield Way("goto", ",".join(place))
        after = str(int(place[-1]) + 1) if place[-1].strip().isdigit() else place[-1]
        yield Way("fork", ",".join([*place[:-1], after]), leg="dialled")
    else:
        yield Way("next", outcome=Outcome.HUMAN)
    if "d" in chosen:
        yield KEYS
    yield NEXT


def _queue(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    """Queue(name,options,URL,announce,timeout,AGI,gosub,rule,position); Asterisk 20 has a macro before gosub."""
    yield Way("next", outcome=Outcome.QUEUE)
    gosub = _at(arguments, 6) or (_at(arguments, 7) if len(arguments) > 9 else "")
    if gosub:
        parts = split(gosub)
        yield Way("fork", gosub if len(parts) > 1 else f"{gosub.partition('(')[0]},s,1", leg="operator")
    yield Way("key", f"{QUEUE_KEYS},")
    yield NEXT


def _background(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    context = _at(arguments, 3)
    yield Way("key", f"{context},") if context else KEYS
    yield NEXT


def _wait_exten(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield KEYS
    yield Way("timeout", "t,1")


def _originate(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    """Originate(destination,exten,context,extension,priority,…) or Originate(destination,app,…): legs of their own."""
    yield from _local_legs(_at(arguments, 0))
    if _at(arguments, 1).lower() == "exten":
        place = ",".join([_at(arguments, 2), _at(arguments, 3) or "s", _at(arguments, 4) or "1"])
        yield Way("fork", place, leg=_at(arguments, 0), arguments=_at(arguments, 6))
    yield NEXT


def _redirect(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield Way("fork", ",".join(word.strip() for word in arguments[1:4]), leg=_at(arguments, 0))
    yield NEXT


def _bridge(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    after = options(_at(arguments, 1)).get("F")
    if after:
        yield Way("fork", _option_place(after), leg=_at(arguments, 0))
    yield Way("next", outcome=Outcome.HUMAN)
    yield NEXT


def _meets(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield Way("next", outcome=Outcome.HUMAN)
    yield NEXT


def _page(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield from _local_legs(_at(arguments, 0))
    yield from _meets(arguments, text, _)


def _away(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield Way("next", outcome=Outcome.AWAY)
    yield NEXT


def _set(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    yield from _assigned(text)
    yield NEXT


def _mset(arguments: list[str], text: str, _: int) -> Iterator[Way]:
    for one in arguments:
        yield from _assigned(one)
    yield NEXT


def _assigned(text: str) -> Iterator[Way]:
    """Where an assignment sends a call later on. MSet's values may stand in quotes, for their commas."""
    name, _equals, value = (part.strip().strip('"') for part in text.partition("="))
    if _HANDLERS.fullmatch(name) and value:
        way = _gosub_way(value)
        yield replace(way, kind="hook")
    if _LIMIT.fullmatch(name) and value not in {"", "0"}:
        yield Way("timeout", "T,1")


TABLE: Mapping[str, Table] = MappingProxyType(
    {
        "goto": _goto,
        "gotoif": _goto_if,
        "gotoiftime": _goto_if_time,
        "gosub": _gosub,
        "gosubif": _gosub_if,
        "return": _return,
        "execif": _exec_if,
        "execiftime": _exec_if_time,
        "exec": _exec,
        "tryexec": _try_exec,
        "hangup": _hangup,
        "busy": _hangup,
        "congestion": _hangup,
        "dial": _dial,
        "retrydial": lambda a, t, d: _dial(a[3:], t, d),
        "queue": _queue,
        "background": _background,
        "waitexten": _wait_exten,
        "originate": _originate,
        "channelredirect": _redirect,
        "bridge": _bridge,
        "bridgeadd": _meets,
        "confbridge": _meets,
        "meetme": _meets,
        "page": _page,
        "followme": _meets,
        "voicemail": _meets,
        "directory": _meets,
        "transfer": _away,
        "set": _set,
        "mset": _mset,
    }
)

# Applications that take time: while one runs a caller hears something, or somebody can act. Seconds do not matter.
_SLOW = """
wait waitexten waitdigit waitforring waitforsilence waitfornoise waituntil waitforcondition read readexten playback
background controlplayback saydigits saynumber sayalpha sayphonetic sayunixtime sayuniqueid datetime queue dial
retrydial originate record bridge bridgewait confbridge meetme page park parkandannounce musiconhold milliwatt echo
voicemail voicemailmain agi eagi deadagi stasis system trysystem chanspy extenspy morsecode festival
speechbackground followme directory receivefax sendfax busy congestion sendtext senddtmf dictate minivmrecord
minivmgreet pickup transfer
"""
SLOW = frozenset(_SLOW.split())
