"""Asked by a health check: does the controller answer the dialplan?"""

from __future__ import annotations

from ivr.pbx.agi import Question


async def answer(question: Question) -> None:
    """Nothing to set: AGI_DONE=1 is the answer."""
