"""Asked once, at entry: which language does this caller hear, which queue does he wait in, and before whom?"""

from __future__ import annotations

from ivr.pbx.agi import Question, within
from ivr.pbx.routing import Route, decide, of_site

REMEMBER_SECONDS = 0.005  # the store may know the language that he chose last; nobody waits for it


async def answer(question: Question) -> Route:
    remembered = await within(REMEMBER_SECONDS, question.services.last_language(question.caller))
    return decide(of_site(question.site), question.origin, question.hint, remembered)
