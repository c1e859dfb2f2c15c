"""Who waits for a first answer by the internet: the one whose time is over longest comes first."""

from __future__ import annotations

from typing import Any

from ivr.web import cases_told
from ivr.web.context import Asked

MOST = 100  # rows; `late` counts all of them


async def listed(asked: Asked) -> dict[str, Any]:
    """`GET /api/v1/cases/unanswered`. `desks`: where a row may be passed online with one press."""
    services = asked.services
    found = await services.arrivals.waiting(asked.query.get("limit", 20))
    return {
        "cases": [cases_told.row(asked, one) for one in found],
        "late": services.inbound.late,
        "desk": services.cases.desk,
        "desks": list(services.site.exchange),
    }
