"""What holds whatever a site or a city changes, and what no file can allow: core as it came, and what core promises.

The promises are looked for along a call's ways, not in the words of core's files: a core that was rewritten is judged
by what it does.
"""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialplan.applications import Run, assigned, bare, runs
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.explore import Explorer
from ivr.dialplan.findings import Finding
from ivr.dialplan.flow import OWN, Flow, Outcome
from ivr.dialplan.given import DOORS
from ivr.dialplan.model import At, Step
from ivr.dialplan.parts import split
from ivr.dialplan.rules.hangups import Ends

EMERGENCY = "emergency"  # core's context: the caller's way to the emergency target
# hook → core's context that calls it, and the words by which it does
HOOKS = {
    "before-greeting": ("greeting", "hook,s,1(before-greeting)"),
    "before-queue": ("before-queue", "hook,s,1(before-queue)"),
    "while-waiting": ("waiting", "hook,s,1(while-waiting)"),
    "before-transfer": ("transfer-leg", "hook,s,1(before-transfer)"),
    "after-call": ("caller-ends", ",after-call,s,1,"),
    "number-…": ("own-number", "hook,s,1(number-${DIALLED})"),
    "key-…": ("waiting-key", "hook,s,1(key-${EXTEN})"),
}


def core_as_it_came(checked: Checked) -> Iterator[Finding]:
    """Core's files are the product's, to the letter."""
    for file, line in checked.altered.items():
        yield found(At(file, line), "guard-core-changed", name=file.name)


def core_calls_its_hooks(checked: Checked) -> Iterator[Finding]:
    """Each hook's point is still in core, where calls come by."""
    if checked.site is None:
        return
    for hook, (name, words) in HOOKS.items():
        context = checked.contexts.get(name)
        if context is None:
            yield found(_core(checked), "guard-hook", hook=hook, context=name)
        elif not any(words in step.arguments for step in context.steps):
            yield found(context.at, "guard-hook", hook=hook, context=name)


def _core(checked: Checked) -> At:
    """Where to tell what is not there at all: the door of the hotline, or the first file."""
    door = next(checked.flow.doors(), None)
    return door.at if door is not None else At(min(checked.core, default=checked.dialplan.files[0]), 1)


def emergency_key(checked: Checked) -> Iterator[Finding]:
    """One key of a caller who waits or listens leads to the emergency target, in every such state (R8)."""
    flow, key = checked.flow, checked.flow.values.setting("EMERGENCY_KEY")
    if checked.site is None or key is None:
        return
    for step in _waited_for(checked):
        for run in runs(step):
            if run.application == "read" and not _read_leads_to_emergency(flow, step, run, key):
                yield found(step.at, "guard-emergency-key", place=step.place, key=key)
            if run.application == "queue" and not _queue_leads_to_emergency(flow, step, key):
                yield found(step.at, "guard-emergency-key", place=step.place, key=key)
            if run.application == "dial" and "@hook-leg" in run.argument(0) and not _hook_has_the_key(flow, step):
                yield found(step.at, "guard-emergency-key", place=step.place, key=key)


def _waited_for(checked: Checked) -> Iterator[Step]:
    """Core's steps that a caller may come to before he has talked to anybody."""
    ends = Ends(checked.flow, list(checked.flow.entries(*DOORS)))
    yield from (step for step in ends.before_a_human() if checked.of_core(step.at))


def _is_emergency(step: Step) -> bool:
    return step.context == EMERGENCY and step.priority == 1


def _read_leads_to_emergency(flow: Flow, step: Step, run: Run, key: str) -> bool:
    variable = run.argument(0)

    def stop(one: Step) -> bool:
        return _is_emergency(one) or any(other.application in {"read", "queue"} for other in runs(one))

    following = [edge.step for edge in flow.out(step) if edge.kind == "next" and edge.step is not None]
    copies = {
        bare(name) for one in flow.dialplan.steps() for name, value in assigned(one) if value == f"${{{variable}}}"
    }
    explorer = Explorer(flow, frozenset({variable, *copies}))
    arrived = [
        one
        for start in following
        for caller in flow.callers(step) or (None,)
        for one in explorer.arrivals(start, {variable: key}, stop, caller=caller)
    ]
    return bool(arrived) and all(isinstance(one, Step) and _is_emergency(one) for one in arrived)


def _queue_leads_to_emergency(flow: Flow, step: Step, key: str) -> bool:
    chosen = [edge.step for edge in flow.out(step) if edge.kind == "key" and edge.key == key and edge.step is not None]
    explorer = Explorer(flow, frozenset())
    arrived = [one for start in chosen for one in explorer.arrivals(start, {}, _is_emergency, key)]
    return bool(arrived) and all(isinstance(one, Step) and _is_emergency(one) for one in arrived)


def _hook_has_the_key(flow: Flow, dial: Step) -> bool:
    return _always_before(flow, dial, "DYNAMIC_FEATURES", "hook-emergency")


