"""Asked when a caller has waited longer than the target (R2): which queue next, and before whom?"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.pbx.agi import Question

OVERFLOW = "q-overflow"  # every operator, whatever the skill


@dataclass(frozen=True, slots=True)
class Overflow:
    queue: str
    priority: int

    @property
    def variables(self) -> dict[str, str]:
        return {"QUEUE": self.queue, "QUEUE_PRIORITY": str(self.priority)}


async def answer(question: Question) -> Overflow:
    """`more`: the caller's priority until now. One higher: before those who came later, behind those handed over."""
    priority = int(question.more[0]) if question.more and question.more[0].isdigit() else 0
    return Overflow(OVERFLOW, priority + 1)
