"""Crowds with bad manners at every TCP listener: the call that runs hears nothing of it, others are served, and nothing
is left over afterwards.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.crowd import MANNERS, Crowd, descriptors
from tests.pbx import sites
from tests.pbx.certificates import Authority
from tests.pbx.conftest import finish
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import longest_gap

DOORS = ("web", "agi", "ami", "ari", "sip_tls")
OWNERS = {"web": "controller", "agi": "controller", "ami": "asterisk", "ari": "asterisk", "sip_tls": "asterisk"}
SIZE = 150  # connections at once
SECONDS = 1.0  # that each crowd stays
GONE_SECONDS = 60.0  # until descriptors are back: PJSIP gives a silent connection 32 s


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    folder: Path = tmp_path_factory.mktemp("doors")
    certificate, key = Authority(folder / "city").signs("hotline", sites.SERVER)
    door = f"{sites.SERVER}:{sites.free_port(socket.SOCK_STREAM, sites.SERVER)}"
    hotline = Hotline(folder, {"listen": {"sip_tls": door}, "tls": {"certificate": str(certificate), "key": str(key)}})
    try:
        yield hotline.start()
    finally:
        hotline.stop()


@pytest.fixture
def hotline(running: Hotline, request: pytest.FixtureRequest) -> Iterator[Hotline]:
    yield running
    finish(running, request.node)


def address_of(hotline: Hotline, door: str) -> str:
    if door == "ari":
        return f"127.0.0.1:{json.loads((hotline.var / 'run/state.json').read_text())['ari_port']}"
    return str(hotline.tables["listen"][door])


def owner(hotline: Hotline, door: str) -> int:
    pid = hotline.controller_pid if OWNERS[door] == "controller" else hotline.asterisk_pid
    assert pid is not None
    return pid


@pytest.mark.parametrize("door", DOORS)
def test_given_crowds_at_a_door_when_a_call_runs_then_it_goes_on_and_a_new_one_is_served(
    hotline: Hotline, door: str
) -> None:
    citizen, operator = hotline.caller(), hotline.operator("1001")
    hotline.talk(citizen, operator)
    another = hotline.operator("1002")
    pids = hotline.asterisk_pid, hotline.controller_pid
    before = descriptors(owner(hotline, door))
    began = time.time()
    for manners in MANNERS:
        with Crowd(address_of(hotline, door), manners, SIZE) as crowd:
            time.sleep(SECONDS)
            assert hotline.api("GET", "/healthz").body["checks"]  # within the time that the connection waits
        assert crowd.connected > 0
    with Crowd(address_of(hotline, door), "waits", SIZE), Crowd(address_of(hotline, door), "drips", SIZE):
        second = hotline.caller("13900139000", tone="caller2")
        second.call(hotline.uri, from_user=second.name)
        another.wait_for("confirmed")
        second.wait_heard("operator2")
        second.hangup()
    assert longest_gap(citizen, [operator], began + 0.2, time.time() - 0.2) < 1.0
    assert longest_gap(operator, [citizen], began + 0.2, time.time() - 0.2) < 1.0
    assert (hotline.asterisk_pid, hotline.controller_pid) == pids
    citizen.hangup()
    hotline.wait_healthy()
    eventually(
        lambda: descriptors(owner(hotline, door)) <= before + 3,
        GONE_SECONDS,
        lambda: f"{descriptors(owner(hotline, door))} descriptors, {before} before",
    )


def test_given_a_call_by_the_fastagi_door_that_is_not_asterisks_then_it_gets_nothing(hotline: Hotline) -> None:
    """Who may connect may still not ask: the answer needs this run's mark, which only Asterisk knows."""
    host, _, port = address_of(hotline, "agi").rpartition(":")
    with socket.create_connection((host, int(port)), 10) as link:
        link.sendall(b"agi_network: yes\nagi_network_script: route\nagi_uniqueid: 1.1\nagi_arg_1: x\n\n")
        assert link.recv(100) == b""


def test_given_ami_when_a_stranger_speaks_then_nothing_is_told_before_the_login(hotline: Hotline) -> None:
    host, _, port = address_of(hotline, "ami").rpartition(":")
    with socket.create_connection((host, int(port)), 10) as link:
        said = b""
        for action in ("Ping", "CoreShowChannels", "Command\r\nCommand: core show channels", "Originate"):
            link.sendall(f"Action: {action}\r\n\r\n".encode())
        link.settimeout(2)
        try:
            while data := link.recv(4096):
                said += data
        except TimeoutError:
            pass
    assert b"Success" not in said
    assert b"SystemName" not in said
    assert b"Permission denied" in said or b"Authentication Required" in said


def test_given_asterisks_http_when_a_stranger_asks_then_only_401_and_404_are_said(hotline: Hotline) -> None:
    host, _, port = address_of(hotline, "ari").rpartition(":")
    paths = ["/", "/httpstatus", "/static/", "/ari/channels", "/ari/asterisk/info", "/ari/events?app=x", "/phoneprov/x",
             "/ari/api-docs/resources.json", "/ari/../../etc/passwd", "/manager?action=ping", "/rawman"]  # fmt: skip
    for path in paths:
        with socket.create_connection((host, int(port)), 10) as link:
            link.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            said = link.recv(4096)
        assert said.split()[1] in (b"401", b"403", b"404"), (path, said)
