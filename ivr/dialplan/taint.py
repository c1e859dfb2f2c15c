"""Which letters a caller may have put into a variable, step by step: what he dialled, his number, keys, headers. Pure.

A fixed point over the flow graph: at a step, each variable has the letters of all ways that lead there. FILTER takes
letters away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ivr.dialplan import alphabet
from ivr.dialplan.applications import assigned, bare, runs
from ivr.dialplan.flow import OWN, Edge, Flow, Outcome
from ivr.dialplan.model import Step
from ivr.dialplan.parts import Expression, Part, Plain, Reference, parse, split, text_of

State = dict[str, int]  # variable → letters that a caller chose; not there: none

_ROUNDS = 30
NUMBER, NAME = "CALLERID(num)", "CALLERID(name)"
_STRANGER: State = {NUMBER: alphabet.ANY, NAME: alphabet.ANY}  # what a leg brings that nobody has looked at
HEADERS = frozenset({"PJSIP_HEADER", "SIP_HEADER", "PJSIP_PARSE_URI", "REDIRECTING", "CONNECTEDLINE"})
# What comes out is made of what goes in. Every other function's value is Asterisk's or the house's own.
_PASSES = """
CUT SHIFT POP TOUPPER TOLOWER STRREPLACE REPLACE QUOTE CSV_QUOTE PASSTHRU EVAL
URIDECODE STRBETWEEN TRIM LTRIM RTRIM KEYPADHASH LISTFILTER BASE64_DECODE
"""
PASSES = frozenset(_PASSES.split())
NAMES_A_VARIABLE = frozenset({"CUT", "SHIFT", "POP", "STRREPLACE", "REPLACE", "PASSTHRU", "LISTFILTER", "STRBETWEEN"})
ENCODED = {"URIENCODE": alphabet.WORD | alphabet.of("-.~%"), "BASE64_ENCODE": alphabet.WORD | alphabet.of("+/=")}
FROM_THE_CALLER = frozenset({"INVALID_EXTEN", "SIPURI", "SIPDOMAIN", "SIPUSERAGENT", "CALLERIDNUM", "CALLERIDNAME"})


class Taint:
    def __init__(self, flow: Flow, roots: Iterable[Step]) -> None:
        self._flow = flow
        self._everywhere: State = {}  # SHARED() and GLOBAL(): what one leg writes another reads
        self._at: dict[Step, State] = {}
        self._written: dict[Step, frozenset[str]] = {}
        self._backs: dict[Step, tuple[Step, ...]] = {}
        names = (bare(name) for step in flow.dialplan.steps() for name, _ in assigned(step) if name.startswith("_"))
        self._lasting = frozenset(names)  # what new legs inherit
        for step in roots:
            self._at[step] = {**_STRANGER, "EXTEN": alphabet.dialled(step.extension)}
        self._settle()

    def of(self, text: str, step: Step) -> int:
        """The letters of this text, at this step, that a caller may have chosen."""
        return self._parts(parse(text), step, self._state(step))

    def part(self, part: Part, step: Step) -> int:
        return self._part(part, step, self._state(step))

    def _state(self, step: Step) -> State:
        return self._at.get(step, dict(_STRANGER))

    def _settle(self) -> None:
        waiting = dict.fromkeys(self._at)
        budget = _ROUNDS * (len(self._flow.dialplan.contexts) + sum(1 for _ in self._flow.dialplan.steps()))
        while waiting and budget:
            budget -= 1
            step = next(iter(waiting))
            del waiting[step]
            after = self._after(step)
            for edge in self._flow.out(step):
                for target in self._carry(edge, after):
                    if target in self._at:  # a caller of what returns here may not have been reached yet
                        waiting[target] = None

    def _carry(self, edge: Edge, after: State) -> Iterator[Step]:
        """Joins the state into what the edge leads to; yields the steps that have to be looked at again."""
        if edge.target is Outcome.RETURN:
            yield from self._flow.callers(edge.source)
        if edge.step is None:
            return
        if edge.kind == "fork":
            given = _STRANGER | self._inherited(after)
        elif edge.kind == "gosub":
            given = {**after, **self._arguments(edge, after)}
        elif edge.kind == "next":
            given = self._returned(edge.source, after)
        else:
            given = after
        if edge.kind == "key":
            given = {**given, "EXTEN": alphabet.KEYS}
        elif edge.dialled:
            given = {**given, "EXTEN": self._parts(parse(edge.dialled), edge.source, after)}
        if self._join(edge.step, given):
            yield edge.step

    def _join(self, step: Step, given: State) -> bool:
        known = self._at.get(step)
        if known is None:
            self._at[step] = dict(given)
            return True
        changed = False
        for name, bits in given.items():
            joined = known.get(name, 0) | bits
            if joined != known.get(name, 0):
                known[name] = joined
                changed = True
        return changed

    def _after(self, step: Step) -> State:
        before = self._state(step)
        after = dict(before)
        conditional = step.application.lower() in {"execif", "execiftime"}
        for name, value in assigned(step):
            variable = bare(name)
            bits = alphabet.KEYS if value is None else self._parts(parse(value), step, before)
            if variable.startswith("SHARED(") or name.upper().startswith("GLOBAL("):
                self._everywhere[variable] = self._everywhere.get(variable, 0) | bits
            elif variable.upper() == "CALLERID(ALL)":
                after[NUMBER] = after[NAME] = bits
            else:
                after[variable] = bits | (before.get(variable, 0) if conditional else 0)
        return after

    def _inherited(self, after: State) -> State:
        return {name: bits for name, bits in after.items() if name in self._lasting}

    def _arguments(self, edge: Edge, after: State) -> State:
        """ARG1 … of the Gosub, and of a hook's or a key's."""
        found: State = {}
        for run in runs(edge.source):
            if run.application in {"gosub", "gosubif"}:
                inside = run.text.rpartition("(")[0] and run.text[run.text.index("(") + 1 :].rpartition(")")[0]
                for number, argument in enumerate(split(inside), 1):
                    found[f"ARG{number}"] = self._parts(parse(argument), edge.source, after)
        return found

    def _returned(self, step: Step, after: State) -> State:
        """After a Gosub: what is called has the last word on the variables that it sets."""
        entries = [edge.step for edge in self._flow.out(step) if edge.kind == "gosub" and edge.step is not None]
        if not entries:
            return after
        found = dict(after)
        for entry in entries:
            written = self._writes(entry)
            for name in written:
                found[name] = 0
            for back in self._returns(entry):
                for name in written:
                    found[name] |= self._at.get(back, {}).get(name, 0)
        return found

    def _writes(self, entry: Step) -> frozenset[str]:
        if entry not in self._written:
            reached = self._flow.reach([entry], follow=lambda edge: edge.kind in OWN)
            self._written[entry] = frozenset(bare(name) for step in reached for name, _ in assigned(step))
        return self._written[entry]

    def _returns(self, entry: Step) -> tuple[Step, ...]:
        if entry not in self._backs:
            reached = self._flow.reach([entry], follow=lambda edge: edge.kind in OWN and edge.kind != "gosub")
            ends = (step for step in reached if any(edge.target is Outcome.RETURN for edge in self._flow.out(step)))
            self._backs[entry] = tuple(ends)
        return self._backs[entry]

    def _parts(self, parts: Iterable[Part], step: Step, state: Mapping[str, int]) -> int:
        bits = 0
        for part in parts:
            bits |= self._part(part, step, state)
        return bits

    def _part(self, part: Part, step: Step, state: Mapping[str, int]) -> int:
        if isinstance(part, Plain | Expression):
            return alphabet.NONE  # the author's own words; a number or a truth
        if part.arguments is not None:
            return self._function(part, step, state)
        name = part.literal
        if name == "EXTEN":
            possible = alphabet.dialled(step.extension)
            return possible & state.get("EXTEN", possible)
        if name in FROM_THE_CALLER:
            return alphabet.ANY
        if name is not None:
            return state.get(name, 0) | self._everywhere.get(name, 0)
        shape = re.compile("".join(re.escape(one.text) if isinstance(one, Plain) else ".+" for one in part.name))
        bits = 0
        for known, letters in state.items():
            bits |= letters if shape.fullmatch(known) else 0
        return bits

    def _function(self, part: Reference, step: Step, state: Mapping[str, int]) -> int:
        name, text = (part.literal or "").upper(), text_of(part.arguments or ())
        if name in HEADERS:
            return alphabet.ANY
        if name in _READERS:
            return _READERS[name](split(text)[0].strip(), text, state, self._everywhere)
        if name in {"FILTER", "IF"}:
            return self._chosen(name, text, step, state)
        bits = self._parts(part.arguments or (), step, state)
        if name in ENCODED:
            return bits & ENCODED[name] | (alphabet.of("%") if bits & ~ENCODED[name] else 0)
        if name in PASSES:
            return bits | (state.get(split(text)[0].strip(), 0) if name in NAMES_A_VARIABLE else 0)
        return alphabet.NONE

    def _chosen(self, name: str, text: str, step: Step, state: Mapping[str, int]) -> int:
        """FILTER lets some letters pass, IF one of its branches: what it asks does not come out."""
        first, *rest = split(text, "?" if name == "IF" else ",", 2)
        bits = self._parts(parse("".join(rest)), step, state)
        return bits & alphabet.filtered(first.strip()) if name == "FILTER" else bits


_HARMLESS = frozenset({"pres", "num-pres", "name-pres", "ani2", "num-plan", "ton", "num-valid", "name-valid", "tag"})

# Functions that read a variable by its name: (first argument, all of them, the leg's state, what every leg sees).
_READERS: Mapping[str, Callable[[str, str, Mapping[str, int], Mapping[str, int]], int]] = {
    "CALLERID": lambda first, _, state, __: state.get(
        f"CALLERID({first.lower()})", 0 if first.lower() in _HARMLESS else alphabet.ANY
    ),
    "SHARED": lambda first, _, __, shared: shared.get(f"SHARED({first})", 0),
    "GLOBAL": lambda first, _, __, shared: shared.get(first, 0),
    "IMPORT": lambda _, text, state, __: alphabet.ANY if "CALLERID(" in text else state.get(split(text)[-1].strip(), 0),
}
