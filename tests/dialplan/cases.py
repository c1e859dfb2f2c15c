"""The corpus: broken and sound dialplans of a site, judged over the real core.

A case is a file, or a folder of files that belong together. `;? CODE` at the end of a line says what is to be found
there, `;?7 CODE` what is to be found in line 7. `;; core: waiting.conf` makes the file stand for that one of core's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from ivr import settings
from ivr.dialplan import gather
from ivr.dialplan.check import check
from ivr.dialplan.checked import Checked
from ivr.dialplan.findings import Report
from ivr.pbx import render
from ivr.pbx.prompts import make, texts

CORPUS = Path(__file__).with_name("corpus")
VAR = Path("/nowhere")  # nothing is read from there
_EXPECTED = re.compile(r";\?(\d*) ([a-z0-9-]+)")
_STANDS_FOR = re.compile(r"^;; core: (\S+)", re.MULTILINE)


def cases(kind: str) -> list[Path]:
    return sorted(path for path in (CORPUS / kind).iterdir() if path.is_dir() or path.suffix == ".conf")


def files(case: Path) -> list[Path]:
    return sorted(case.glob("*.conf")) if case.is_dir() else [case]


def stands_for(file: Path) -> str | None:
    """The file of core's whose place it takes."""
    found = _STANDS_FOR.search(file.read_text(encoding="utf-8", errors="replace"))
    return found[1] if found else None


def expected(case: Path) -> Iterator[tuple[str, int, str]]:
    for file in sorted(case.iterdir()) if case.is_dir() else [case]:
        name = stands_for(file) or file.name
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            for found in _EXPECTED.finditer(line):
                yield name, int(found[1] or number), found[2]


def found(report: Report) -> list[tuple[str, int, str]]:
    return [(one.file.name, one.line, one.code) for one in report.findings]


@cache
def site() -> settings.Site:
    return settings.load(render.ROOT / "hotline.toml", VAR)


@cache
def prompts() -> Mapping[str, Mapping[str, float]]:
    """Every prompt of the sandbox, as long as a sentence."""
    return {
        language: dict.fromkeys([*texts.texts(site(), language), *make.TONES], 2.5)
        for language in site().hotline.languages
    }


def checked(case: Path, folder: Path) -> Checked:
    """`folder` holds a core of the case's own where it has one."""
    core = render.DIALPLANS / "core"
    own = [file for file in files(case) if stands_for(file) is None]
    changed = {name: file for file in files(case) if (name := stands_for(file))}
    if changed:
        for file in core.glob("*.conf"):
            (folder / file.name).symlink_to(changed.get(file.name, file))
        core = folder
    return replace(gather.site_draft(site(), VAR, own, core), prompts=prompts())


def judged(case: Path, folder: Path) -> Report:
    return check(checked(case, folder))
