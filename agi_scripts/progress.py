"""Asked by a caller himself, in dialplans/core/progress.conf: how far is the matter with these digits?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.pbx.agi import Question, within

SECONDS = 1.2  # for the database; whoever waits in silence for longer hangs up


@dataclass(frozen=True, slots=True)
class Found:
    word: str  # a step; none: nothing fits; wait: too many tries; late: nobody knows now

    @property
    def variables(self) -> Mapping[str, str]:
        return {"FOUND": self.word}


async def answer(question: Question) -> Found:
    digits = next(iter(question.more), "")
    return Found(await within(SECONDS, question.services.progress(question.call_id, question.caller, digits)) or "late")
