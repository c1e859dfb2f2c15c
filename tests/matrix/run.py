"""One death on one hotline: ten calls brought into ten states, the death, the stories' ends, the verdicts."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.calls.ladder import draw
from ivr.calls.model import Call
from tests.matrix import house, judge
from tests.matrix.cell import Cell, Line, Moment
from tests.matrix.deaths import Death
from tests.matrix.states import STATES, State, Way
from tests.matrix.turns import TURNS
from tests.pbx import sites
from tests.pbx.hotline import Hotline, open_ends
from tests.pbx.running import eventually
from tests.phones import Phone, Registration
from tests.phones.events import PhoneError

LOG_SECONDS = 30.0  # that the log may need once the death is over
TURN = 2.5  # seconds from the strike until the stories go on
LINES = 4  # calls that one phone can have
TOGETHER = 6  # acts at once while the calls are brought up; two cores


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one cell. `faults` empty: met; None: the state has nothing that this death could kill."""

    death: str
    state: str
    faults: tuple[str, ...] | None
    ladder: str = ""


@dataclass(slots=True)
class Run:
    """What the cells and the deaths see of the run."""

    death: Death
    folder: Path
    seconds: float
    changes: dict[str, Any] = field(default_factory=dict)
    hotline_environment: dict[str, str] = field(default_factory=dict)
    operators: dict[str, Phone] = field(default_factory=dict)
    strike: Moment = field(default_factory=Moment)
    over: Moment = field(default_factory=Moment)
    clock: Path | None = None
    postgres: Any = None
    hotline: Hotline = field(init=False)
    callers: list[Phone] = field(default_factory=list)
    desk: Phone = field(init=False)
    slow: Phone = field(init=False)
    keyed: Phone = field(init=False)
    neighbour: Phone = field(init=False)
    _pids: dict[str, int] = field(default_factory=dict)

    @property
    def struck(self) -> float:
        return self.strike.at

    def pid(self, name: str) -> int:
        return self._pids[name]

    def turn(self, cell: Cell) -> None:
        """Until the story may go on: soon after the strike, or when it is over if nobody can act before."""
        self.strike.wait(300)
        if self.death.callers_wait and STATES[cell.place].by_caller:
            self.over.wait(300)
        else:
            cell.pause(max(self.struck + TURN - time.time(), 0))

    def operator(self, number: str) -> Phone:
        """An operator's phone, made when it is wanted first; it is registered when this returns."""
        if number not in self.operators:
            secret = self.hotline.credentials["operators"][number]
            registration = Registration(self.hotline.server, number, secret)
            tone = "operator2" if number.endswith("1") else "operator"
            phone = Phone(number, ip=sites.OPERATORS, tone=tone, register=registration)
            self.hotline.phones.append(phone)
            self.operators[number] = phone
        return self.operators[number]

    def places_of(self, party: str) -> list[int]:
        return [place for place, state in enumerate(STATES) if party in state.parties]

    def colleagues_may_work(self) -> None:
        for place in self.places_of("operator"):
            self.hotline.asterisk(f"queue unpause member PJSIP/20{place}1 queue q-s{place}")

    def callers_of(self, place: int) -> Phone:
        """Each of the callers' phones has four lines (PJSUA's limit)."""
        return self.callers[place // LINES]

    def remember_pids(self) -> None:
        asterisk, controller = self.hotline.asterisk_pid, self.hotline.controller_pid
        assert asterisk
        assert controller
        self._pids = {"asterisk": asterisk, "controller": controller}


def states_of(death: Death) -> list[tuple[int, State]]:
    """The states in which this death has something to kill, and their places."""
    return [(place, state) for place, state in enumerate(STATES) if not death.kills or death.kills in state.parties]


def way_after(death: Death, state: State) -> Way:
    if death.kills:
        return TURNS[death.kills][state.name].way
    return state.broken if death.ends_calls else state.way


def run(death: Death, folder: Path, quick: bool = False, say: Callable[[str], None] = print) -> list[Verdict]:
    """Play one death; a verdict for each state. Raises where the calls could not be brought into their states."""
    folder.mkdir(parents=True, exist_ok=True)
    one = Run(death, folder, death.quick if quick and death.quick else death.seconds)
    with contextlib.ExitStack() as stack:
        if death.before is not None:
            stack.enter_context(death.before(one))
        _start(one, stack)
        say(f"{death.name}: the hotline runs")
        try:
            return _play(one, say)
        except BaseException:
            say(one.hotline.last_words())
            for call in one.hotline.calls():
                say(draw(call, 100, "en"))
            raise


def _start(one: Run, stack: contextlib.ExitStack) -> None:
    ring = house.RING if one.death.kills else house.RELAXED_RING
    tables = house.tables(range(len(STATES)), ring) | one.changes
    house.record_greeting(one.folder)
    one.hotline = Hotline(one.folder, tables)
    for below, size in one.death.mounts.items():
        stack.enter_context(_disk(one.hotline.var / below, size))
    one.hotline.environment.update(one.hotline_environment)
    stack.callback(one.hotline.stop)
    one.hotline.start()
    targets = one.hotline.tables["targets"]

    def phone(name: str, route: int, target: str, tone: str) -> Phone:
        host, _, port = targets[target]["routes"][route].partition("@")[2].rpartition(":")
        made = Phone(name, ip=host, port=int(port), tone=tone)
        one.hotline.phones.append(made)
        return made

    one.callers = [Phone(f"callers{n}", ip=sites.CALLERS, tone="caller2") for n in range(len(STATES) // LINES + 1)]
    one.hotline.phones += one.callers
    one.desk = phone("110", 0, "110", "110")
    one.keyed = phone("119", 0, "119", "110")
    one.slow = phone("120", 0, "120", "110").on_call("ignore")
    one.neighbour = phone("neighbour", 1, "110", "119")
    for key in ("110", "119", "120"):
        one.hotline.wait_contact(f"desk-{key}", targets[key]["routes"][0])
    if one.death.kills == "operator":
        for place in one.places_of("operator"):
            one.hotline.asterisk(f"queue pause member PJSIP/20{place}1 queue q-s{place}")
            one.operator(f"20{place}1").on_call("answer")


@contextlib.contextmanager
def _disk(folder: Path, size: str) -> Iterator[None]:
    """A small disk of its own; the process stands in a mount namespace that ends with it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _play(one: Run, say: Callable[[str], None]) -> list[Verdict]:
    chosen = states_of(one.death)
    cells = {state.name: Cell(one, place, f"139{place:02d}000000") for place, state in chosen}
    for step, pool_size in (("reach", TOGETHER), ("brink", len(chosen))):
        with ThreadPoolExecutor(pool_size) as pool:
            list(pool.map(lambda each: getattr(each[1], step)(cells[each[1].name]), chosen))  # noqa: B023
    one.remember_pids()
    say(f"{one.death.name}: {len(chosen)} calls are where they should be")
    faults: dict[str, list[str]] = {state.name: [] for _, state in chosen}
    with ThreadPoolExecutor(len(chosen)) as pool:
        with one.death.strikes(one):
            one.strike.comes()
            ends = {state.name: pool.submit(_go_on(one, state), cells[state.name]) for _, state in chosen}
            time.sleep(one.seconds)
        one.over.comes()
        say(f"{one.death.name}: it is over after {time.time() - one.struck:.0f} s")
        for name, end in ends.items():
            try:
                end.result(150)
            except (PhoneError, AssertionError) as failure:
                faults[name].append(str(failure))
            except Exception as failure:
                faults[name].append("".join(traceback.format_exception_only(failure)).strip())
                traceback.print_exception(failure, file=sys.stderr)
    ears = {name: [_ear(one, line) for line in cell.lines.values()] for name, cell in cells.items()}
    for cell in cells.values():
        _clear(cell)
    return [_verdict(one, state, cells[state.name], faults[state.name], ears[state.name]) for _, state in chosen]


def _go_on(one: Run, state: State) -> Callable[[Cell], None]:
    if one.death.kills:
        return TURNS[one.death.kills][state.name].go_on
    if one.death.ends_calls and state.name != "arriving":
        return _everybody_hangs_up
    return state.go_on


def _everybody_hangs_up(cell: Cell) -> None:
    cell.run.over.wait(120)
    for line in cell.lines.values():
        line.left = min(line.left or cell.run.struck, line.ended or cell.run.struck, cell.run.struck)


def _clear(cell: Cell) -> None:
    """A story that did not come to its end must not stand in the others' way."""
    for line in cell.lines.values():
        if line.phone.alive and line.ended is None:
            with contextlib.suppress(PhoneError):
                line.phone.hangup(line.call, wait=False)


def _ear(one: Run, line: Line) -> judge.Ear:
    now = time.time()
    left, ended = line.left or now, line.ended
    since = max(line.since, one.struck - 1)
    lost = (one.struck, one.over.at + 1) if one.death.frozen_callers else (0.0, 0.0)
    if lost[0] <= since < lost[1] or lost[0] <= left < lost[1]:
        since = left
    elif lost[1]:
        since = max(since, lost[1])
    until = min(left, ended or now)
    dropped = ended if ended is not None and ended < left - 0.3 and line.phone.alive else None
    heard = line.phone.audio(since - 1, until, line.call) if until > since else line.phone.audio(0, 0, line.call)
    return judge.Ear(line.name, heard, since, until, one.death.silence, dropped)


def _verdict(one: Run, state: State, cell: Cell, faults: list[str], ears: Sequence[judge.Ear]) -> Verdict:
    found = [*faults, *judge.left_alone(ears)]
    invites = sum(one_.from_user == cell.number for phone in (one.desk, one.keyed, one.slow) for one_ in phone.invites)
    found += judge.twice(invites, state.invites)
    calls = _calls_of(one, cell.number)
    found += judge.log_faults(calls, way_after(one.death, state))
    ladder = "\n\n".join(draw(call, 100, "en") for call in calls) or "(the log has no such call)"
    return Verdict(one.death.name, state.name, tuple(found), ladder)


def _calls_of(one: Run, number: str) -> list[Call]:
    def ended() -> list[Call] | None:
        calls = one.hotline.calls(10, caller=number)
        return calls if calls and not any(open_ends(call) for call in calls) else None

    try:
        return eventually(ended, LOG_SECONDS, lambda: "")
    except AssertionError:
        return one.hotline.calls(10, caller=number)
