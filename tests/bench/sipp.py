"""Load by SIPp: citizens who call at a steady rate, and operators who answer everything."""

from __future__ import annotations

import csv
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tools import sipp

SDP = """v=0
o=- 1 1 IN IP4 [media_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
"""

CITIZEN = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="citizen">
<send retrans="500" start_rtd="setup"><![CDATA[
INVITE sip:12345@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:{caller}@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:12345@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:{caller}@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

{sdp}]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" rtd="setup" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:{caller}@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:12345@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
{voice}<pause milliseconds="{stays}"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:{caller}@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:12345@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"""

OPERATOR = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="operator">
<recv request="OPTIONS" optional="true" next="1"/>
<recv request="INVITE"/>
<send><![CDATA[
SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=[pid]o[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]o[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

{sdp}]]></send>
<recv request="ACK"/>
<recv request="BYE"/>
<send next="2"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
<label id="1"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]q[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
<label id="2"/>
<pause milliseconds="1"/>
</scenario>
"""
VOICE = '<nop><action><exec rtp_stream="{file},-1,8,PCMA/8000"/></action></nop>\n'


_runs = itertools.count()  # each has numbers of its own: a caller who calls again and again is screened


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of citizens did."""

    calls: int
    failed: int  # never answered, or dropped before they hung up
    seconds: float  # from the first call to the last one's end
    setups: Sequence[float]  # INVITE → 200 OK, in milliseconds

    @property
    def rate(self) -> float:
        return self.calls / self.seconds if self.seconds else 0.0


def operators(folder: Path, host: str, port: int) -> subprocess.Popen[bytes]:
    """Phones of all operators at one address: they answer OPTIONS, and each call at once, and echo what they hear."""
    scenario = folder / "operator.xml"
    scenario.write_text(OPERATOR.format(sdp=SDP))
    arguments = ["-sf", str(scenario), "-i", host, "-p", str(port), "-mi", host, "-rtp_echo", "-nd"]
    return _start(folder, "operators", [*arguments, "-aa", "-l", "5000", "-mp", str(media_port(port))])


def citizens(
    folder: Path,
    host: str,
    server: str,
    *,
    rate: float,
    calls: int,
    stays: float,
    voice: bool = False,
    number: str | None = None,
) -> Load:
    """Place `calls` calls at `rate` a second; each hangs up `stays` seconds after it was answered.

    All come from `number`, or each from one of its own.
    """
    name = f"citizens-{time.monotonic_ns()}"
    home = folder / name
    home.mkdir()
    scenario = home / "citizen.xml"
    tone = home / "voice.alaw"
    tone.write_bytes(bytes((0x55 ^ (n % 97)) for n in range(8000)))
    said = VOICE.format(file=tone) if voice else ""
    caller = number or f"{1300 + next(_runs)}[call_number]"
    scenario.write_text(CITIZEN.format(sdp=SDP, voice=said, stays=round(stays * 1000), caller=caller))
    began = time.monotonic()
    process = _start(
        home,
        "citizens",
        [
            *("-sf", str(scenario), "-i", host, "-mi", host, "-r", f"{rate:g}", "-m", str(calls), "-l", "10000"),
            *("-trace_rtt", "-rtt_freq", "1", "-trace_stat", "-fd", "1", "-nostdin", server),
        ],
    )
    limit = calls / rate + stays + 40
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        stop(process)
        code = 99
    seconds = time.monotonic() - began - stays
    return Load(calls, calls - _succeeded(home) if code else 0, seconds, sorted(_setups(home)))


def media_port(port: int) -> int:
    """Two loads at one address need different ones; away from Asterisk's and the kernel's own."""
    return 6000 + port % 1900 * 2


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _start(folder: Path, name: str, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    program = sipp()
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [program.path, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **program.environment, "TERM": "dumb"},
        )


def _succeeded(folder: Path) -> int:
    """Calls that went to their end as they should: one that was set up and then dropped did not."""
    for path in folder.glob("citizen_*_.csv"):
        with path.open(newline="") as file:
            last = list(csv.DictReader(file, delimiter=";"))[-1:]
        return sum(int(row["SuccessfulCall(C)"]) for row in last)
    return 0


def _setups(folder: Path) -> list[float]:
    found: list[float] = []
    for path in folder.glob("*_rtt.csv"):
        with path.open(newline="") as file:
            found += [float(row[1]) for row in csv.reader(file, delimiter=";") if len(row) > 1 and row[1][:1].isdigit()]
    return found
