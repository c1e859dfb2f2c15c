"""The matrix as a page that a person reads, and a ladder a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.matrix.deaths import DEATHS, UNMET, Death
from tests.matrix.run import Verdict
from tests.matrix.states import STATES

HEAD = """# The matrix of deaths

Written by `make matrix`; do not edit. A real Asterisk, real SIP phones: in each row eleven calls at once are brought
into their states, the death strikes them all, and each goes on with its story to the end. A cell is **met** (●) where

- nobody who talked was dropped (but by Asterisk's own death), and nobody stood in silence for more than {silence:g} s
  ({death:g} s where a phone died: 6 s of missing RTP are the sign of it);
- no transfer was made twice: the INVITEs are counted at the desk;
- the call log is complete, without contradiction, and equal to that of the undisturbed story. Where a party of the
  story dies, it is the log of the story told in `tests/matrix/turns.py`; where Asterisk dies, what was open ends as
  `interrupted`.

– : the death has nothing to kill in this state. ○ : not met; why stands below.
"""


def page(verdicts: Iterable[Verdict], note: str) -> str:
    """The whole page. `note`: when and where the command ran."""
    found = {(verdict.death, verdict.state): verdict for verdict in verdicts}
    played = [death for death in DEATHS if any(name == death.name for name, _ in found)]
    quiet = {death.silence for death in DEATHS}
    parts = [HEAD.format(silence=min(quiet), death=max(quiet)), _table(played, found), _unmet(found)]
    parts += ["## The deaths\n\n" + "\n".join(f"- **{death.name}**: {death.what}" for death in played)]
    parts += ["\n## The states\n\n" + "\n".join(f"- **{state.name}**: {state.story}" for state in STATES)]
    missing = ", ".join(death.name for death in DEATHS if death not in played)
    parts += [f"\nNot played whole when this page was written: {missing}."] if missing else []
    return "\n".join([*parts, f"\n{note}\n"])


def _table(played: Sequence[Death], found: Mapping[tuple[str, str], Verdict]) -> str:
    names = [state.name for state in STATES]
    rows = [f"| | {' | '.join(names)} |", "|---|" + ":-:|" * len(names)]
    for death in played:
        rows.append(f"| {death.name} | {' | '.join(_sign(found.get((death.name, name))) for name in names)} |")
    return "\n".join(rows) + "\n"


def _sign(verdict: Verdict | None) -> str:
    if verdict is None:
        return "–"
    return "○" if verdict.faults else "●"


def _unmet(found: Mapping[tuple[str, str], Verdict]) -> str:
    lines = []
    for (death, state), verdict in found.items():
        if verdict.faults:
            why = UNMET.get((death, state), "not known")
            lines.append(f"- **{death} × {state}**: {'; '.join(verdict.faults)}. Why: {why}.")
    return "\n".join(["## Not met\n", *(lines or ["Nothing."]), ""])


def write_ladders(folder: Path, verdicts: Iterable[Verdict]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for verdict in verdicts:
        met = "met" if not verdict.faults else "NOT MET: " + "; ".join(verdict.faults)
        story = next(state.story for state in STATES if state.name == verdict.state)
        head = f"{verdict.death} × {verdict.state}\n{story}\n{met}\n"
        (folder / f"{word(verdict.death)}--{word(verdict.state)}.txt").write_text(
            f"{head}\n{verdict.ladder}\n", encoding="utf-8"
        )


def word(name: str) -> str:
    """A name as part of a file's name."""
    return re.sub(r"[^a-z]+", "-", name.lower()).strip("-")