def _always_before(flow: Flow, step: Step, variable: str, word: str) -> bool:
    """Does every way from this extension's first step set the variable to the word before it comes to the step?"""

    def sets(one: Step) -> bool:
        return any(bare(name) == variable and value == word for name, value in assigned(one))

    first = flow.at(step.context, step.extension, 1)
    if first is None or sets(first):
        return first is not None
    passed = flow.reach([first], follow=lambda edge: edge.kind in OWN and edge.step is not None and not sets(edge.step))
    return step not in passed


def nothing_blind(checked: Checked) -> Iterator[Finding]:
    """An emergency target is always supervised: never reached by mode blind, nor by a Dial that nobody watches."""
    if checked.site is None:
        return
    emergencies = {target.key: target.endpoint for target in checked.site.targets.values() if target.emergency}
    yield from _blind_in_core(checked, emergencies)
    for step in checked.dialplan.steps():
        if not checked.of_site(step.at):
            continue
        for run in runs(step):
            what = _blind_in_site(checked, step, run, emergencies)
            if what:
                yield found(step.at, "guard-blind", target=what)


def _blind_in_core(checked: Checked, emergencies: dict[str, str]) -> Iterator[Finding]:
    """Whoever orders it (a key, the console, the API): core refuses before it releases or dials anybody."""
    explorer = Explorer(checked.flow, frozenset({"MODE", "TARGET", "REFUSED", "ENDPOINT"}))

    def acts(step: Step) -> bool:
        if any(run.application == "dial" for run in runs(step)):
            return True
        return any(run.application == "channelredirect" and run.argument(1) == "released" for run in runs(step))

    told: set[Step] = set()
    for key in emergencies:
        start = checked.flow.at("transfer-leg", key)
        if start is None:
            continue
        for one in explorer.arrivals(start, {"MODE": "blind"}, acts, key):
            if isinstance(one, Step) and one not in told:
                told.add(one)
                yield found(one.at, "guard-blind", target=key)


def _blind_in_site(checked: Checked, step: Step, run: Run, emergencies: dict[str, str]) -> str | None:
    if run.application in {"gosub", "gosubif", "originate"} and "transfer-" in run.text:
        inside = split(run.text.partition("transfer-order")[2].partition("(")[2].rpartition(")")[0])
        if len(inside) > 1 and inside[1].strip() == "blind":
            keys = checked.flow.values.of(inside[0].strip(), step) or frozenset()
            return next((key for key in keys if key in emergencies), None)
    if run.application in {"dial", "retrydial", "originate", "page"}:
        for destination in split(run.argument(3 if run.application == "retrydial" else 0), "&"):
            known = checked.flow.values.of(destination.strip(), step) or frozenset({destination.strip()})
            for key, endpoint in emergencies.items():
                if any(one.partition("/")[2].partition("/")[0].rpartition("@")[2] == endpoint for one in known):
                    return key
    return None


def scripts_have_a_way_out(checked: Checked) -> Iterator[Finding]:
    """An AGI that fails, hangs or is killed holds no caller: it ends with the leg or in time, and the call goes on."""
    if checked.site is None:
        return
    for step in _waited_for(checked):
        for run in runs(step):
            if run.application in {"agi", "eagi"} and not _has_a_way_out(checked.flow, step, run):
                yield found(step.at, "guard-agi", place=step.place)


def _has_a_way_out(flow: Flow, step: Step, run: Run) -> bool:
    if not _always_before(flow, step, "AGIEXITONHANGUP", "yes"):
        return False
    after = [edge.step for edge in flow.out(step) if edge.kind == "next"]
    if not all(after) or not after:
        return False
    if not flow.values.spelled(run.argument(0)).startswith("agi:"):
        return True
    limits = [edge for one in _limits(flow, step) for edge in flow.out(one) if edge.kind == "timeout"]
    return bool(limits) and all(edge.step is not None and _goes_on(flow, edge.step) for edge in limits)


def _limits(flow: Flow, step: Step) -> Iterator[Step]:
    """The steps of this extension that set a time limit before it, where no other takes it back."""
    for edge in flow.into(step):
        source = edge.source
        while source.context == step.context:
            limit = [value for name, value in assigned(source) if name.upper() == "TIMEOUT(ABSOLUTE)"]
            if limit:
                if limit[-1] not in {"", "0", None}:
                    yield source
                break
            before = [one.source for one in flow.into(source) if one.kind == "next"]
            if len(before) != 1:
                break
            source = before[0]


def _goes_on(flow: Flow, start: Step) -> bool:
    """No way from here hangs up: with no answer from the script, the call comes back from what asked it."""
    explorer = Explorer(flow, frozenset({"AGI_DONE"}))
    arrived = set(explorer.arrivals(start, {"AGI_DONE": ""}, lambda step: False))
    return bool(arrived) and arrived <= {Outcome.RETURN, Outcome.QUEUE, Outcome.HUMAN}
