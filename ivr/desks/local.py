"""Times of day at a place."""

from __future__ import annotations

from datetime import datetime, tzinfo


def local(moment: datetime, zone: tzinfo | None) -> datetime:
    """In `zone`; as it is where the calendar ends there: another desk says what it likes, and 9999-12-31 for ever."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment
