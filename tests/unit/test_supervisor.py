"""Two services kept running, each alone: what ends is started again, what was left running is taken over."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr import ports, processes, supervisor, system
from ivr.cli import service
from ivr.cli.context import Context
from ivr.credentials import Credentials
from ivr.pbx import state
from ivr.pbx.fetch import Installation
from ivr.processes import Process
from ivr.settings import Address
from ivr.supervisor import Service, Supervisor
from tests.web.house import a_site

SLEEPER = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
SHORT = "import os, sys; open(sys.argv[1], 'w').write(str(os.getpid())); sys.exit(3)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER


class World:
    """Sleeping processes instead of Asterisk and the controller; each writes its pid file as they do."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said, self.alarms = folder, list[str](), list[str]()

    def service(self, name: str, code: str = SLEEPER) -> Service:
        pid_file = self.folder / f"{name}.pid"
        command = [sys.executable, "-c", code, str(pid_file)]
        return Service(
            name,
            self.folder / f"{name}.log",
            lambda: processes.launch(command, self.folder / f"{name}.log", self.folder),
            lambda: processes.left_running(pid_file, str(pid_file)),
        )

    def pid(self, name: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            return int((self.folder / f"{name}.pid").read_text())
        return 0


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(supervisor, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(supervisor, "LOOK", 0.02)
    monkeypatch.setattr(supervisor, "PULSE", 0.05)
    monkeypatch.setattr(supervisor, "STARTING", 0.2)
    world = World(tmp_path)
    yield world
    for name in ("pbx", "controller"):
        with contextlib.suppress(ProcessLookupError):
            if (pid := world.pid(name)) and processes.left_running(tmp_path / f"{name}.pid", str(tmp_path)):
                os.kill(pid, signal.SIGKILL)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def kept(world: World, *services: Service):  # type: ignore[no-untyped-def]
    """The supervisor runs within; it is ended by SIGTERM as a person's `kill` would."""
    keeping = Supervisor(list(services), world.said.append, world.alarms.append)
    task = asyncio.create_task(keeping.run(lambda: True, lambda: world.said.append("ready")))
    await until(lambda: "ready" in world.said and all(world.pid(service.name) for service in services))
    yield
    os.kill(os.getpid(), signal.SIGTERM)
    await task


async def test_given_one_service_dies_then_it_alone_is_started_again(world: World) -> None:
    async with kept(world, world.service("pbx"), world.service("controller")):
        pbx, controller = world.pid("pbx"), world.pid("controller")
        os.kill(pbx, signal.SIGKILL)
        await until(lambda: world.pid("pbx") not in {0, pbx})
        assert world.pid("controller") == controller
        assert processes.birth(controller) is not None
        assert any(words.startswith("pbx has ended by SIGKILL; starting it again") for words in world.said)


async def test_given_the_end_then_no_process_is_left(world: World) -> None:
    async with kept(world, world.service("pbx"), world.service("controller")):
        pids = [world.pid("pbx"), world.pid("controller")]
    assert [processes.birth(pid) for pid in pids] == [None, None]


async def test_a_service_that_is_deaf_to_the_end_is_killed(world: World) -> None:
    process = world.service("pbx", DEAF).start()
    await until(lambda: world.pid("pbx"))
    await process.end(grace=0.2)
    assert not process.alive
    assert process.child is not None
    assert process.child.returncode == -signal.SIGKILL


async def test_given_a_supervisor_that_was_killed_then_the_next_goes_on_with_what_runs(world: World) -> None:
    left = world.service("pbx").start()
    await until(lambda: world.pid("pbx"))
    async with kept(world, world.service("pbx")):
        assert world.pid("pbx") == left.pid
        assert f"pbx still runs (pid {left.pid}); going on with it" in world.said
    assert not left.alive


def test_a_pid_file_that_names_somebody_elses_process_is_not_believed(world: World) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        (world.folder / "pbx.pid").write_text(str(stranger.pid))
        assert world.service("pbx").find() is None
        assert Process(stranger.pid).alive
    finally:
        stranger.kill()
        stranger.wait()
    assert not Process(stranger.pid).alive


async def test_a_service_that_cannot_be_started_again_is_tried_on(world: World) -> None:
    good = world.service("pbx")
    fails = iter([False, True, True, False])

    def start() -> Process:
        if next(fails):
            raise OSError("no room")
        return good.start()

    async with kept(world, Service("pbx", good.log, start, lambda: None)):
        first = world.pid("pbx")
        os.kill(first, signal.SIGKILL)
        await until(lambda: world.pid("pbx") != first)
        assert world.alarms.count("pbx cannot be started: no room") == 2


async def test_given_a_service_that_lives_but_is_silent_then_it_alone_is_restarted(world: World) -> None:
    silent = False
    controller = replace(world.service("controller"), pulse=lambda: not silent, patience=0.2)
    async with kept(world, world.service("pbx"), controller):
        pbx, hung = world.pid("pbx"), world.pid("controller")
        os.kill(hung, signal.SIGSTOP)
        silent = True
        await until(lambda: world.pid("controller") not in {0, hung})
        silent = False
        assert world.pid("pbx") == pbx
        assert any("lives, but has not answered for" in words for words in world.alarms)


async def test_given_a_silent_service_whose_restart_would_hurt_then_it_is_left_alone_and_an_alarm_says_what_to_do(
    world: World,
) -> None:
    answers = iter([True, *[False] * 12])
    pbx = replace(
        world.service("pbx"), pulse=lambda: next(answers, True), patience=0.2, spare=lambda _: "Listen to a call"
    )
    async with kept(world, pbx):
        pid = world.pid("pbx")
        await until(lambda: "pbx answers again" in world.said)
        assert world.pid("pbx") == pid
        assert len(world.alarms) == 1, "once a minute, not at each look"
        assert "Listen to a call" in world.alarms[0]


async def test_given_what_is_wrong_although_it_answers_then_it_is_told_once_and_so_is_its_end(world: World) -> None:
    wrong: str | None = "no SIP port"
    pbx = replace(world.service("pbx"), pulse=lambda: True, complain=lambda _: wrong)
    async with kept(world, pbx):
        await until(lambda: world.alarms)
        await asyncio.sleep(0.3)
        assert world.alarms == ["no SIP port"]
        wrong = None
        await until(lambda: "pbx is well again" in world.said)


async def test_given_a_service_that_ends_again_and_again_then_the_reason_is_an_alarm(world: World) -> None:
    pbx = replace(world.service("pbx", SHORT), explain=lambda: "listen.sip is held by somebody (pid 7)")
    async with kept(world, pbx):
        await until(lambda: world.alarms)
    (alarm,) = world.alarms[:1]
    assert alarm == "pbx ends again and again, 3 times within 120 s. listen.sip is held by somebody (pid 7)"
    assert any("with exit code 3" in words for words in world.said)


async def test_given_the_word_to_begin_anew_then_nothing_ends_before_who_follows_replaces_the_controller(
    world: World,
) -> None:
    keeping = Supervisor([world.service("pbx"), world.service("controller")], world.said.append)
    task = asyncio.create_task(keeping.run(lambda: True, lambda: world.said.append("ready")))
    await until(lambda: "ready" in world.said and world.pid("pbx") and world.pid("controller"))
    os.kill(os.getpid(), signal.SIGUSR1)
    await task
    assert keeping.again
    pbx, controller = world.pid("pbx"), world.pid("controller")
    assert processes.birth(pbx) is not None
    assert processes.birth(controller) is not None

    following = Supervisor([world.service("pbx"), world.service("controller")], world.said.append, anew=True)
    world.said.clear()
    task = asyncio.create_task(following.run(lambda: True, lambda: world.said.append("ready")))
    await until(lambda: "ready" in world.said and world.pid("controller") not in (0, controller))
    assert processes.birth(controller) is None
    assert world.pid("pbx") == pbx
    os.kill(os.getpid(), signal.SIGTERM)
    await task
    assert processes.birth(pbx) is None


async def test_given_a_controller_that_cannot_be_started_when_it_is_replaced_then_asterisk_and_its_calls_go_on(
    world: World,
) -> None:
    left = world.service("pbx").start()
    controller = world.service("controller")
    fails = iter([True, True, False])

    def start() -> Process:
        if next(fails):
            raise OSError("no room")
        return controller.start()

    await until(lambda: world.pid("pbx"))
    async with kept(world, world.service("pbx"), Service("controller", controller.log, start, controller.find)):
        assert (world.pid("pbx"), left.alive) == (left.pid, True)
        assert world.alarms == ["controller cannot be started: no room"] * 2


async def test_given_the_word_to_begin_anew_while_nobody_can_hear_it_then_it_waits(world: World) -> None:
    """From exec until `run`: by default it would end us, and Asterisk and the controller would have no keeper."""
    supervisor.hold_back()
    try:
        for _ in range(2):
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
            keeping = Supervisor([world.service("pbx")], world.said.append)
            async with asyncio.timeout(60):
                await keeping.run(lambda: True, lambda: None)
            assert keeping.again
            await until(lambda: world.pid("pbx"))
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})


