"""Speech by espeak-ng in this process: ctypes on the library that espeakng-loader brings (API: speak_lib.h)."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Mapping
from functools import cache, cached_property

import espeakng_loader
import numpy as np

from ivr.errors import HotlineError
from ivr.pbx.prompts.sound import Samples

VOICES: Mapping[str, str] = {"zh": "cmn"}  # language → espeak-ng's voice where that has another name
PACE: Mapping[str, int] = {"zh": 235, "en": 185}  # words a minute; the greeting must end within 5 s
RETRIEVAL, UTF8, RATE_PARAMETER = 1, 1, 1

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class SpeechError(HotlineError):
    """The synthesiser is not there or knows no such language."""


@cache
def synthesiser() -> Synthesiser:
    """The one of this process: espeak-ng keeps its state in globals, and hangs when it is initialised twice."""
    return Synthesiser()


class Synthesiser:
    def __init__(self) -> None:
        self._heard: list[bytes] = []
        self._one = threading.Lock()  # espeak-ng knows one speaker at a time

    def speak(self, text: str, language: str) -> tuple[Samples, int]:
        """The text spoken, and the rate in Hz. Raises SpeechError."""
        with self._one:
            return self._speak(text, language)

    def _speak(self, text: str, language: str) -> tuple[Samples, int]:
        library, rate = self._library
        voice = VOICES.get(language, language)
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SpeechError(
                "no_voice", f"no voice speaks {language!r}: record its prompts (README, prompts/recorded)"
            )
        library.espeak_SetParameter(RATE_PARAMETER, PACE.get(language, 175), 0)
        self._heard.clear()
        data = text.encode() + b"\0"
        library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 0, 0, UTF8, None, None)
        library.espeak_Synchronize()
        return np.frombuffer(b"".join(self._heard), dtype="<i2").astype(np.float64) / 32768, rate

    @cached_property
    def _library(self) -> tuple[ctypes.CDLL, int]:
        try:
            library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        except OSError as failure:
            raise SpeechError("no_speech", f"the speech synthesiser cannot be loaded: {failure}") from failure
        rate = library.espeak_Initialize(RETRIEVAL, 0, os.fsencode(espeakng_loader.get_data_path()), 0)
        if rate <= 0:
            raise SpeechError("no_speech", "the speech synthesiser finds no voices; install espeakng-loader anew")
        self._callback = _CALLBACK(self._take)  # kept: the library holds only a pointer
        library.espeak_SetSynthCallback(self._callback)
        return library, int(rate)

    def _take(self, samples: ctypes._Pointer[ctypes.c_short] | None, count: int, _: object) -> int:
        if samples and count > 0:
            self._heard.append(ctypes.string_at(samples, count * 2))
        return 0
