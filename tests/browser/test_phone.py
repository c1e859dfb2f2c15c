"""The operator's phone in the page, against the real Asterisk: tones prove who hears whom."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.phones import Phone
from tests.phones.tones import hertz

OpenPage = Callable[..., Page]
START = """async () => {
  const { line } = await import("/static/desk/line.js");
  if (line.value?.state.value !== "ready") return false;
  globalThis.phone = line.value;
  return true;
}"""
LOUDEST = """async () => {
  const stream = document.querySelector("#phone-audio").srcObject;
  if (!stream) return 0;
  const context = new AudioContext({ sampleRate: 8000 });
  const analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(stream).connect(analyser);
  await new Promise((done) => setTimeout(done, 500));
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  await context.close();
  const loudest = bins.indexOf(Math.max(...bins));
  return bins[loudest] < -60 ? 0 : (loudest * 8000) / 2048;
}"""


CATCH = """() => {
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    if (this.protocol === "sip") globalThis.socket = this;
    return send.call(this, data);
  };
}"""
LOSE = """(press) => new Promise((done) => {
  const look = setInterval(() => {
    if (phone.problem.value !== "unreachable") return;
    clearInterval(look);
    press === "hangup" ? phone.hangup() : phone.hold();
    done();
  }, 5);
  socket.close();
})"""

REFUSE = r"""() => {
  const heard = socket.onmessage;
  socket.onmessage = (event) => {
    if (!/^SIP\/2.0 200 /.test(event.data) || !/^CSeq: \d+ INVITE/im.test(event.data)) return heard(event);
    socket.onmessage = heard;
    const head = event.data.split("\r\n\r\n")[0].replace(/^.*/, "SIP/2.0 500 Another INVITE is pending");
    heard({ data: `${head.replace(/^(Content-Length): *\d+/im, "$1: 0")}\r\n\r\n` });
  };
}"""


def start(page: Page) -> None:
    """The desk's own phone is registered; the tests call it `phone`."""
    begin = page.get_by_role("button", name="开始接听")
    expect(begin.or_(page.locator("#phone-audio")).first).to_be_attached()
    if begin.is_visible():
        begin.click()
    eventually(lambda: page.evaluate(START), 30, lambda: f"no phone: {page.inner_text('body')}")


def call_state(page: Page, state: str | None) -> None:
    page.wait_for_function("(state) => (phone.call.value?.state ?? null) === state", arg=state, timeout=60_000)


def hears(page: Page, tone: str) -> None:
    eventually(
        lambda: abs(page.evaluate(LOUDEST) - hertz(tone)) < 20,  # type: ignore[arg-type]
        30,
        lambda: f"the page never heard {tone}, but {page.evaluate(LOUDEST)} Hz",
    )


def wait_there(hotline: Hotline, number: str = "1001", there: bool = True) -> None:
    """Until Asterisk rings this phone, or knows that it is gone."""

    def known() -> bool:
        lines = [line for line in hotline.asterisk("pjsip show contacts").splitlines() if f" {number}/" in line]
        return any("Avail" in line for line in lines) if there else not lines

    eventually(known, 30, lambda: hotline.asterisk("pjsip show contacts"))


def talk(hotline: Hotline, page: Page, answer: str = "phone.answer()") -> Phone:
    """A citizen calls, and the page answers."""
    wait_there(hotline)
    citizen = hotline.caller()
    citizen.call(hotline.uri, from_user=citizen.name)
    call_state(page, "ringing")
    page.evaluate(answer)
    call_state(page, "up")
    citizen.wait_heard("operator")
    hears(page, "caller")
    return citizen


