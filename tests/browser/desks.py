"""What an operator's page does and hears, in a test's words."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any

from playwright.sync_api import Page, expect

from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.phones import Phone
from tests.phones.tones import TONES, Tone

EARS = """async (tones) => {
  const stream = document.querySelector("#phone-audio")?.srcObject;
  if (!stream) return [];
  const context = new AudioContext({ sampleRate: 8000 });
  const analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(stream).connect(analyser);
  await new Promise((done) => setTimeout(done, 400));
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  await context.close();
  return Object.keys(tones).filter((name) => bins[Math.round((tones[name] * 2048) / 8000)] > -50);
}"""
IN_A_CALL = """async () => {
  const { phoneCall } = await import("/static/desk/line.js");
  return phoneCall.value;
}"""


def begin(page: Page) -> None:
    """The day's check, and the phone is ready: calls may come."""
    page.get_by_role("button", name="开始接听").click()
    expect(page.get_by_text("示闲中，等待来电")).to_be_visible()


def wait_ears(page: Page, tones: Iterable[Tone], timeout: float = 45.0) -> None:
    """Until the headset plays exactly these parties."""
    wanted, heard = {str(tone) for tone in tones}, set[str]()

    def as_wanted() -> bool:
        heard.clear()
        heard.update(page.evaluate(EARS, TONES))
        return heard == wanted

    eventually(as_wanted, timeout, lambda: f"the page was to hear {wanted}, and hears {heard}")


def phone_call(page: Page) -> dict[str, Any]:
    """What the page's own phone has, its `id` and `state` (ringing, up, held); empty without a call."""
    return page.evaluate(IN_A_CALL) or {}


def phone_state(page: Page) -> str | None:
    state: str | None = phone_call(page).get("state")
    return state


def ringing(page: Page, citizen: Phone) -> str:
    """Wait until the page rings for this caller; returns the id of its phone's call."""
    expect(page).to_have_title(re.compile(re.escape(citizen.name)))
    return str(eventually(lambda: phone_call(page).get("id"), 30, lambda: "the page rings, and its phone does not"))


def call_in(hotline: Hotline, citizen: Phone, page: Page, tone: Tone = "operator", keys: str = "F2") -> float:
    """The citizen calls, the page rings and is answered by a key; from the returned moment he hears this operator."""
    asked = time.time()
    citizen.call(hotline.uri, from_user=citizen.name)
    return answer(citizen, page, tone, keys, since=asked)


def answer(citizen: Phone, page: Page, tone: Tone = "operator", keys: str = "F2", since: float | None = None) -> float:
    ringing(page, citizen)
    page.keyboard.press(keys)
    expect(page.get_by_text("来电人能听到您")).to_be_visible()
    return citizen.wait_who({tone}, since=since)
