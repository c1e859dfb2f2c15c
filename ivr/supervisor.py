"""`ivr up`: Asterisk and the controller, each kept running on its own, neither because of the other.

Both are detached, so that calls outlive this process too: the next `ivr up` on the same var folder finds them by their
pid files and goes on with them. Only Ctrl-C or SIGTERM ends them. SIGUSR1 makes it begin anew with the program as it is
on disk now: the controller is replaced, Asterisk and its calls are not touched.

A service that lives but does not answer is *hung*. It is restarted where that hurts nobody (`Service.spare` knows),
otherwise an alarm says what to do, again and again.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import resource
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ivr import notify
from ivr.errors import HotlineError
from ivr.processes import Process

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds before a service that ended is started again; doubled each time
STEADY = 60.0  # seconds; a service that ran so long starts again with the first wait
LOOK = 0.1  # seconds between two looks at a service
CRASHES, CRASH_SECONDS = 3, 120.0  # so many ends within this time are told as an alarm
PULSE = 3.0  # seconds between two questions whether a service answers
LONGEST_LOOK = 10.0  # seconds from one question to the next, if nobody stopped us
STARTING = 90.0  # seconds that a service has for its first answer
ALARM_EVERY = 60.0  # seconds between two words about the same trouble
HUNG_GRACE = 1.0  # seconds; who does not answer will not end by himself either
TURNING = 5.0  # seconds; a keeper that has not turned for so long is stuck, and the watchdog is not fed
DESCRIPTORS = 65536  # 1,000 calls want about 2,040 threads and many descriptors

Say = Callable[[str], None]


class AlreadyUpError(HotlineError):
    """Another supervisor holds this var folder."""


def _nobody_is_hurt(_: Process) -> str | None:
    return None


@dataclass(slots=True)
class Service:
    """`start` makes ready and starts; `find` looks for one left running; `explain` has the words for its end.

    These three are called in threads and may take a few seconds: `pulse` tells whether the service answers, `spare`
    why a hung one must not be restarted (None: nobody is hurt), `complain` what is wrong although it answers.
    """

    name: str
    log: Path
    start: Callable[[], Process]
    find: Callable[[], Process | None]
    explain: Callable[[], str] | None = None
    pulse: Callable[[], bool] | None = None
    patience: float = 30.0  # seconds without an answer
    spare: Callable[[Process], str | None] = _nobody_is_hurt
    complain: Callable[[Process], str | None] | None = None
    on_hung: Callable[[Process], None] | None = None  # what it still can tell, for its log
    process: Process | None = None


class Supervisor:
    """`say` tells what happens, `alarm` what a person must hear of at once."""

    def __init__(
        self,
        services: list[Service],
        say: Say,
        alarm: Say | None = None,
        unfit: Callable[[], str | None] = lambda: None,
        *,
        anew: bool = False,
    ) -> None:
        """`unfit` tells (from a thread) why the program on disk must not take over, or None.

        `anew`: we are what a supervisor began anew as, so a controller that still runs is of before: it is replaced.
        """
        self._anew = anew
        self._services, self._tell, self._alarm_by, self._unfit = services, say, alarm or say, unfit
        self._renewing: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._turned = {service.name: time.monotonic() for service in services}
        self.again = False  # SIGUSR1 came: the caller begins anew

    async def run(self, ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        """Keep the services until Ctrl-C, SIGTERM, SIGHUP or SIGUSR1; `announce` once `ready` holds.

        Raises HotlineError where a service cannot be started at all.
        """
        loop = asyncio.get_running_loop()
        for word in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(word, self._stop.set)
        loop.add_signal_handler(signal.SIGUSR1, self._renew)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})  # `hold_back`
        calls = False  # a service that may have some was taken over
        try:
            for place, service in enumerate(self._services):
                service.process = service.find()
                if service.process is not None and self._anew and place > 0:
                    self._say(f"replacing {service.name} (pid {service.process.pid}); calls go on …")
                    await service.process.end()
                    self._start(service, calls)
                elif service.process is not None:
                    self._say(f"{service.name} still runs (pid {service.process.pid}); going on with it")
                    calls = True
                else:
                    self._start(service, calls)
            keepers = [asyncio.create_task(self._keep(service)) for service in self._services]
            keepers += [asyncio.create_task(self._watch(service)) for service in self._services if service.pulse]
            keepers += [asyncio.create_task(self._show(ready, announce)), asyncio.create_task(self._feed())]
            await self._stop.wait()
            await asyncio.gather(*keepers)
        finally:
            if self.again:
                hold_back()  # the loop's end takes our handler away
                since = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000  # sd_notify(3): systemd's clock
                notify.notify(RELOADING="1", MONOTONIC_USEC=str(since))
            else:
                notify.notify(STOPPING="1")
            self._say("beginning anew; all goes on …" if self.again else "stopping …")
            for service in () if self.again else self._services:  # who begins anew lets go of nothing before it can
                if service.process is not None:  # Asterisk first: the controller still writes down how the calls ended
                    await service.process.end()

    def _start(self, service: Service, calls: bool) -> None:
        """Calls that run are not ended because another service cannot be started: its keeper tries on."""
        service.process = None
        try:
            service.process = service.start()
        except (HotlineError, OSError) as failure:
            if not calls:
                raise
            self._alarm(f"{service.name} cannot be started: {failure}")

    def _renew(self) -> None:
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._begin_anew())

    async def _begin_anew(self) -> None:
        """Nothing is let go before what is to follow has shown that it can start."""
        why_not = await asyncio.to_thread(self._unfit)
        if why_not is not None:
            self._alarm(f"not renewed, all goes on as it was: {why_not}")
        elif not self._stop.is_set():
            self.again = True
            self._stop.set()

    # ---- one that ends is started again

    async def _keep(self, service: Service) -> None:
        wait, ends = FIRST_WAIT, deque[float](maxlen=CRASHES)
        while not self._stop.is_set():
            began = time.monotonic()
            while service.process is not None and service.process.alive:
                if await self._pause(service, LOOK):
                    return
            now = time.monotonic()
            if now - began > STEADY:
                wait = FIRST_WAIT
            ends.append(now)
            await self._tell_end(service, wait, looping=len(ends) == CRASHES and now - ends[0] < CRASH_SECONDS)
            if await self._pause(service, wait):
                return
            wait = min(wait * 2, LONGEST_WAIT)
            try:
                service.process = service.start()
            except (HotlineError, OSError) as failure:
                service.process = None
                self._alarm(f"{service.name} cannot be started: {failure}")
            else:
                self._say(f"{service.name} runs again (pid {service.process.pid})")

    async def _tell_end(self, service: Service, wait: float, looping: bool) -> None:
        if service.process is None:  # it could not be started, and that has been told
            return
        how = service.process.how_it_ended
        why = await asyncio.to_thread(service.explain) if service.explain is not None else ""
        told = why or f"Its last words: {last_words(service.log)}"
        self._say(f"{service.name} has ended{how and ' ' + how}; starting it again in {wait:g} s. {told}")
        if looping:
            self._alarm(f"{service.name} ends again and again, {CRASHES} times within {CRASH_SECONDS:g} s. {told}")

    async def _pause(self, service: Service, seconds: float) -> bool:
        """Wait, but never longer than the watchdog may; True when all is to end."""
        until = time.monotonic() + seconds
        while True:
            self._turned[service.name] = now = time.monotonic()
            if await self._stopped_within(min(LOOK, max(until - now, 0.0))) or now >= until:
                return self._stop.is_set()

    # ---- one that lives but does not answer

    async def _watch(self, service: Service) -> None:
        assert service.pulse is not None
        process, silent, known, told = service.process, 0.0, False, Told()
        asked = time.monotonic()
        while not await self._stopped_within(PULSE):
            asked, since = time.monotonic(), asked
            if service.process is not process:
                process, silent, known = service.process, 0.0, False
            if process is None or not process.alive:
                continue
            if await asyncio.to_thread(service.pulse):
                if told.forget("hung"):
                    self._say(f"{service.name} answers again")
                silent, known = 0.0, True
                await self._complain(service, process, told)
                continue
            silent += min(asked - since, LONGEST_LOOK)  # more is time in which we were stopped ourselves
            if silent >= (service.patience if known else max(STARTING, service.patience)):
                await self._hung(service, process, silent, told)

    async def _hung(self, service: Service, process: Process, silent: float, told: Told) -> None:
        why_not = await asyncio.to_thread(service.spare, process)
        if why_not is not None:
            if told.due("hung", ""):
                self._alarm(f"{service.name} (pid {process.pid}) has not answered for {silent:.0f} s. {why_not}")
            return
        self._alarm(f"{service.name} (pid {process.pid}) lives, but has not answered for {silent:.0f} s: restarting it")
        told.forget("hung")
        if service.on_hung is not None:
            await asyncio.to_thread(service.on_hung, process)
        await process.end(HUNG_GRACE)

    async def _complain(self, service: Service, process: Process, told: Told) -> None:
        words = await asyncio.to_thread(service.complain, process) if service.complain is not None else None
        if words is None:
            if told.forget("complaint"):
                self._say(f"{service.name} is well again")
        elif told.due("complaint", words):
            self._alarm(words)

    # ---- what others hear

    async def _show(self, ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        began, told = time.monotonic(), False
        while not await asyncio.to_thread(ready):
            if await self._stopped_within(LOOK):
                return
            if not told and time.monotonic() - began > 20:
                told = True
                logs = ", ".join(str(service.log) for service in self._services)
                self._say(f"not ready yet; `ivr doctor` tells what is missing, and so may {logs}")
        announce()
        notify.notify(READY="1", STATUS="ready")

    async def _feed(self) -> None:
        """systemd's watchdog is fed while both keepers turn, and only then."""
        every = notify.watchdog_seconds()
        while every is not None and not await self._stopped_within(min(every / 4, TURNING)):
            if all(time.monotonic() - turned < TURNING for turned in self._turned.values()):
                notify.notify(WATCHDOG="1")

    def _say(self, words: str) -> None:
        self._tell(words)
        notify.notify(STATUS=words)

    def _alarm(self, words: str) -> None:
        self._alarm_by(words)
        notify.notify(STATUS=words)

    async def _stopped_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        return self._stop.is_set()


