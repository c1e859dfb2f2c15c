"""What is measured: a hotline as `ivr up` starts it, and a bare Asterisk with the same call in plain dialplan."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import sipp
from tests.bench.registering import register
from tests.pbx import sites
from tests.pbx.bare import _MODULES, BareAsterisk
from tests.pbx.running import Running, eventually

TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 12.0  # seconds
SETTLED = 1.0  # seconds after the last channel in which the log gets its last rows


def site(operators: int, **hotline: Any) -> dict[str, Any]:
    """Laid over the test site: so many operators in one queue, and the greeting on."""
    return {
        "hotline": {"greeting": True, **hotline},
        "queue": {"ring": 6, "wrap_up": 0},
        "operators": [
            {"number": str(2001 + n), "name": f"{2001 + n}", "skills": ["general"]} for n in range(operators)
        ],
    }


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of processor time."""

    asterisk: float
    controller: float

    def __sub__(self, earlier: Cpu) -> Cpu:
        return Cpu(self.asterisk - earlier.asterisk, self.controller - earlier.controller)


def seconds(pid: int | None) -> float:
    """utime + stime of a process, its threads included."""
    if not pid:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid: int | None) -> int:
    """Bytes of memory that a process holds."""
    if not pid:
        return 0
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) * 1024


def empty(console: Callable[[str], str]) -> None:
    """Until no channel lives. A SIPp that gave up under too much load leaves calls behind, which wait for ever."""

    def none_left() -> bool:
        return "0 active channels" in console("core show channels count")

    with suppress(AssertionError):
        eventually(none_left, PATIENCE, lambda: "channels are left")
        time.sleep(SETTLED)
        return
    console("channel request hangup all")
    eventually(none_left, 10 * PATIENCE, lambda: "channels are left that cannot be hung up")
    time.sleep(SETTLED)


class Bench(Running):
    """A running hotline whose operators' phones are one SIPp."""

    def __init__(self, folder: Path, operators: int = 50, changes: Mapping[str, Any] | None = None) -> None:
        super().__init__(folder, {**site(operators), **(changes or {})})
        self.folder = folder
        self._operators: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self.asterisk_pid

    def cpu(self) -> Cpu:
        return Cpu(seconds(self.asterisk_pid), seconds(self.controller_pid))

    def switch_on_operators(self) -> None:
        """Every operator's phone registers and is known to be there."""
        port = sites.free_port(socket.SOCK_DGRAM, sites.OPERATORS)
        numbers = [operator["number"] for operator in self.tables["operators"]]
        secrets = self.credentials["operators"]
        register(self.server, {number: secrets[number] for number in numbers}, sites.OPERATORS, port)
        self._operators = sipp.operators(self.folder, sites.OPERATORS, port)

        def free() -> int:
            return self.asterisk("queue show q-general").count("(Not in use)")

        eventually(lambda: free() == len(numbers), 40, lambda: f"{free()} of {len(numbers)} operators are free")

    def stop(self) -> None:
        if self._operators is not None:
            sipp.stop(self._operators)
        super().stop()

    def wait_idle(self) -> None:
        """No channel lives, and the call log has all."""
        empty(self.asterisk)


class BareHotline(BareAsterisk):
    """The same call with nothing around it: answer, greeting, queue, operator. No journal, no controller.

    `records`: both parties are recorded as the hotline does it, each in a file of its own.
    """

    def __init__(self, folder: Path, operators: int, prompts: Path, records: bool = False) -> None:
        numbers = [str(2001 + n) for n in range(operators)]
        self.operator_port = sites.free_port(socket.SOCK_DGRAM, sites.OPERATORS)
        common = "type=endpoint\ndisallow=all\nallow=alaw\ndirect_media=no\ntransport=transport\n"
        pjsip = f"[trunk]\n{common}context=in\nlanguage=zh\naors=trunk\n[trunk]\ntype=aor\n"
        pjsip += f"[trunk]\ntype=identify\nendpoint=trunk\nmatch={sites.CALLERS}\n"
        for number in numbers:
            contact = f"sip:{number}@{sites.OPERATORS}:{self.operator_port}"
            pjsip += f"[{number}]\n{common}context=none\naors={number}\ndevice_state_busy_at=1\n"
            pjsip += f"[{number}]\ntype=aor\ncontact={contact}\n"
        record = f"MixMonitor(,r({folder}/spool/${{UNIQUEID}}.wav))" if records else "NoOp()"
        dialplan = f"""
        [in]
        exten => 12345,1,Answer()
         same => n,{record}
         same => n,Read(KEY,greeting,1,,1,0.1)
         same => n,Queue(q-general,c,,,60,,{"operator" if records else ""})
         same => n,Hangup()
        [operator]
        exten => s,1,{record}
         same => n,Return()
        """
        super().__init__(folder, dialplan, pjsip)
        members = "".join(f"member => PJSIP/{number},0,{number},PJSIP/{number}\n" for number in numbers)
        queue = "[general]\npersistentmembers=no\nautofill=yes\n[q-general]\nstrategy=leastrecent\njoinempty=yes\n"
        queue += "ringinuse=no\ntimeout=6\n"
        self._write("queues", queue + members)
        self._write("cel", "[general]\nenable=no\n")
        self._write("cdr", "[general]\nenable=no\n")
        self._write("cel_custom", "")
        self._write("logger", "[general]\n[logfiles]\nmessages.log => notice,warning,error\n")
        modules = f"{_MODULES} app_read app_mixmonitor bridge_builtin_interval_features".split()
        self._write("modules", "[modules]\nautoload=no\n" + "".join(f"load={name}.so\n" for name in modules))
        conf = folder / "etc/asterisk.conf"
        conf.write_text(conf.read_text() + "maxfiles=65536\ntransmit_silence=yes\n")
        (folder / "lib/sounds").unlink(missing_ok=True)
        (folder / "lib/sounds").symlink_to(prompts)
        self.server = f"127.0.0.1:{self.sip}"
        self._operators: subprocess.Popen[bytes] | None = None

    def switch_on_operators(self) -> None:
        self._operators = sipp.operators(self.folder, sites.OPERATORS, self.operator_port)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def cpu(self) -> Cpu:
        return Cpu(seconds(self.pid), 0.0)

    def wait_idle(self) -> None:
        empty(self.cli)

    def stop(self) -> None:
        if self._operators is not None:
            sipp.stop(self._operators)
        super().stop()
