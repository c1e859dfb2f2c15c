"""A trial told: as data for programs, as lines for a terminal in either language. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ivr.calls.ladder_text import shown
from ivr.dialplan.trial_model import CALLER, Happening, Trial

# English words of the story → Chinese.
LEGS = {"caller": "来电人", "operator": "坐席", "desk": "联动单位", "department": "部门", "interpreter": "译员"}
STANDS = {
    "queue": "在队列 {} 中等待",
    "hangup": "被热线挂断，原因码 {}",
    "refused": "被拒绝，SIP {}",
    "gone": "已挂机",
    "step": "停在 {}",
    "nowhere": "未进入拨号方案",
}
STANDS_EN = {
    "queue": "waits in queue {}",
    "hangup": "hung up by the hotline, cause {}",
    "refused": "refused with SIP {}",
    "gone": "has hung up",
    "step": "stands at {}",
    "nowhere": "never came into the dialplan",
}
HAPPENS: Mapping[str, tuple[str, str]] = {
    "hears": ("听到 {what}{words}", "hears {what}{words}"),
    "music": ("听等待音乐（{what}）", "hears music on hold ({what})"),
    "noted": ("记入通话记录：{what}", "noted in the call log: {what}"),
    "press": ("按键 {what}", "presses {what}"),
    "talk": ("与 {what} 通话", "talks with {what}"),
    "alone": ("通话结束，只剩来电人", "is alone again"),
    "end": ("挂断，原因码 {what}", "ends, cause {what}"),
    "says": ("Asterisk：{what}", "Asterisk: {what}"),
    "called": ("被呼叫", "is called"),
    "rings": ("振铃", "rings"),
    "answers": ("接听", "answers"),
    "answered": ("被应答", "is answered"),
}


def as_dict(trial: Trial, language: str | None = None) -> dict[str, Any]:
    """JSON-ready; `caller` of the wish is what was asked for. With a language each line is `told` in words too."""
    wish = trial.wish
    return {
        "from": wish.caller,
        "to": wish.number,
        "at": wish.at.isoformat() if wish.at else None,
        "controller": wish.controller,
        "operator": wish.operator,
        "story": [_happening(one, language) for one in trial.story],
        "reached": [{"at": at, "place": place} for at, place in trial.reached],
        "stands": trial.stands,
        "call": trial.call.id if trial.call else None,
        "outcome": trial.call.outcome if trial.call else None,
        **({"told": standing(trial.stands, language)} if language else {}),
    }


def _happening(one: Happening, language: str | None) -> dict[str, Any]:
    where = {"file": str(one.where.file), "line": one.where.line} if one.where else {}
    zh = language == "zh"
    told = {"told": f"{_leg(one.leg, zh)}{_words(one, zh)}"} if language and one.kind not in {"step", "set"} else {}
    return {"at": one.at, "leg": one.leg, "kind": one.kind, "what": one.what, **one.more, **where, **told}


def lines(trial: Trial, language: str, base: Path, *, brief: bool = False) -> Iterator[str]:
    """The story from top to bottom; `brief`: without core's steps and variables. Files are shown from `base`."""
    zh = language == "zh"
    placed = [one for one in trial.story if one.where is not None]
    width = max((len(_place(one, base)) for one in placed), default=0)
    last: dict[str, str] = {}  # leg → what its last step sets
    for one in trial.story:
        if one.kind == "step":
            last[one.leg] = one.more["arguments"].lstrip("_")
        elif (
            one.kind == "set" and last.get(one.leg) == f"{one.what}={one.more['value']}" and not one.more.get("before")
        ):
            continue  # the step says it
        if brief and one.kind in {"step", "set"} and not _of_site(one):
            continue
        at = f"{int(one.at // 60):2d}:{one.at % 60:06.3f}"
        if one.kind == "set":
            before = one.more.get("before")
            was = f"（原为 {before}）" if zh else f"  (was {before})"
            yield f"{'':11}{_leg(one.leg, zh)}· {shown(one.what)} = {shown(one.more['value'])}{was if before else ''}"
        elif one.kind == "step":
            call = f"{one.more['application']}({shown(one.more['arguments'])})"
            yield f"{at}  {_leg(one.leg, zh)}{_place(one, base):<{width}}  {one.what}  {call}"
        else:
            yield f"{at}  {_leg(one.leg, zh)}★ {_words(one, zh)}"
    yield ""
    yield f"{'最后：来电人' if zh else 'In the end the caller '}{standing(trial.stands, language)}"


def standing(place: str, language: str) -> str:
    """Where somebody stands, in words."""
    word, _, rest = place.partition(" ")
    table = STANDS if language == "zh" else STANDS_EN
    if word in table:
        return table[word].format(rest)
    who = "、".join(_party(one, True) for one in place.split(" + ")) if language == "zh" else place
    return f"与{who}通话" if language == "zh" else f"talks with {who}"


def _words(one: Happening, zh: bool) -> str:
    key = one.what if one.kind == "leg" else one.kind
    words = HAPPENS.get(key, ("{what}", "{what}"))[0 if zh else 1]
    told = one.more.get("words", "")
    what = " + ".join(_party(who, zh) for who in one.what.split(" + ")) if one.kind == "talk" else shown(one.what)
    return words.format(what=what, words=f"「{told}」" if told and zh else f' "{told}"' if told else "")


def _party(name: str, zh: bool) -> str:
    word, space, rest = name.partition(" ")
    return f"{LEGS.get(word, word)}{space}{rest}" if zh else name


def _leg(name: str, zh: bool) -> str:
    """The caller's own lines stand at the left; another leg is named."""
    return "" if name == CALLER else f"[{_party(name, zh)}] "


def _place(one: Happening, base: Path) -> str:
    if one.where is None:
        return "?"
    file = one.where.file
    return f"{file.relative_to(base) if file.is_relative_to(base) else file}:{one.where.line}"


def _of_site(one: Happening) -> bool:
    return one.what.startswith("site-") or one.leg.split("@")[-1].startswith("site-")
