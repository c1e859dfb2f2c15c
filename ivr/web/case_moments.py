"""What the desks decided about a call's case, as moments of the call's ladder: who proposed, who accepts, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ivr.desks.case import Case, Event
from ivr.desks.case_model import Decision
from ivr.desks.linkage import steps
from ivr.store.export import instant

_WHOSE = {
    "zh": {"ours": "由己方受理", "yours": "由对方受理", "both": "双方受理"},
    "en": {"ours": "we accept", "yours": "the other desk accepts", "both": "both accept"},
}
_SAID = {
    "zh": {
        "proposed": "{who} 提出：{whose}",
        "emergency": "{who} 标记紧急：110 先行派警",
        "accepted": "{who} 接收诉求",
        "refused": "{who} 退回诉求",
        "returned": "{who} 退回诉求",
        "voice_failed": "电话未接通，诉求已送达",
        "agreed": "双方商定：{owners} 受理",
        "first_received": "协商未成，首接先行受理：{owners}",
    },
    "en": {
        "proposed": "{who} proposes: {whose}",
        "emergency": "{who} flags an emergency: 110 dispatches first",
        "accepted": "{who} accepts the case",
        "refused": "{who} refuses the case",
        "returned": "{who} returns the case",
        "voice_failed": "The call did not get through; the case did",
        "agreed": "Agreed by both: {owners} accepts",
        "first_received": "No agreement in time: {owners} received it first and accepts",
    },
}


def moments(case: Case, language: str, since: datetime, until: datetime | None) -> list[dict[str, Any]]:
    """Those between since and until, in the order of the desks' clocks."""
    return [
        {"at": instant(event.at), "text": text, **_NO_LINES}
        for before, after, event in steps(case)
        if since <= event.at and (until is None or event.at <= until)
        for text in _said(event, before.decision, after.decision, _SAID[language], _WHOSE[language])
    ]


_NO_LINES: dict[str, list[int] | None] = {"arrow": None, "joined": [], "ended": [], "marked": []}


def _said(
    event: Event, before: Decision | None, after: Decision | None, words: Mapping[str, str], whose: Mapping[str, str]
) -> Iterator[str]:
    """What happened, and what was decided by it."""
    if event.kind in words:
        who = f"{event.origin}/{event.by}"
        yield words[event.kind].format(who=who, whose=whose.get(event.data.get("whose", ""), ""))
    if event.kind in {"proposed", "decided"} and after is not None and after != before and after.reason in words:
        yield words[after.reason].format(owners="、".join(after.owners))
