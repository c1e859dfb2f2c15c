"""What a citizen may ask without a login: how far is my matter? Only the step and when it began are told."""

from __future__ import annotations

from typing import Any

from ivr.store.export import instant
from ivr.web.context import Asked
from ivr.web.limits import address_of


async def asked_for(asked: Asked) -> dict[str, Any]:
    """`null` where the number and the case do not belong together: nobody learns which of them is wrong."""
    who = address_of(asked.request, asked.services.site.listen.proxies)
    number, case = asked.query.get("number"), asked.query.get("case")
    found = await asked.services.lookups.ask(who, number, case) if number and case else None
    return {"progress": {"step": found.step, "at": instant(found.at)} if found is not None else None}
