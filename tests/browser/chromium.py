"""Chromium for tests: headless, nothing beyond this machine, a steady tone as its microphone."""

from __future__ import annotations

import contextlib
import os
import tempfile
import wave
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import psutil
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.phones.tones import AMPLITUDE, Tone, hertz
from tests.tools import chromium, fonts

RATE = 48000
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
)


# What would take a steady tone for noise is off.
STEADY = "globalThis.hotlineAudio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };"


class Chromium:
    """Browsers by the tone that their microphones have; started when asked for, all ended at the end."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="browser-")
        self._playwright = sync_playwright().start()
        self._browsers: dict[Tone, Browser] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for browser in self._browsers.values():
            browser.close()
        self._playwright.stop()
        self._folder.cleanup()

    def context(
        self,
        tone: Tone = "operator",
        *,
        theme: str = "light",
        language: str = "zh",
        size: tuple[int, int] = (1366, 768),
        scripts: bool = True,
        zone: str = "Asia/Shanghai",
    ) -> BrowserContext:
        """A person's own browser: cookies, storage, language and theme of his own."""
        context = self._browser(tone).new_context(
            locale={"zh": "zh-CN", "en": "en-GB"}[language],
            color_scheme="dark" if theme == "dark" else "light",
            viewport={"width": size[0], "height": size[1]},
            timezone_id=zone,
            java_script_enabled=scripts,
            permissions=["microphone", "notifications"],
        )
        context.add_init_script(STEADY)
        return context

    def kill(self, tone: Tone) -> None:
        """Every browser with this microphone is dead: it says no goodbye to anybody."""
        microphone = str(self._microphone(tone))
        for process in psutil.process_iter(["cmdline"]):
            if any(microphone in word for word in process.info["cmdline"] or ()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        self._browsers.pop(tone, None)

    def kill_all(self) -> None:
        """May be called from another thread than the browsers' own."""
        for tone in list(self._browsers):
            self.kill(tone)

    def _browser(self, tone: Tone) -> Browser:
        if tone not in self._browsers:
            program = chromium()
            self._browsers[tone] = self._playwright.chromium.launch(
                executable_path=str(program.path),
                args=[*FLAGS, f"--use-file-for-fake-audio-capture={self._microphone(tone)}"],
                env={**os.environ, **program.environment, **fonts()},
            )
        return self._browsers[tone]

    def _microphone(self, tone: Tone) -> Path:
        path = Path(self._folder.name) / f"{tone}.wav"
        samples = np.round(AMPLITUDE * np.sin(2 * np.pi * hertz(tone) * np.arange(RATE) / RATE)).astype("<i2")
        with wave.open(str(path), "wb") as sound:  # one second: tones are multiples of 50 Hz, so it has no seam
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE)
            sound.writeframes(samples.tobytes())
        return path
