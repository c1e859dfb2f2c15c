"""PJSIP's calls and account: what happens to them is told to the phone."""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING

import media
import pjsua2 as pj

if TYPE_CHECKING:
    from __main__ import Phone

STATES = {
    pj.PJSIP_INV_STATE_CALLING: "calling",
    pj.PJSIP_INV_STATE_INCOMING: "incoming",
    pj.PJSIP_INV_STATE_EARLY: "early",
    pj.PJSIP_INV_STATE_CONNECTING: "connecting",
    pj.PJSIP_INV_STATE_CONFIRMED: "confirmed",
    pj.PJSIP_INV_STATE_DISCONNECTED: "disconnected",
}


class Call(pj.Call):
    def __init__(self, phone: Phone, number: int, pjsip_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(phone.account, pjsip_id)
        self.phone, self.number = phone, number
        self.recorder: media.Recorder | None = None
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
                    self.recorder = media.Recorder(self.phone.folder / f"{self.number}.frames")
                audio.startTransmit(self.recorder)
                self.phone.tone.startTransmit(audio)
        self.phone.tell("media", call=self.number, active=active)

    def onStreamPreCreate(self, prm: pj.OnStreamPreCreateParam) -> None:
        if self.phone.seed is not None:
            media.use(self.phone.seed)

    def onStreamCreated(self, prm: pj.OnStreamCreatedParam) -> None:
        if self.phone.seed is not None:  # Call-IDs and tags are drawn from the same numbers: they must differ again
            media.shuffle()

    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:
        method = "info" if prm.method == pj.PJSUA_DTMF_METHOD_SIP_INFO else "rfc4733"
        self.phone.tell("dtmf", call=self.number, digit=prm.digit, method=method)

    def onCallTransferRequest(self, prm: pj.OnCallTransferRequestParam) -> None:
        """The other side asks us to call somebody else: we do, as any phone."""
        call = Call(self.phone, next(self.phone.numbers))
        self.phone.calls[call.number] = prm.newCall = call
        self.phone.tell("refer", call=self.number, uri=prm.dstUri, new_call=call.number)

    def onCallReplaced(self, prm: pj.OnCallReplacedParam) -> None:
        """A call with Replaces has taken this one's place."""
        call = Call(self.phone, next(self.phone.numbers), prm.newCallId)
        self.phone.calls[call.number] = prm.newCall = call
        self.phone.tell("replaced", call=self.number, new_call=call.number)

    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:
        self.phone.tell(
            "refer_status", call=self.number, code=int(prm.statusCode), reason=prm.reason, final=bool(prm.finalNotify)
        )

    def onCallTsxState(self, prm: pj.OnCallTsxStateParam) -> None:
        """`Event: talk` and `hold` are what desk phones take for their own keys (Yealink, Polycom, Snom)."""
        event = prm.e.body.tsxState
        if event.type != pj.PJSIP_EVENT_RX_MSG or event.tsx.method != "NOTIFY" or event.tsx.role != pj.PJSIP_ROLE_UAS:
            return
        message = event.src.rdata.wholeMsg
        found = re.search(r"^Event:\s*(\S+)", message, re.IGNORECASE | re.MULTILINE)
        self.phone.told(self, found[1].lower() if found else "", message)

    def end(self) -> None:
        with contextlib.suppress(pj.Error):
            self.hangup(pj.CallOpParam())


class Log(pj.LogWriter):
    """PJSIP's own log. A call more than its four lines (PJSUA_MAX_CALLS, compiled in) it refuses here alone, by 486."""

    def __init__(self, phone: Phone) -> None:
        super().__init__()
        self.phone = phone

    def write(self, entry: pj.LogEntry) -> None:
        if "too many calls" in entry.msg:
            self.phone.tell("full")
        sys.stderr.write(entry.msg)
        sys.stderr.flush()


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