class Told:
    """Which troubles have been told, so that each is told when it changes and then once a minute."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, float]] = {}

    def due(self, trouble: str, words: str) -> bool:
        before, at = self._last.get(trouble, (None, 0.0))
        if before == words and time.monotonic() - at < ALARM_EVERY:
            return False
        self._last[trouble] = (words, time.monotonic())
        return True

    def forget(self, trouble: str) -> bool:
        """True where it had been told."""
        return self._last.pop(trouble, None) is not None


@contextlib.contextmanager
def alone(run: Path) -> Iterator[None]:
    """One supervisor a var folder. Raises AlreadyUpError, naming the other."""
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (run / "supervisor.pid").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as failure:
            file.seek(0)
            other = file.read().strip()
            message = f"{run.parent} is run by another `ivr up` (pid {other}); stop that one first"
            raise AlreadyUpError("already_up", message) from failure
        os.fchmod(file.fileno(), 0o600)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def hold_back() -> None:
    """SIGUSR1, which by default would end us, waits from now on, through an exec too, for `Supervisor.run`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})


def keeper_of(run: Path) -> int | None:
    """The pid of the supervisor that holds this folder now."""
    with contextlib.suppress(OSError, ValueError), (run / "supervisor.pid").open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return int(file.read())
    return None


def raise_limits() -> None:
    """As many descriptors as we may have, for us and what we start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def last_words(log: Path) -> str:
    """The last line of a log that is not empty."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace")[-4000:].splitlines()
    except OSError:
        return "none"
    return next((line.strip() for line in reversed(lines) if line.strip()), "none")
