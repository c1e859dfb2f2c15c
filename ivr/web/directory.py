"""Who works here and where a call can be taken: the site's operators and targets beside their live state."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ivr.settings import Target
from ivr.web.context import Asked
from ivr.web.shapes import MODES


async def operators(asked: Asked) -> dict[str, Any]:
    live = asked.services.live.snapshot().operators
    known = asked.services.site.operators
    return {
        "operators": [
            {**asdict(live[number]), "skills": live[number].skills or known[number].skills}
            for number in known
            if number in live
        ]
    }


async def targets(asked: Asked) -> dict[str, Any]:
    live = asked.services.live.snapshot().targets
    return {
        "targets": [
            {
                "key": target.key,
                "name": target.name,
                "role": target.role,
                "emergency": target.emergency,
                "modes": modes(target),
                "flow": target.flow,
                "critical_contact": target.critical_contact,
                "reachable": live[target.key].reachable if target.key in live else None,
                "routes": live[target.key].routes if target.key in live else {},
            }
            for target in asked.services.site.targets.values()
        ]
    }


def modes(target: Target) -> tuple[str, ...]:
    """A flow is for suspend, everything else for routes; an emergency target is never taken blindly (rule 3)."""
    if target.flow:
        return ("suspend",)
    return tuple(mode for mode in MODES if mode != "suspend" and not (mode == "blind" and target.emergency))
