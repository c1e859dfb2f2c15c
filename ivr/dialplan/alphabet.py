"""Sets of letters as bits of a number: which letters somebody else may put at a place. Pure."""

from __future__ import annotations

import re
from functools import cache

OTHER = 1 << 128  # every letter beyond ASCII
ANY = (OTHER << 1) - 1
NONE = 0


def of(letters: str) -> int:
    bits = NONE
    for letter in letters:
        bits |= 1 << min(ord(letter), 128)
    return bits


def span(first: str, last: str) -> int:
    return sum(1 << code for code in range(ord(first), min(ord(last), 127) + 1)) | (OTHER if ord(last) > 127 else NONE)


NUMERALS = span("0", "9")
KEYS = NUMERALS | of("*#ABCD")  # what Read can hear
WORD = NUMERALS | span("a", "z") | span("A", "Z") | of("_")
_SETS = {"X": NUMERALS, "Z": span("1", "9"), "N": span("2", "9")}
_ESCAPED = re.compile(r"\\x([0-9A-Fa-f]{2})|\\(.)|(.)", re.DOTALL)


@cache
def filtered(allowed: str) -> int:
    """What FILTER(allowed,…) lets through: letters, `a-z`, `\\x20`."""
    letters = [
        chr(int(code, 16)) if code else {"n": "\n", "r": "\r", "t": "\t"}.get(escaped, escaped) or plain
        for code, escaped, plain in _ESCAPED.findall(allowed)
    ]
    bits, at = NONE, 0
    while at < len(letters):
        if at + 2 < len(letters) and letters[at + 1] == "-":
            bits |= span(letters[at], letters[at + 2])
            at += 3
        else:
            bits |= of(letters[at])
            at += 1
    return bits


@cache
def dialled(extension: str) -> int:
    """What `${EXTEN}` may hold beyond its author's own text: nothing for a plain number, anything behind `.` or `!`."""
    if not extension.startswith("_"):
        return NONE
    bits, at = NONE, 1
    while at < len(extension):
        letter = extension[at]
        at += 1
        if letter == "[":
            inside = extension[at:].partition("]")[0]
            bits |= filtered(inside)
            at += len(inside) + 1
        elif letter in ".!":
            return ANY
        else:
            bits |= _SETS.get(letter.upper(), NONE)
    return bits
