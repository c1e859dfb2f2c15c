"""A variable that is read where nothing can have set it: a slip of the pen that Asterisk takes for an empty word."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialplan.applications import assigned, bare, runs
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.given import KNOWN
from ivr.dialplan.model import Step
from ivr.dialplan.parts import references, split

# Functions whose first argument is a variable's name.
_NAMING = "CUT SHIFT POP UNSHIFT PUSH STRREPLACE REPLACE PASSTHRU LISTFILTER FIELDQTY FIELDNUM"
_NAMERS = frozenset(_NAMING.split())


def unset(checked: Checked) -> Iterator[Finding]:
    """`${NAME}` on a leg that no way leads to from a step that sets NAME.

    Not judged: names that are made of others (`${TARGET_${KEY}}`), what Asterisk, an endpoint, an order or a script
    sets, and in dialplans of others every variable behind a step that hands the channel to a script.
    """
    setters = _Setters(checked)
    for step in checked.dialplan.steps():
        for name in dict.fromkeys(_read(step)):
            if not setters.lead_to(step, name):
                yield found(step.at, "unset-variable", name=name)


_WORK = (
    1_000_000  # steps that are walked over for all names together: a thousand times what core takes; then none is told
)


class _Setters:
    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self._steps: dict[str, list[Step]] = {}
        self._begins: set[str] = set()  # of names that are made in the call: Set(AREA_${N}=…)
        self._everywhere = KNOWN | checked.dialplan.globals.keys()
        for step in checked.dialplan.steps():
            for name, _ in assigned(step):
                if "${" in name.partition("(")[0]:
                    self._begins.add(name.lstrip("_").partition("${")[0])
                self._steps.setdefault(bare(name), []).append(step)
                if name.startswith("_") or name.upper().startswith("GLOBAL("):
                    self._everywhere |= {bare(name)}
        scripts = [step for step in checked.dialplan.steps() for run in runs(step) if run.application in _SCRIPTS]
        self._scripted = _behind(checked, scripts) if checked.site is None else frozenset()
        self._reached: dict[str, frozenset[Step]] = {}
        self._work = 0

    def lead_to(self, step: Step, name: str) -> bool:
        if name in self._everywhere or name.startswith("ARG") or any(map(name.startswith, self._begins)):
            return True
        if name not in self._reached:
            if self._work > _WORK:
                return True
            self._reached[name] = _behind(self._checked, self._steps.get(name, []))
            self._work += len(self._reached[name])
        return step in self._reached[name] or step in self._scripted


_SCRIPTS = frozenset({"agi", "eagi", "deadagi", "stasis", "realtime", "lua", "macro"})


def _behind(checked: Checked, starts: list[Step]) -> frozenset[Step]:
    """Every step that a leg may come to after one of these, what they call and what called them included."""
    seen = set(starts)
    waiting = list(starts)
    flow = checked.flow
    while waiting:
        step = waiting.pop()
        following = [edge.step for edge in flow.out(step) if edge.kind != "fork" or edge.leg == "dialled"]
        for edge in flow.out(step):
            if edge.target == "return":
                following += [behind.step for caller in flow.callers(step) for behind in flow.out(caller)]
        for target in following:
            if target is not None and target not in seen:
                seen.add(target)
                waiting.append(target)
    return frozenset(seen)


def _read(step: Step) -> Iterator[str]:
    for reference in references(step.arguments):
        name = reference.literal
        if name is None or not name.replace("_", "").isalnum():
            continue
        if reference.arguments is None:
            yield name
        elif name in _NAMERS:
            first = split("".join(one.text for one in reference.arguments[:1] if hasattr(one, "text")))[0].strip()
            if first.replace("_", "").isalnum() and not first.isdigit():
                yield first
