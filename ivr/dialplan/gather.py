"""Reads from the disk what a check looks at: the dialplans, the prompts that are there, the AGI programs."""

from __future__ import annotations

import pkgutil
import wave
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import agi_scripts
from ivr.dialplan import source
from ivr.dialplan.checked import SITE, Checked
from ivr.dialplan.load import load
from ivr.dialplan.rules.names import scripts
from ivr.errors import HotlineError
from ivr.pbx import render
from ivr.pbx.prompts import make
from ivr.settings import Site

CORE = render.DIALPLANS / "core"


class CheckError(HotlineError):
    """There is nothing to check, or it cannot be read."""


def files(paths: Iterable[Path]) -> list[Path]:
    """The .conf files that are meant: a folder stands for all of its own. Raises CheckError."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(path.glob("*.conf"))
        elif path.is_file():
            found.append(path)
        else:
            raise CheckError("no_file", f"没有文件 {path} / there is no file {path}", {"file": str(path)}, 404)
    return found


def is_foreign(paths: Sequence[Path]) -> bool:
    """A whole dialplan of another Asterisk: it has [general] or [globals], and no context of a site's."""
    read = source.read(list(paths))
    return bool(read.reserved) and not any(name.startswith(SITE) for name in read.contexts)


def site_draft(site: Site, var: Path, own: Sequence[Path], folder: Path = CORE) -> Checked:
    """A site's own files over core's `folder`."""
    dialplan = load(site, var, folder, [path.absolute() for path in own])
    checked = Checked(
        dialplan,
        site,
        core=frozenset(folder.glob("*.conf")),
        altered=altered(folder),
        prompts=prompts(site, var),
        questions=frozenset(module.name for module in pkgutil.iter_modules(agi_scripts.__path__)),
    )
    named = {script for _, script in scripts(dialplan) if "://" not in script}
    return replace(checked, scripts=frozenset(script for script in named if _is_program(script)))


def altered(folder: Path) -> Mapping[Path, int]:
    """Files of a copy of core that differ from the product's, and the first line that does; 1 where one is missing."""
    found: dict[Path, int] = {}
    names = {path.name for core in (CORE, folder) for path in core.glob("*.conf")} if folder != CORE else set()
    for name in sorted(names):
        ours, theirs = source.from_disk(CORE / name), source.from_disk(folder / name)
        if ours is None or theirs is None:
            found[folder / name] = 1
        elif ours != theirs:
            pairs = zip_longest(ours.split("\n"), theirs.split("\n"))
            found[folder / name] = next(number for number, (one, other) in enumerate(pairs, 1) if one != other)
    return found


def foreign(paths: Sequence[Path]) -> Checked:
    """Files by themselves, as any Asterisk's dialplan."""
    return Checked(source.read([path.absolute() for path in paths]))


def _is_program(script: str) -> bool:
    """A path that is not absolute lies in Asterisk's folder for them (asterisk.conf: astagidir)."""
    return (render.ROOT / "agi_scripts" / script).is_file()


def prompts(site: Site, var: Path) -> Mapping[str, Mapping[str, float]]:
    """Language → prompt → its seconds, of those that the site has; 0 for those that are not spoken yet.

    Raises TextError or CategoryError.
    """
    found: dict[str, dict[str, float]] = {language: {} for language in site.hotline.languages}
    for prompt in make.wanted(site):
        made = var / "prompts" / f"{prompt.key}.wav"
        found[prompt.language][prompt.name] = _seconds(prompt.recording or made)
    return found


def _seconds(path: Path) -> float:
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() / file.getframerate()
    except (OSError, EOFError, wave.Error, ZeroDivisionError):
        return 0.0
