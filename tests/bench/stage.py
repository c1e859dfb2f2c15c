"""What the parts of a run share: each hotline is started once, when first wanted, and all are stopped at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from tests.bench import sipp
from tests.bench.rig import BareHotline, Bench, Cpu
from tests.pbx import sites

OPERATORS = 40
Load = sipp.Load


def said(text: str) -> None:
    """Progress, beside what a script reads."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


@dataclass
class Stage:
    folder: Path
    quick: bool = False  # a smoke run: everything happens, nothing is measured well
    _open: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def hotline(self) -> Bench:
        said("starting the hotline")
        hotline = Bench(self.folder / "hotline", OPERATORS)
        self._open.callback(hotline.stop)
        hotline.start()
        hotline.switch_on_operators()
        return hotline

    @cached_property
    def bare(self) -> BareHotline:
        return self._bare("bare", records=False)

    @cached_property
    def bare_recorded(self) -> BareHotline:
        return self._bare("bare-recorded", records=True)

    def _bare(self, name: str, *, records: bool) -> BareHotline:
        said(f"starting a bare Asterisk ({name})")
        bare = BareHotline(self.folder / name, OPERATORS, self.hotline.var / "prompts", records)
        self._open.callback(bare.stop)
        bare.start()
        bare.switch_on_operators()
        return bare

    def close_later(self, close: Callable[[], None]) -> None:
        self._open.callback(close)

    def call(self, one: Bench | BareHotline, *, rate: float, calls: int, stays: float, voice: bool = False) -> Load:
        """Citizens call; returns when nothing is left of them."""
        load = sipp.citizens(self.folder, sites.CALLERS, one.server, rate=rate, calls=calls, stays=stays, voice=voice)
        one.wait_idle()
        return load

    def idle(self, one: Bench | BareHotline) -> Cpu:
        """What it takes a second when nobody calls."""
        seconds = 1.0 if self.quick else 5.0
        before = one.cpu()
        time.sleep(seconds)
        spent = one.cpu() - before
        return Cpu(spent.asterisk / seconds, spent.controller / seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
