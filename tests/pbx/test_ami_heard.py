"""AMI sends what the live screen reads and nothing else: the rest would be made, sent, parsed and dropped."""

from __future__ import annotations

import socket
import threading
import time

from ivr.calls.live_journal import NOTED
from ivr.calls.live_world import HANDLERS
from tests.pbx.hotline import Hotline


class Listener:
    """A second session of the controller's own user; it keeps the frames that come while the block lasts."""

    def __init__(self, hotline: Hotline) -> None:
        host, _, port = hotline.tables["listen"]["ami"].rpartition(":")
        self._wire = socket.create_connection((host, int(port)), 5)
        secret = hotline.credentials["ami"]["secret"]
        self._wire.sendall(f"Action: Login\r\nUsername: hotline\r\nSecret: {secret}\r\n\r\n".encode())
        self._text = b""
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        while chunk := self._wire.recv(65536):
            self._text += chunk

    def __enter__(self) -> Listener:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._wire.close()

    @property
    def events(self) -> list[dict[str, str]]:
        frames = [
            dict(line.split(": ", 1) for line in frame.split("\r\n") if ": " in line)
            for frame in self._text.decode(errors="replace").split("\r\n\r\n")
        ]
        return [frame for frame in frames if "Event" in frame and frame["Event"] != "FullyBooted"]


def test_given_a_call_with_a_transfer_then_every_event_that_comes_has_a_reader(hotline: Hotline) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk()
    with Listener(hotline) as listener:
        hotline.talk(citizen, operator)
        operator.dtmf("*3")
        desk.wait_for("confirmed")
        citizen.wait_heard("110")
        citizen.hangup()
        hotline.assert_clean()
        time.sleep(0.2)
    names = [event["Event"] for event in listener.events]
    assert {"Newchannel", "BridgeEnter", "Hangup", "QueueCallerJoin", "DeviceStateChange", "CEL"} <= set(names)
    assert set(names) <= HANDLERS.keys()
    told = [event["UserDefType"] for event in listener.events if event["Event"] == "CEL"]
    assert {"CALL", "TRANSFER_ASK", "TRANSFER_JOINED", "TRANSFER_END"} <= set(told)
    assert all(name.startswith(NOTED) for name in told)