def test_given_a_page_when_a_citizen_calls_then_both_hear_each_other_and_each_key_works(
    hotline: Hotline, open_page: OpenPage
) -> None:
    page = open_page("1001")
    start(page)
    citizen = talk(hotline, page)
    assert page.evaluate("phone.call.value.from") == citizen.name
    page.evaluate("phone.mute(true)")
    citizen.wait_who((), since=time.time())
    page.evaluate("phone.mute(false)")
    page.evaluate("phone.hold(true)")
    call_state(page, "held")
    page.evaluate("phone.hold(false)")
    call_state(page, "up")
    hears(page, "caller")
    desk = hotline.desk("110")
    page.evaluate("phone.dtmf('*3')")
    citizen.wait_who({"operator", "110"})
    eventually(lambda: _completed(hotline, citizen), 30, lambda: "the transfer was not completed")
    page.evaluate("phone.hangup()")
    call_state(page, None)
    citizen.wait_who({"110"}, since=time.time())
    desk.hangup()
    citizen.wait_for("disconnected")


def test_given_a_call_when_a_key_is_pressed_again_before_asterisk_answered_then_the_last_press_counts(
    hotline: Hotline, open_page: OpenPage
) -> None:
    page = open_page("1001")
    start(page)
    citizen = talk(hotline, page, "phone.answer(); phone.answer()")
    assert page.evaluate("phone.problem.value") is None
    page.evaluate("phone.hold(true); phone.hold(false)")
    call_state(page, "up")
    citizen.wait_heard("operator", since=time.time())
    hears(page, "caller")
    page.evaluate("phone.hold(true); phone.hold(false); phone.hold(true)")
    call_state(page, "held")
    citizen.wait_who((), since=time.time())
    page.evaluate("phone.hold(); phone.hold(); phone.hold()")
    call_state(page, "up")
    citizen.wait_heard("operator", since=time.time())
    citizen.hangup()
    call_state(page, None)


def test_given_a_lost_socket_when_a_key_is_pressed_meanwhile_then_no_talk_ends_and_it_is_done_once_it_is_back(
    hotline: Hotline, open_page: OpenPage
) -> None:
    page = open_page("1001")
    start(page)
    page.evaluate(CATCH)
    citizen = talk(hotline, page)
    page.evaluate(LOSE, "hold")
    assert page.evaluate("phone.call.value.state") == "held"
    citizen.wait_who((), since=time.time())
    lost = time.time()
    eventually(lambda: citizen.voice(max(lost, time.time() - 1)) > 0.5, 20, lambda: "on hold the caller hears no music")
    page.evaluate("phone.hold()")
    call_state(page, "up")
    citizen.wait_heard("operator", since=time.time())
    hears(page, "caller")
    page.evaluate("phone.hold(true)")
    page.evaluate(LOSE, "hold")
    citizen.wait_heard("operator", since=time.time())
    page.evaluate(LOSE, "hangup")
    citizen.wait_for("disconnected", 20)
    call_state(page, None)
    eventually(lambda: not hotline.channels(), 10, lambda: f"{hotline.channels()}")
    assert "requeued" not in [step.step for step in hotline.call_of(citizen.name).steps], "he was given to the next one"


def test_given_a_talk_when_asterisk_refuses_to_hold_at_that_moment_then_no_talk_ends_and_it_is_tried_again(
    hotline: Hotline, open_page: OpenPage
) -> None:
    page = open_page("1001")
    start(page)
    page.evaluate(CATCH)
    citizen = talk(hotline, page)
    page.evaluate(REFUSE)
    page.evaluate("phone.hold(true)")
    citizen.wait_who((), since=time.time())
    page.wait_for_timeout(1000)  # ms: longer than it takes to say it anew
    assert page.evaluate("phone.call.value.state") == "held"
    page.evaluate("phone.hold(false)")
    call_state(page, "up")
    citizen.wait_heard("operator", since=time.time())
    citizen.hangup()
    call_state(page, None)
    assert "requeued" not in [step.step for step in hotline.call_of(citizen.name).steps], "he was given to the next one"


def _completed(hotline: Hotline, citizen: Phone) -> bool:
    call = hotline.call_of(citizen.name, ended=False)
    return [transfer.result for transfer in call.transfers] == ["completed"]
