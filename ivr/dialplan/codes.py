"""The one table of what can be found: code → how bad, its words in both languages, and whether a file may allow it.

`codes_places` and its like are its parts; `{names}` in the words are facts that the rule gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ivr.dialplan import codes_flow, codes_said, codes_syntax, codes_text
from ivr.dialplan.code import Code
from ivr.dialplan.findings import Finding
from ivr.dialplan.model import At

CODES: Mapping[str, Code] = MappingProxyType(
    {**codes_syntax.CODES, **codes_text.CODES, **codes_flow.CODES, **codes_said.CODES}
)


def found(at: At, code: str, /, **facts: object) -> Finding:
    """A finding at this place, worded by the table. Raises KeyError for a code or a fact that is not there."""
    kind = CODES[code]
    told = {name: _shown(str(fact)) for name, fact in facts.items()}
    message = {language: words.format(**told) for language, words in kind.message.items()}
    mend = {language: words.format(**told) for language, words in kind.mend.items()}
    return Finding(at.file, at.line, code, kind.severity, message, mend)


def _shown(text: str) -> str:
    """A file may hold anything; what steers a terminal is not passed on to it."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
