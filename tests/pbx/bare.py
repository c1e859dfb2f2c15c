"""A bare Asterisk for tests of one wire (AMI, AGI, ARI): a few modules, no hotline dialplan, free loopback ports."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import textwrap
import time
from pathlib import Path

from ivr.pbx.fetch import find

_MODULES = """
app_celgenuserevent app_dial app_originate app_playback app_queue app_stack app_stasis app_system app_userevent
app_verbose bridge_builtin_features bridge_holding bridge_native_rtp bridge_simple bridge_softmix
cel_custom cel_manager chan_pjsip codec_alaw codec_ulaw format_pcm format_wav
func_callerid func_channel func_cut func_devstate func_env func_global func_logic func_pjsip_endpoint func_strings
func_timeout pbx_config
res_agi res_ari res_ari_applications res_ari_asterisk res_ari_channels res_ari_events res_ari_model res_cdrel_custom
res_http_websocket res_manager_devicestate res_musiconhold
res_pjproject res_pjsip res_pjsip_authenticator_digest res_pjsip_caller_id res_pjsip_dtmf_info
res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_notify res_pjsip_pubsub res_pjsip_refer
res_pjsip_registrar res_pjsip_sdp_rtp res_pjsip_session
res_rtp_asterisk res_sorcery_astdb res_sorcery_config res_sorcery_memory res_speech
res_stasis res_stasis_answer res_stasis_playback res_stasis_recording res_stasis_snoop
res_timing_timerfd res_websocket_client
"""

_FILES = {
    "asterisk": """
        [directories]
        astetcdir={folder}/etc
        astmoddir={modules_dir}
        astvarlibdir={folder}/lib
        astdbdir={folder}/lib
        astkeydir={folder}/lib
        astdatadir={folder}/lib
        astagidir={folder}/lib
        astspooldir={folder}/spool
        astrundir={folder}/run
        astlogdir={folder}/log
        astsbindir={folder}/lib
        [options]
        systemname={mark}
        nocolor=yes
        """,
    "manager": """
        [general]
        enabled=yes
        webenabled=no
        bindaddr=127.0.0.1
        port={ami}
        timestampevents=yes
        channelvars=CALL_ID
        [bare]
        secret={secret}
        read=system,call,agent,user,reporting
        write=system,call,agent,originate,reporting,command,user
        eventfilter(action(exclude),name(TestEvent))=
        eventfilter(action(exclude),name(VarSet))=
        eventfilter(action(exclude),name(Newexten))=
        """,
    "ari": """
        [general]
        enabled=yes
        [bare]
        type=user
        read_only=no
        password={secret}
        """,
    "http": """
        [general]
        enabled=yes
        bindaddr=127.0.0.1
        bindport={http}
        """,
    "queues": """
        [general]
        persistentmembers=no
        [q-general]
        strategy=leastrecent
        joinempty=yes
        """,
    "pjsip_notify": """
        [refer]
        Event=>refer
        """,
    "rtp": """
        [general]
        rtpstart=30000
        rtpend=39999
        """,
    "logger": """
        [general]
        [logfiles]
        messages.log => notice,warning,error,verbose
        """,
    "cel": """
        [general]
        enable=yes
        apps=dial
        events=CHAN_START,CHAN_END,USER_DEFINED,APP_START,APP_END
        [manager]
        enabled=yes
        """,
    "cel_custom": """
        [journal.csv]
        format=dsv
        fields=EventEnum,EventTime,UniqueID,UserDefType,EventExtra
        """,
}


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class BareAsterisk:
    """Started by `start`, ended by `stop`; every file lives in `folder`."""

    secret = "bare-secret"

    def __init__(
        self, folder: Path, dialplan: str = "", pjsip: str = "", mark: str = "m0123456789abcdef01234567"
    ) -> None:
        asterisk = find()
        self.folder, self.mark = folder, mark
        self._command = (*asterisk.command, "-C", str(folder / "etc/asterisk.conf"))
        self.ami, self.http, self.sip = free_port(), free_port(), free_port(socket.SOCK_DGRAM)
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("etc", "lib", "spool", "run", "log/cel-custom"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name in ("static-http", "rest-api", "documentation"):
            link = folder / "lib" / name
            if not link.is_symlink() and (asterisk.data_dir / name).exists():
                link.symlink_to(asterisk.data_dir / name)
        facts = {**vars(self), "secret": self.secret, "modules_dir": asterisk.modules_dir}
        for name, text in _FILES.items():
            self._write(name, textwrap.dedent(text).format(**facts))
        self._write("modules", "[modules]\nautoload=no\n" + "".join(f"load={name}.so\n" for name in _MODULES.split()))
        transport = f"[transport]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{self.sip}\n"
        self._write("pjsip", transport + textwrap.dedent(pjsip))
        self._write("extensions", "[general]\nstatic=yes\n" + textwrap.dedent(dialplan))

    def _write(self, name: str, text: str) -> None:
        (self.folder / f"etc/{name}.conf").write_text(text)

    @property
    def journal(self) -> Path:
        return self.folder / "log/cel-custom/journal.csv"

    def start(self) -> None:
        with (self.folder / "console.log").open("ab") as log:
            self._process = subprocess.Popen((*self._command, "-f"), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self._process.poll() is None, (self.folder / "console.log").read_text()[-2000:]
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.ami)) == 0:
                    self.cli("core waitfullybooted")
                    return
            time.sleep(0.05)
        raise AssertionError("Asterisk did not open its AMI port in 30 s")

    def freeze(self) -> None:
        """Returns when every thread stands still, which on a busy machine is a while after the signal."""
        self._signal(signal.SIGSTOP)
        assert self._process is not None
        tasks = Path(f"/proc/{self._process.pid}/task")
        while not all("\nState:\tT" in (task / "status").read_text() for task in tasks.iterdir()):
            time.sleep(0.01)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def cli(self, line: str) -> str:
        return subprocess.run((*self._command, "-rx", line), capture_output=True, text=True, check=False).stdout

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.thaw()
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


_serial = itertools.count(time.time_ns())


def invite(sip_port: int, from_user: str, exten: str, host: str = "127.0.0.11") -> str:
    """Send one INVITE as a hostile trunk could write it, without a SIP stack in between; the first final status line.

    `from_user` is put into the From header as it is (percent escapes included).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((host, 0))
        wire.settimeout(5)
        port, serial = wire.getsockname()[1], next(_serial)
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            "m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
        )
        message = (
            f"INVITE sip:{exten}@127.0.0.1:{sip_port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{serial}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{from_user}@{host}>;tag=t{serial}\r\nTo: <sip:{exten}@127.0.0.1>\r\n"
            f"Call-ID: c{serial}\r\nCSeq: 1 INVITE\r\nContact: <sip:x@{host}:{port}>\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
        )
        wire.sendto(message.encode(), ("127.0.0.1", sip_port))
        while True:
            status = wire.recv(65536).split(b"\r\n")[0].decode()
            if not status.startswith("SIP/2.0 1"):
                return status
