"""The controller does not answer: decide the route without it, from what it published last.

Started by Asterisk as a process: `AGI(<python>,<this file>,<routing.json>,…)`, then what route.py is asked with.
It sets what route.py sets, notes the step in the journal, and whatever goes wrong it ends quietly: without AGI_DONE
the dialplan takes its defaults. pyst2 speaks AGI; `QuietAgi` cures its faults.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TextIO

from asterisk.agi import AGI, AGIAppError, AGIHangup

from ivr.pbx.agi_lines import assignments
from ivr.pbx.routing import decide, read


class Nowhere:
    """For `stderr`: pyst2 prints every variable and every reply there."""

    def write(self, _: str) -> None: ...


class QuietAgi(AGI):  # type: ignore[misc]  # pyst2 is untyped
    def __init__(self, stdin: TextIO, stdout: TextIO) -> None:
        super().__init__(stdin, stdout, Nowhere())

    def _quote(self, string: object) -> str:
        """pyst2 escapes nothing."""
        text = str(string)
        if any(sign in text for sign in "\r\n\0"):
            raise AGIAppError("a line break or NUL cannot be sent")
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    def get_result(self, _: object = None) -> dict[str, tuple[str, str]]:
        """pyst2 stumbles over the end of the stream and over HANGUP, which comes out of band."""
        line = self._line()
        while line == "HANGUP" or line.startswith("100 "):
            line = self._line()
        found = re.match(r"200 result=(\S*)(?: \((.*)\))?", line)
        if found is None or found[1] == "-1":
            raise AGIAppError(line)
        return {"result": (found[1], found[2] or "")}

    def _line(self) -> str:
        line: str = self.stdin.readline()
        if not line.endswith("\n"):
            raise AGIHangup("Asterisk closed the stream")
        return line.strip()


def run(arguments: list[str], stdin: TextIO, stdout: TextIO) -> None:
    routing, call_id, _caller, _dialled, origin, hint = (arguments + [""] * 6)[:6]
    agi = QuietAgi(stdin, stdout)
    route = decide(read(Path(routing)), origin, hint)
    if re.fullmatch(r"[0-9a-f-]{36}", call_id):
        agi.appexec("CELGenUserEvent", f"STEP,call={call_id}&step=offline&value={route.queue}")
    agi.appexec("MSet", assignments(route.variables))


if __name__ == "__main__":
    try:
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        run(sys.argv[1:], sys.stdin, sys.stdout)
    except Exception:  # noqa: S110 — a caller waits: nothing may be louder than the dialplan's default
        pass
