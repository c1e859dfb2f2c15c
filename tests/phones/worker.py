"""One SIP phone in one process: orders come as JSON lines on stdin, answers and events go as JSON lines to stdout.

Run by `tests.phones.phone.Phone`, as a file and not as a module of the package, so that it starts without numpy. What
PJSIP itself prints goes to stderr. One thread runs everything but the media: PJSIP's events and the orders take turns.
"""

from __future__ import annotations

import contextlib
import ctypes
import heapq
import itertools
import json
import math
import os
import select
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pjsua2 as pj

RATE, FRAME = 8000, 160
SILENCE = bytes(2 * FRAME)
LIBC = ctypes.CDLL(None)
GOODBYE_SECONDS = 0.5
TURN_MS = 10  # how long PJSIP waits for a packet before orders have their turn
STATES = {
    pj.PJSIP_INV_STATE_CALLING: "calling",
    pj.PJSIP_INV_STATE_INCOMING: "incoming",
    pj.PJSIP_INV_STATE_EARLY: "early",
    pj.PJSIP_INV_STATE_CONNECTING: "connecting",
    pj.PJSIP_INV_STATE_CONFIRMED: "confirmed",
    pj.PJSIP_INV_STATE_DISCONNECTED: "disconnected",
}


def seed_for(sequence: int) -> int:
    """The seed of libc's rand() with which the first RTP packet of a new stream gets this number, 1 … 32767.

    PJMEDIA takes the low 15 bits of the third number that it draws for a stream, and counts on before it sends.
    """
    for seed in range(1 << 20):
        LIBC.srand(seed)
        if [LIBC.rand() for _ in range(3)][2] & 0x7FFF == sequence - 1:
            return seed
    raise ValueError(f"an RTP sequence starts with 1 … 32767, not with {sequence}")


def shuffle() -> None:
    LIBC.srand(int.from_bytes(os.urandom(4)))


def audio_format() -> pj.MediaFormatAudio:
    form = pj.MediaFormatAudio()
    form.init(pj.PJMEDIA_FORMAT_PCM, RATE, 1, 20000, 16)
    return form


class Tone(pj.AudioMediaPort):
    """Plays a sine for ever: a multiple of 50 Hz fits whole into 20 ms, so all frames are alike and have no seam."""

    def __init__(self, frequency: int, peak: int) -> None:
        super().__init__()
        step = 2 * math.pi * frequency / RATE
        pcm = struct.pack(f"<{FRAME}h", *(round(peak * math.sin(step * n)) for n in range(FRAME)))
        self._pcm, self._size = pj.ByteVector(pcm), len(pcm)
        self.createPort("tone", audio_format())

    def onFrameRequested(self, frame: pj.MediaFrame) -> None:
        frame.type, frame.buf, frame.size = pj.PJMEDIA_FRAME_TYPE_AUDIO, self._pcm, self._size


