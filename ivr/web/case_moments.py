"""What the desks decided about a call's case, as moments of the call's ladder: who proposed, who accepts, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ivr.desks.case import Case, Entry, fold
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
    told = []
    for place, entry in enumerate(case.history):
        at = entry.event.at
        if entry.void or at < since or (until is not None and at > until):
            continue
        told += [{"at": instant(at), "text": text, **_NO_LINES} for text in _said(case, place, entry, language)]
    return told


_NO_LINES: dict[str, list[int] | None] = {"arrow": None, "joined": [], "ended": [], "marked": []}


def _said(case: Case, place: int, entry: Entry, language: str) -> list[str]:
    event, words = entry.event, _SAID[language]
    lines = []
    if event.kind in words:
        whose = _WHOSE[language].get(event.data.get("whose", ""), "")
        who = f"{event.origin}/{event.by}"
        lines.append(words[event.kind].format(who=who, whose=whose))
    if event.kind in {"proposed", "decided"}:
        after = fold(one.event for one in case.history[: place + 1]).decision
        before = fold(one.event for one in case.history[:place]).decision
        if after is not None and after != before and after.reason in words:
            lines.append(words[after.reason].format(owners="、".join(after.owners)))
    return lines
