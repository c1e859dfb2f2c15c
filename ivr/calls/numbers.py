"""One telephone, one number: the ways in which networks write it fall together. Pure."""

from __future__ import annotations

import re


def normal(number: str, country: str) -> str:
    """`+8613800138000`, `008613800138000`, `013800138000` → `13800138000`; `0044…` → `+44…`; no digit → "".

    `country` is the site's own code (ITU-T E.164), without + or 00. The dialplan's [screening-number] does the same.
    """
    digits = re.sub(r"[^0-9+]", "", number)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.startswith("+" + country):
        digits = digits[1 + len(country) :]
    if digits.startswith("0"):
        digits = digits[1:]
    return digits if re.search("[0-9]", digits) else ""


def shapes(normalised: str, country: str) -> tuple[str, ...]:
    """The ways in which networks write it."""
    same = normalised
    return (same, f"0{same}", f"+{country}{same}", f"00{country}{same}", f"{country}{same}")


_SERVICE = 6  # digits at most of a number that is an institution's: 110, 12345, 1001


def masked(number: str) -> str:
    """As lists show it to people (R60): `138****8000`. Numbers of institutions, withheld ones and pseudonyms stay."""
    if len(number) <= _SERVICE or number.startswith("~"):
        return number
    return f"{number[:3]}****{number[-4:]}" if len(number) > 8 else f"{number[:2]}****{number[-2:]}"


def masked_address(address: str) -> str:
    """The same of a mail's: `w***@example.com`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***{at}{domain}"
