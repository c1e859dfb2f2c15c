"""One SIP phone in one process: orders come as JSON lines on stdin, answers and events go as JSON lines to stdout.

Run by `tests.phones.line.Line` as a folder and not as a package, so that it starts without numpy. What PJSIP itself
prints goes to stderr. One thread runs everything but the media: PJSIP's events and the orders take turns.
"""

from __future__ import annotations

import contextlib
import ctypes
import heapq
import itertools
import json
import os
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import media
import pjsua2 as pj
from calls import Account, Call, Log

GOODBYE_SECONDS = 0.5
WARNINGS = 2  # PJSIP's level of its log
TURN_MS = 10  # how long PJSIP waits for a packet before orders have their turn


class Phone:
    def __init__(self, config: dict[str, Any], out: int) -> None:
        self.config, self.out = config, out
        self.folder = Path(config["folder"])
        self.calls: dict[int, Call] = {}
        self.timers: list[tuple[float, int, Callable[[], None]]] = []
        self.order = itertools.count(1)
        self.numbers = itertools.count(1)
        self.mode, self.code, self.after = "ring", 0, 0.0
        self.drop_after: float | None = None
        self.running = True
        self.seed = None if config["sequence"] is None else media.seed_for(config["sequence"])
        media.shuffle()
        self.endpoint = self._endpoint()
        self.port = self._transport()
        self.endpoint.audDevManager().setNullDev()
        self.endpoint.libStart()
        self._codec()
        self.tone = media.Tone(config["tone"], config["peak"])
        self.account = self._account()

    # — set-up ————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _endpoint(self) -> pj.Endpoint:
        endpoint = pj.Endpoint()
        endpoint.libCreate()
        config = pj.EpConfig()
        config.logConfig.level = config.logConfig.consoleLevel = max(WARNINGS, self.config["log_level"])
        config.logConfig.writer = self.log = Log(self)
        config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
        config.uaConfig.userAgent = f"phone {self.config['name']}"
        config.uaConfig.natTypeInSdp = 0
        sound = config.medConfig
        sound.clockRate = sound.sndClockRate = media.RATE
        sound.channelCount, sound.audioFramePtime, sound.ptime = 1, 20, 20
        sound.noVad, sound.ecTailLen, sound.quality, sound.sndAutoCloseTime = True, 0, 1, -1
        # A steady buffer: shrinking it would cut holes of 10 ms into what is heard. The binding has no name for the
        # enum's values, so PJMEDIA_JB_DISCARD_NONE (0) is written into the one that it hands out.
        discard = sound.jbDiscardAlgo
        ctypes.c_int.from_address(int(discard)).value = 0
        sound.jbDiscardAlgo = discard
        sound.jbInit = sound.jbMinPre = sound.jbMaxPre = self.config["jitter_ms"]
        endpoint.libInit(config)
        return endpoint

    def _transport(self) -> int:
        config = pj.TransportConfig()
        config.port = self.config["port"]
        config.boundAddress = config.publicAddress = self.config["ip"]
        kind = pj.PJSIP_TRANSPORT_UDP
        if secure := self.config["secure"]:
            kind, tls = pj.PJSIP_TRANSPORT_TLS, config.tlsConfig
            tls.CaListFile, tls.verifyServer = secure["ca"] or "", bool(secure["ca"])
            tls.certFile, tls.privKeyFile = secure["certificate"] or "", secure["key"] or ""
            tls.proto = pj.PJ_SSL_SOCK_PROTO_TLS1_2
        info = self.endpoint.transportGetInfo(self.endpoint.transportCreate(kind, config))
        return int(info.localName.rsplit(":", 1)[1])

    def _codec(self) -> None:
        wanted = {"alaw": "PCMA/8000/1", "ulaw": "PCMU/8000/1", "g722": "G722/16000/1", "gsm": "GSM/8000/1"}[
            self.config["codec"]
        ]
        for codec in self.endpoint.codecEnum2():
            self.endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId == wanted else 0)
        # A lost packet must be heard as silence: PJSIP would otherwise fill the hole with the last sound.
        setting = self.endpoint.codecGetParam(wanted)
        setting.setting.plc = setting.setting.vad = setting.setting.cng = False
        self.endpoint.codecSetParam(wanted, setting)

    def _account(self) -> Account:
        config, ip = pj.AccountConfig(), self.config["ip"]
        by = ";transport=tls" if self.config["secure"] else ""
        registration = self.config["registration"]
        if registration:
            config.idUri = f"sip:{registration['user']}@{registration['server']}"
            config.regConfig.registrarUri = f"sip:{registration['server']}{by}"
            config.regConfig.timeoutSec = registration["seconds"]
            config.regConfig.retryIntervalSec = config.regConfig.firstRetryIntervalSec = 2
            config.regConfig.randomRetryIntervalSec = 0
            config.sipConfig.authCreds.append(
                pj.AuthCredInfo("digest", "*", registration["user"], 0, registration["password"])
            )
        else:
            config.idUri = f"sip:{self.config['name']}@{ip}:{self.port}{by}"
        nat = config.natConfig
        nat.contactRewriteUse = nat.viaRewriteUse = nat.sdpNatRewriteUse = nat.sipOutboundUse = 0
        nat.udpKaIntervalSec = 0
        transport = config.mediaConfig.transportConfig
        transport.boundAddress = transport.publicAddress = ip
        transport.port = 0
        if (self.config["secure"] or {}).get("srtp"):
            config.mediaConfig.srtpUse, config.mediaConfig.srtpSecureSignaling = pj.PJMEDIA_SRTP_MANDATORY, 1
        account = Account(self)
        account.create(config, True)
        return account

    # — what happens ——————————————————————————————————————————————————————————————————————————————————————————————————

    def tell(self, event: str, **what: Any) -> None:
        self._line({"event": event, "at": time.time(), **what})

    def _line(self, what: dict[str, Any]) -> None:
        os.write(self.out, json.dumps(what).encode() + b"\n")

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.order), act))

    def take(self, pjsip_id: int, message: str, source: str) -> None:
        """An INVITE has come: do what `on_call` asked for."""
        call = Call(self, next(self.numbers), pjsip_id)
        call.incoming = True
        self.calls[call.number] = call
        self.tell("invite", call=call.number, message=message, source=source)
        if self.mode == "ignore":
            return
        if self.mode == "status":
            self._respond(call, self.code)
            return
        if self.mode == "answer" and not self.after:
            self._respond(call, 200)
            return
        self._respond(call, 180)
        if self.mode == "answer":
            self.later(self.after, lambda: self._respond(call, 200))

    def _respond(self, call: Call, code: int) -> None:
        if call.over:
            return
        prm = pj.CallOpParam(True)
        prm.statusCode = code
        with contextlib.suppress(pj.Error):
            call.answer(prm)

    def told(self, call: Call, event: str, message: str) -> None:
        """Something has come by NOTIFY: a phone that obeys answers, resumes or holds, as if its key were pressed."""
        self.tell("notify", call=call.number, event_name=event, message=message)
        if not self.config["obeys"]:
            return
        if event == "hold":
            self.later(0, lambda: self.do_hold(call.number))
        elif event == "talk" and call.getInfo().state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.later(0, lambda: self.do_unhold(call.number))
        elif event == "talk":
            self.later(0, lambda: self._respond(call, 200))

    # — orders ————————————————————————————————————————————————————————————————————————————————————————————————————————

    def do_on_call(self, mode: str, code: int, after: float, drop_after: float | None) -> None:
        self.mode, self.code, self.after, self.drop_after = mode, code, after, drop_after

    def do_call(self, uri: str, headers: dict[str, str], local_uri: str) -> int:
        call, prm = Call(self, next(self.numbers)), pj.CallOpParam(True)
        for name, value in headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            prm.txOption.headers.append(header)
        prm.txOption.localUri = local_uri
        self.calls[call.number] = call
        call.makeCall(uri, prm)
        return call.number

    def do_answer(self, call: int, code: int) -> None:
        prm = pj.CallOpParam(True)
        prm.statusCode = code
        self.calls[call].answer(prm)

    def do_hangup(self, call: int, code: int) -> None:
        prm = pj.CallOpParam()
        prm.statusCode = code
        self.calls[call].hangup(prm)

    def do_dtmf(self, call: int, digits: str, method: str, ms: int) -> None:
        prm = pj.CallSendDtmfParam()
        prm.duration = ms
        prm.digits = digits
        prm.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if method == "info" else pj.PJSUA_DTMF_METHOD_RFC2833
        self.calls[call].sendDtmf(prm)

    def do_refer(self, call: int, uri: str) -> None:
        self.calls[call].xfer(uri, pj.CallOpParam())

    def do_attended(self, call: int, other: int) -> None:
        self.calls[call].xferReplaces(self.calls[other], pj.CallOpParam())

    def do_hold(self, call: int) -> None:
        self.calls[call].setHold(pj.CallOpParam(True))

    def do_unhold(self, call: int) -> None:
        prm = pj.CallOpParam(True)
        prm.opt.flag |= pj.PJSUA_CALL_UNHOLD
        self.calls[call].reinvite(prm)

    def do_register(self, on: bool) -> None:
        self.account.setRegistration(on)

    def do_statistics(self, call: int) -> str:
        return str(self.calls[call].dump(True, ""))

    def do_quit(self) -> None:
        self.endpoint.hangupAllCalls()
        if self.config["registration"]:
            with contextlib.suppress(pj.Error):
                self.account.setRegistration(False)
        self._leave(time.monotonic() + GOODBYE_SECONDS)

    def _leave(self, latest: float) -> None:
        """End when every goodbye has been answered, or has had its time."""
        said = all(call.over for call in self.calls.values()) and not self.account.registered
        self.running = not said and time.monotonic() < latest
        if self.running:
            self.later(TURN_MS / 1000, lambda: self._leave(latest))

    # — the loop ——————————————————————————————————————————————————————————————————————————————————————————————————————

    def run(self) -> None:
        self.tell("ready", port=self.port, pid=os.getpid())
        waiting = b""
        while self.running:
            self.endpoint.libHandleEvents(TURN_MS)
            while self.timers and self.timers[0][0] <= time.monotonic():
                heapq.heappop(self.timers)[2]()
            if not select.select([0], [], [], 0)[0]:
                continue
            data = os.read(0, 65536)
            if not data:  # whoever held the phone is gone
                return
            *lines, waiting = (waiting + data).split(b"\n")
            for line in lines:
                self._obey(json.loads(line))

    def _obey(self, order: dict[str, Any]) -> None:
        try:
            value = getattr(self, "do_" + order["do"])(**order["args"])
            self._line({"id": order["id"], "ok": value})
        except pj.Error as error:
            self._line({"id": order["id"], "error": f"{order['do']}: {error.info(True)}"})
        except (KeyError, TypeError, ValueError) as error:
            self._line({"id": order["id"], "error": f"{order['do']}: {error!r}"})


def main() -> None:
    out = os.dup(1)
    os.dup2(2, 1)  # whatever PJSIP prints must not mix with the answers
    Phone(json.loads(sys.argv[1]), out).run()
    os._exit(0)  # PJSIP's own end takes a second and may wait for Python's media thread


if __name__ == "__main__":
    main()
