"""The doctor's look at the calendar of work orders: are the holidays known that time limits are counted by?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ivr.findings import Finding, bad, ok
from ivr.settings import Site, calendar

DECEMBER = 12  # from then on limits reach into the next year; its days are told in November


def orders(site: Site, today: date) -> Iterator[Finding]:
    """Nothing where the hotline has no departments."""
    if not site.departments:
        return
    days = calendar.read(calendar.file_of(site))
    years = (today.year, *([today.year + 1] if today.month >= DECEMBER else []))
    unknown = [str(year) for year in years if not days.arranged(year)]
    if unknown:
        which = ", ".join(unknown)
        words = (
            f"{which} 年的调休安排未知，工单时限按周末和法定节日计算，可能不准",
            f"the make-up working days of {which} are not known: limits count by weekends and legal holidays alone",
        )
        mend = (
            "升级系统，或在 [desk] calendar 指明的文件中写明 off 和 work",
            "upgrade, or write them into the file that [desk] calendar names (off, work)",
        )
        yield bad("order-calendar", words, mend, "warning")
    else:
        yield ok("order-calendar", "工单时限的节假日安排已知", "the holidays that work orders count by are known")
