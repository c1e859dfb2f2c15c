"""A bare Asterisk for tests of one wire (AMI, AGI, ARI): a handful of modules, no hotline dialplan, free loopback ports."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from ivr.pbx.fetch import find

MODULES = """
pbx_config chan_pjsip res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_endpoint_identifier_ip
res_pjsip_endpoint_identifier_user res_pjsip_caller_id res_pjsip_dtmf_info res_pjsip_authenticator_digest res_pjsip_refer
res_pjproject res_sorcery_config res_sorcery_memory res_sorcery_astdb res_rtp_asterisk res_timing_timerfd res_speech res_agi
res_http_websocket res_websocket_client res_stasis res_ari res_ari_model res_ari_applications res_ari_channels res_ari_events
app_stasis app_queue app_dial app_playback app_celgenuserevent res_stasis_recording res_stasis_playback res_stasis_answer res_stasis_snoop res_pjsip_sdp_rtp res_pjsip_pubsub bridge_simple bridge_softmix bridge_native_rtp bridge_holding
bridge_builtin_features app_bridgewait app_originate app_userevent app_verbose func_channel func_callerid func_strings
func_logic func_global func_shell codec_alaw codec_ulaw res_manager_devicestate func_devstate app_system app_chanspy
format_wav format_pcm res_musiconhold cel_custom res_cdrel_custom func_pjsip_endpoint func_cut func_timeout app_read
""".split()


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class BareAsterisk:
    """Started by `start`, ended by `stop`; every file lives in `folder`."""

    mark = "m0123456789abcdef01234567"
    secret = "bare-secret"

    def __init__(self, folder: Path, dialplan: str = "", pjsip: str = "") -> None:
        asterisk = find()
        self.command, self.folder = asterisk.command, folder
        self.ami, self.http, self.sip = free_port(), free_port(), free_port(socket.SOCK_DGRAM)
        self.process: subprocess.Popen[bytes] | None = None
        etc = folder / "etc"
        for name in ("etc", "lib", "spool", "run", "log/cel-custom"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name in ("static-http", "rest-api", "documentation"):
            link = folder / "lib" / name
            if not link.exists() and (asterisk.data_dir / name).exists():
                link.symlink_to(asterisk.data_dir / name)
        files = {
            "asterisk": f"[directories]\nastetcdir={etc}\nastmoddir={asterisk.modules_dir}\nastvarlibdir={folder}/lib\nastdbdir={folder}/lib\n"
            f"astkeydir={folder}/lib\nastdatadir={folder}/lib\nastagidir={folder}/lib\nastspooldir={folder}/spool\n"
            f"astrundir={folder}/run\nastlogdir={folder}/log\nastsbindir={folder}/lib\n[options]\nsystemname={self.mark}\nnocolor=yes\n",
            "modules": "[modules]\nautoload=no\n" + "".join(f"load={name}.so\n" for name in MODULES),
            "manager": f"[general]\nenabled=yes\nwebenabled=no\nbindaddr=127.0.0.1\nport={self.ami}\ntimestampevents=yes\n"
            f"channelvars=CALL_ID\n[bare]\nsecret={self.secret}\nread=system,call,agent,user,reporting\n"
            "write=system,call,agent,originate,reporting,command\n"
            "eventfilter(action(exclude),name(TestEvent))=\neventfilter(action(exclude),name(VarSet))=\n"
            "eventfilter(action(exclude),name(Newexten))=\n",
            "ari": f"[general]\nenabled=yes\n[bare]\ntype=user\nread_only=no\npassword={self.secret}\n",
            "http": f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport={self.http}\n",
            "pjsip": f"[transport]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{self.sip}\n" + pjsip,
            "extensions": "[general]\nstatic=yes\n" + dialplan,
            "queues": "[general]\npersistentmembers=no\n[q-general]\nstrategy=leastrecent\njoinempty=yes\n",
            "rtp": "[general]\nrtpstart=30000\nrtpend=39999\n",
            "logger": "[general]\n[logfiles]\nmessages.log => notice,warning,error,verbose\n",
            "cel": "[general]\nenable=yes\napps=dial\nevents=CHAN_START,CHAN_END,USER_DEFINED,APP_START,APP_END\n",
            "cel_custom": "[journal.csv]\nformat=dsv\nfields=EventEnum,EventTime,UniqueID,UserDefType,EventExtra\n",
        }
        for name, text in files.items():
            (etc / f"{name}.conf").write_text(text)

    def start(self) -> None:
        log = (self.folder / "console.log").open("ab")
        arguments = [*self.command, "-C", str(self.folder / "etc/asterisk.conf"), "-f"]
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.folder / "console.log").read_text()[-2000:]
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.ami)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("Asterisk did not open its AMI port in 30 s")

    def _signal(self, number: int) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def cli(self, line: str) -> str:
        arguments = [*self.command, "-C", str(self.folder / "etc/asterisk.conf"), "-rx", line]
        return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.thaw()
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
