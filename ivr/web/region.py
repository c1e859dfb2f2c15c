"""Where a caller's number belongs, in Chinese and English, and whose network it is: 北京, 中国移动.

The tables are large: they are loaded once, by the first number, beside the event loop. What is not known at once is
looked up meanwhile: a desk never waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Mapping

REMEMBERED = 10_000  # numbers


def region(number: str, country: str) -> Mapping[str, str] | None:
    """None for a number that is hidden, short or none at all. `country`: of numbers without a code, such as 86."""
    import phonenumbers  # noqa: PLC0415  takes a second
    from phonenumbers import carrier, geocoder  # noqa: PLC0415

    home = phonenumbers.region_code_for_country_code(int(country))
    try:
        parsed = phonenumbers.parse(number, home)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    told = {}
    for language in ("zh", "en"):
        place = geocoder.description_for_number(parsed, language)
        network = carrier.name_for_number(parsed, language)
        told[language] = " ".join(word for word in (place, network) if word)
    return told if any(told.values()) else None


class Regions:
    """`of` answers at once with what is known; `changed` is called when more is."""

    def __init__(self, country: str) -> None:
        self._country = country
        self._known: OrderedDict[str, Mapping[str, str] | None] = OrderedDict()
        self._asked: dict[str, asyncio.Task[None]] = {}

    def of(self, number: str) -> Mapping[str, str] | None:
        if number not in self._known and number not in self._asked and number:
            self._asked[number] = asyncio.create_task(self._look(number), name="region")
        return self._known.get(number)

    async def _look(self, number: str) -> None:
        try:
            self._known[number] = await asyncio.to_thread(region, number, self._country)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        finally:
            self._asked.pop(number, None)

    async def close(self) -> None:
        for task in tuple(self._asked.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