class Recorder(pj.AudioMediaPort):
    """Appends every received 20 ms frame to a file: its time (8 bytes, little endian double), then 160 samples."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("ab", buffering=0)
        self.createPort(path.stem, audio_format())

    def onFrameReceived(self, frame: pj.MediaFrame) -> None:
        pcm = bytes(frame.buf) if frame.type == pj.PJMEDIA_FRAME_TYPE_AUDIO else b""
        self._file.write(struct.pack("<d", time.time()) + (pcm if len(pcm) == len(SILENCE) else SILENCE))

    def onFrameRequested(self, frame: pj.MediaFrame) -> None:
        frame.type = pj.PJMEDIA_FRAME_TYPE_NONE


class Call(pj.Call):
    def __init__(self, phone: Phone, number: int, pjsip_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(phone.account, pjsip_id)
        self.phone, self.number = phone, number
        self.recorder: Recorder | None = None
        self.over = self.incoming = False

    def onCallState(self, prm: pj.OnCallStateParam) -> None:
        info = self.getInfo()
        state = STATES.get(info.state)
        if state is None or self.over:
            return
        self.over = state == "disconnected"
        self.phone.tell(
            "state",
            call=self.number,
            state=state,
            code=int(info.lastStatusCode),
            reason=info.lastReason,
            remote=info.remoteUri,
            sip_call_id=info.callIdString,
        )
        if state == "confirmed" and self.phone.drop_after is not None and self.incoming:
            self.phone.later(self.phone.drop_after, self.end)

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:
        info = self.getInfo()  # owns `media`: it must outlive the loop
        active = [one.status == pj.PJSUA_CALL_MEDIA_ACTIVE for one in info.media]
        for index, one in enumerate(info.media):
            if one.type == pj.PJMEDIA_TYPE_AUDIO and active[index]:
                audio = self.getAudioMedia(index)
                if self.recorder is None:
                    self.recorder = Recorder(self.phone.folder / f"{self.number}.frames")
                audio.startTransmit(self.recorder)
                self.phone.tone.startTransmit(audio)
        self.phone.tell("media", call=self.number, active=active)

    def onStreamPreCreate(self, prm: pj.OnStreamPreCreateParam) -> None:
        if self.phone.seed is not None:
            LIBC.srand(self.phone.seed)

    def onStreamCreated(self, prm: pj.OnStreamCreatedParam) -> None:
        if self.phone.seed is not None:  # Call-IDs and tags are drawn from the same numbers: they must differ again
            shuffle()

    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:
        method = "info" if prm.method == pj.PJSUA_DTMF_METHOD_SIP_INFO else "rfc4733"
        self.phone.tell("dtmf", call=self.number, digit=prm.digit, method=method)

    def onCallTransferRequest(self, prm: pj.OnCallTransferRequestParam) -> None:
        """The other side asks us to call somebody else: we do, as any phone."""
        call = Call(self.phone, next(self.phone.numbers))
        self.phone.calls[call.number] = prm.newCall = call
        self.phone.tell("refer", call=self.number, uri=prm.dstUri, new_call=call.number)

    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:
        self.phone.tell(
            "refer_status", call=self.number, code=int(prm.statusCode), reason=prm.reason, final=bool(prm.finalNotify)
        )

    def end(self) -> None:
        with contextlib.suppress(pj.Error):
            self.hangup(pj.CallOpParam())


class Account(pj.Account):
    def __init__(self, phone: Phone) -> None:
        super().__init__()
        self.phone = phone
        self.registered = False

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        self.phone.take(prm.callId, prm.rdata.wholeMsg, prm.rdata.srcAddress)

    def onRegState(self, prm: pj.OnRegStateParam) -> None:
        self.registered = prm.code // 100 == 2 and prm.expiration > 0
        self.phone.tell("registration", code=int(prm.code), reason=prm.reason, active=self.registered)


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
        self.seed = None if config["sequence"] is None else seed_for(config["sequence"])
        shuffle()
        self.endpoint = self._endpoint()
        self.port = self._transport()
        self.endpoint.audDevManager().setNullDev()
        self.endpoint.libStart()
        self._codec()
        self.tone = Tone(config["tone"], config["peak"])
        self.account = self._account()

    # — set-up ————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _endpoint(self) -> pj.Endpoint:
        endpoint = pj.Endpoint()
        endpoint.libCreate()
        config = pj.EpConfig()
        config.logConfig.level = config.logConfig.consoleLevel = self.config["log_level"]
        config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
        config.uaConfig.userAgent = f"phone {self.config['name']}"
        config.uaConfig.natTypeInSdp = 0
        media = config.medConfig
        media.clockRate = media.sndClockRate = RATE
        media.channelCount, media.audioFramePtime, media.ptime = 1, 20, 20
        media.noVad, media.ecTailLen, media.quality, media.sndAutoCloseTime = True, 0, 1, -1
        # A steady buffer: shrinking it would cut holes of 10 ms into what is heard. The binding has no name for the
        # enum's values, so PJMEDIA_JB_DISCARD_NONE (0) is written into the one that it hands out.
        discard = media.jbDiscardAlgo
        ctypes.c_int.from_address(int(discard)).value = 0
        media.jbDiscardAlgo = discard
        media.jbInit = media.jbMinPre = media.jbMaxPre = self.config["jitter_ms"]
        endpoint.libInit(config)
        return endpoint

    def _transport(self) -> int:
        config = pj.TransportConfig()
        config.port = self.config["port"]
        config.boundAddress = config.publicAddress = self.config["ip"]
        info = self.endpoint.transportGetInfo(self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, config))
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
        registration = self.config["registration"]
        if registration:
            config.idUri = f"sip:{registration['user']}@{registration['server']}"
            config.regConfig.registrarUri = f"sip:{registration['server']}"
            config.regConfig.timeoutSec = registration["seconds"]
            config.regConfig.retryIntervalSec = config.regConfig.firstRetryIntervalSec = 2
            config.regConfig.randomRetryIntervalSec = 0
            config.sipConfig.authCreds.append(
                pj.AuthCredInfo("digest", "*", registration["user"], 0, registration["password"])
            )
        else:
            config.idUri = f"sip:{self.config['name']}@{ip}:{self.port}"
        nat = config.natConfig
        nat.contactRewriteUse = nat.viaRewriteUse = nat.sdpNatRewriteUse = nat.sipOutboundUse = 0
        nat.udpKaIntervalSec = 0
        transport = config.mediaConfig.transportConfig
        transport.boundAddress = transport.publicAddress = ip
        transport.port = 0
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
        self.calls[call].xferReplaces(self.calls[other], 0, pj.CallOpParam())

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
