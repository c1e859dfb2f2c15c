"""A caller is never hung up on without a human, the queue, or words that say why."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from ivr.dialplan.applications import assigned, bare, runs
from ivr.dialplan.checked import SITE, Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.flow import OWN, Edge, Flow, Outcome
from ivr.dialplan.given import DOORS, NUMBERS
from ivr.dialplan.model import Step
from ivr.dialplan.rules.greeting import asks_the_clock

SPEAKS = frozenset(
    [
        "playback",
        "background",
        "read",
        "controlplayback",
        "saydigits",
        "saynumber",
        "sayalpha",
        "sayunixtime",
        "festival",
    ]
)
# Behind Queue nobody has been met: who has talked comes to [after-talk].
MEETS = frozenset(["dial", "bridge", "bridgeadd", "confbridge", "retrydial", "page", "followme", "voicemail"])
# Core's contexts in which a call may end before a human: refused at the door, screened, sent away by a drain,
# or a number that is not the hotline's.
ALLOWED = frozenset({"door", "drain", "screened", "own-number"})
TALKED = frozenset({"after-talk"})  # its caller comes from a talk


class Had(IntEnum):
    """What a caller has had when he comes to a step, the least of all ways."""

    NOTHING = 0
    WORDS = 1
    HUMAN = 2


def on_the_hotline(checked: Checked) -> Iterator[Finding]:
    """From the hotline's doors a human, or a reason that core allows, stands at the end of every way. A guard."""
    if checked.site is None:
        return
    for step, had in Ends(checked.flow, list(checked.flow.entries(*DOORS))).found():
        if had is not Had.HUMAN and step.context not in ALLOWED:
            yield found(step.at, "guard-human", place=step.place)


def in_hooks(checked: Checked) -> Iterator[Finding]:
    """A hook ends by Return(). A hang-up ends its own leg alone, and a jump into core runs core on the wrong leg.

    What a site asks core to do is judged too: a number of its own that says goodbye to a caller who was told nothing.
    """
    if checked.site is None:
        return
    entries = [one for name in checked.contexts if name.startswith(SITE) for one in checked.flow.entries(name)]
    hooks = [one for one in entries if one.context in HOOKS or one.context.startswith(NUMBERS)]
    clocked = _by_the_clock(checked, checked.flow.reach(hooks, follow=_own))
    ends = Ends(checked.flow, hooks)
    for step, had in ends.found():
        if checked.of_site(step.at) and step not in clocked and not _told_elsewhere(checked.flow, step):
            silent = had is Had.NOTHING and any(edge.target is Outcome.HANGUP for edge in checked.flow.out(step))
            yield found(step.at, "hangs-up" if silent else "hook-no-return", place=step.place)
    for step in ends.without_a_word():
        behind = Ends(checked.flow, [step], returns=True)
        if _bids_goodbye(step) and any(had is Had.NOTHING for _, had in behind.found()):
            yield found(step.at, "hangs-up", place=step.place)
    yield from _leaving(checked)


def _leaving(checked: Checked) -> Iterator[Finding]:
    for edge in checked.flow.edges():
        source, target = edge.source, edge.step
        if target is None or edge.kind not in OWN - {"gosub", "next"} or not source.context.startswith(SITE):
            continue
        if checked.of_core(target.at) and not any(run.application == "queue" for run in runs(source)):
            yield found(source.at, "hook-leaves", to=target.context)


def _by_the_clock(checked: Checked, reached: frozenset[Step]) -> frozenset[Step]:
    """Steps that only a time of day leads to: `closed-by-time` judges them."""
    asking = [step for step in reached if any(asks_the_clock(edge.condition) for edge in checked.flow.out(step))]
    behind = [edge.step for step in asking for edge in checked.flow.out(step) if edge.step is not None]
    return checked.flow.reach(behind, follow=_own) | frozenset(asking)


HOOKS = frozenset(
    f"{SITE}{name}"
    for name in ("before-greeting", "before-queue", "while-waiting", "after-call", "before-transfer", "hours")
)


def _own(edge: Edge) -> bool:
    return edge.kind in OWN


def _told_elsewhere(flow: Flow, step: Step) -> bool:
    """A place that is not there, a gap of priorities, a call sent to another exchange: each has a rule of its own."""
    ends = {edge.target for edge in flow.out(step) if edge.target in _ENDS}
    return ends <= {Outcome.LOST, Outcome.AWAY} or (ends == {Outcome.END} and not flow.places.is_last(step))


def _bids_goodbye(step: Step) -> bool:
    """Asks core to hang up when the hook has returned (dialplans/core/hooks.conf: GOODBYE)."""
    return any(bare(name) == "GOODBYE" and (value or "").strip() == "1" for name, value in assigned(step))


class Ends:
    """Every step at which the call of one who came in at `entries` may end, and what its caller has had by then."""

    def __init__(self, flow: Flow, entries: list[Step], *, returns: bool = False) -> None:
        """`returns`: a Return ends it too."""
        self._flow, self._last = flow, _ENDS | ({Outcome.RETURN} if returns else set())
        self._least: dict[tuple[Step, Had], None] = {}
        self._waiting = [(entry, Had.NOTHING) for entry in entries]
        self._ends: dict[Step, Had] = {}
        self._walk()

    def found(self) -> Iterator[tuple[Step, Had]]:
        yield from self._ends.items()

    def without_a_word(self) -> Iterator[Step]:
        """Steps to which some way leads on which nothing was said."""
        yield from (step for step, had in self._least if had is Had.NOTHING)

    def before_a_human(self) -> Iterator[Step]:
        """Steps to which some way leads on which nobody was talked to."""
        yield from dict.fromkeys(step for step, had in self._least if had is not Had.HUMAN)

    def _walk(self) -> None:
        """Each step with each state once. Behind a Gosub a caller has had what it may have said."""
        while self._waiting:
            here = self._waiting.pop()
            if here in self._least:
                continue
            self._least[here] = None
            step, had = here
            after = max(had, _gives(step))
            for edge in self._flow.out(step):
                if edge.step is not None and edge.kind in OWN:
                    state = Had.HUMAN if edge.step.context in TALKED else after if edge.kind != "key" else had
                    if edge.kind == "next" and self._says(step):
                        state = max(state, Had.WORDS)
                    self._waiting.append((edge.step, state))
                elif edge.step is None and edge.target in self._last:
                    self._ends[step] = min(
                        self._ends.get(step, Had.HUMAN), had if edge.target is Outcome.AWAY else after
                    )

    def _says(self, step: Step) -> bool:
        """A Gosub to something that speaks."""
        called = [edge.step for edge in self._flow.out(step) if edge.kind == "gosub" and edge.step is not None]
        if not called:
            return False
        reached = self._flow.reach(called, follow=_own)
        return any(run.application in SPEAKS for one in reached for run in runs(one))


_ENDS = frozenset({Outcome.HANGUP, Outcome.END, Outcome.AWAY, Outcome.LOST})


def _gives(step: Step) -> Had:
    names = {run.application for run in runs(step) if run.application != "read" or run.argument(1)}
    return Had.HUMAN if names & MEETS else Had.WORDS if names & SPEAKS else Had.NOTHING