def test_given_a_controller_that_was_just_started_then_whoever_takes_over_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it can write its own pid file: a second one would stand beside it."""
    monkeypatch.setattr(processes, "launch", lambda *_: Process(os.getpid()))
    (tmp_path / "run").mkdir()
    asterisk = Installation((), tmp_path, tmp_path, (22, 10, 1), frozenset())
    secrets = Credentials({}, {}, "t" * 20, "admin", "x" * 20, "y" * 20, "z" * 20)
    system.System(a_site(tmp_path), tmp_path, asterisk, secrets).start_controller()
    assert system.controller_pid_file(tmp_path).read_text().strip() == str(os.getpid())


async def test_given_a_program_that_cannot_follow_then_nothing_is_let_go(world: World) -> None:
    keeping = Supervisor([world.service("pbx")], world.said.append, world.alarms.append, lambda: "queue.rings: unknown")
    task = asyncio.create_task(keeping.run(lambda: True, lambda: world.said.append("ready")))
    await until(lambda: "ready" in world.said and world.pid("pbx"))
    os.kill(os.getpid(), signal.SIGUSR1)
    await until(lambda: world.alarms)
    assert world.alarms == ["not renewed, all goes on as it was: queue.rings: unknown"]
    assert processes.birth(world.pid("pbx")) is not None
    os.kill(os.getpid(), signal.SIGTERM)
    await task
    assert not keeping.again


def test_settings_that_are_wrong_cannot_follow(tmp_path: Path) -> None:
    good = Path(__file__).parents[2] / "hotline.toml"
    assert service._unfit_to_follow(Context(good, tmp_path)) is None
    wrong = tmp_path / "hotline.toml"
    wrong.write_text(good.read_text() + "\n[queue]\nrings = 3\n")
    assert "queue.rings: unknown key" in str(service._unfit_to_follow(Context(wrong, tmp_path)))


def test_a_process_that_runs_is_told_from_one_that_stands_still() -> None:
    code = "import time\nwhile True: time.sleep(0.01)"
    child = subprocess.Popen([sys.executable, "-c", code])
    process = Process(child.pid, child)
    try:
        assert not process.stands_still(0.5)
        os.kill(child.pid, signal.SIGSTOP)
        time.sleep(0.1)
        assert process.stands_still(0.5)
    finally:
        child.kill()
        child.wait()
    assert process.how_it_ended == "by SIGKILL"
    assert not process.stands_still(0.0)


def test_two_supervisors_never_share_a_folder(tmp_path: Path) -> None:
    with (
        supervisor.alone(tmp_path / "var/run"),
        pytest.raises(supervisor.AlreadyUpError, match=f"pid {os.getpid()}"),
        supervisor.alone(tmp_path / "var/run"),
    ):
        pass
    with supervisor.alone(tmp_path / "var/run"):
        pass


def test_a_service_hears_nothing_of_our_terminal_and_keeps_utc(tmp_path: Path) -> None:
    code = "import os; print(os.getsid(0) == os.getpid(), os.environ['TZ'])"
    process = processes.launch([sys.executable, "-c", code], tmp_path / "out.log", tmp_path)
    assert process.child is not None
    process.child.wait()
    assert (tmp_path / "out.log").read_text() == "True UTC\n"
    assert supervisor.last_words(tmp_path / "out.log") == "True UTC"


def test_the_state_is_secret_and_comes_back_as_written(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    now = state.State(state.new_mark(), 8088, "/run/x", "abc")
    state.write(tmp_path, now)
    assert state.read(tmp_path) == now
    assert stat.S_IMODE(state.path_in(tmp_path).stat().st_mode) == 0o600
    assert len(now.mark) == 25
    with pytest.raises(state.StateError, match="`ivr up` starts one"):
        state.read(tmp_path / "none")


def test_given_a_long_path_then_the_socket_goes_to_a_short_folder_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = tmp_path / "r"
    short.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    monkeypatch.setattr(state, "SOCKET_PATH", len(os.fsencode(tmp_path / "var/run/asterisk.ctl")))
    assert state.run_dir(tmp_path / "var") == tmp_path / "var/run"
    long = tmp_path / ("var" * 10)
    found = state.run_dir(long)
    try:
        assert len(str(found / "asterisk.ctl")) < 100
        assert stat.S_IMODE(found.stat().st_mode) == 0o700
        assert state.run_dir(long) == found
        found.chmod(0o755)
        with pytest.raises(state.StateError, match="is not ours alone"):
            state.run_dir(long)
    finally:
        found.rmdir()


def test_a_port_that_is_held_is_known_with_its_holder() -> None:
    address = Address("127.0.0.1", ports.any_free())
    assert ports.is_free(address, ports.TCP)
    code = (
        "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); print(flush=True); s.accept()"
    )
    server = subprocess.Popen([sys.executable, "-c", code, str(address.port)], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        server.stdout.readline()
        assert not ports.is_free(address, ports.TCP)
        assert ports.is_free(address, ports.UDP)
        assert str(ports.holder(address.port, ports.TCP)).endswith(f"(pid {server.pid})")
    finally:
        server.kill()
        server.communicate()
