"""What somebody in the room must see at once, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ivr.calls.live_views import LiveState
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.store.figures import LATELY, Failing
from ivr.web import messages
from ivr.web.health import DRAIN

WORKING = ("available", "ringing", "talking", "wrap-up")  # states of operators who are there
GRACE = timedelta(seconds=30)  # for Asterisk's start, its first OPTIONS and the database
AT_A_START = frozenset({"health", "target_unreachable"})  # kinds that stand before anything could be well


@dataclass(frozen=True, slots=True)
class Alarm:
    id: str  # the same as long as it stands
    kind: str
    about: str  # a target, a check of health, or nothing
    severity: str  # bad: callers feel it; warn: they soon may
    message: Mapping[str, str]  # what it is, zh and en
    mend: Mapping[str, str]  # what to do
    since: datetime | None = None


class Board:
    """Remembers since when each alarm stands."""

    def __init__(self) -> None:
        self.shown: tuple[Alarm, ...] = ()

    def show(self, found: Iterable[Alarm], now: datetime) -> tuple[list[Alarm], list[Alarm]]:
        """Take the alarms of this moment; which ones began and which ended."""
        known = {alarm.id: alarm for alarm in self.shown}
        new = {alarm.id: replace(alarm, since=_since(alarm, known, now)) for alarm in found}
        self.shown = tuple(
            sorted(new.values(), key=lambda alarm: (alarm.severity != "bad", alarm.since or now, alarm.id))
        )
        return [new[id] for id in new if id not in known], [known[id] for id in known if id not in new]


class Starting:
    """Just after a start nothing can be well yet: what has not been so far alarms once `GRACE` is over."""

    def __init__(self, began: datetime) -> None:
        self._until = began + GRACE
        self._seen: set[str] = set()  # ids of alarms that may come at once: it has been well since we began

    def due(
        self, found: Iterable[Alarm], live: LiveState, problems: Mapping[str, HotlineError | None], now: datetime
    ) -> list[Alarm]:
        """Those of `found` that stand now; `live` and `problems` are what they were found in."""
        if now >= self._until:
            return list(found)
        self._seen |= {f"health:{check}" for check, problem in problems.items() if problem is None}
        self._seen |= {f"unreachable:{key}" for key, target in live.targets.items() if target.reachable}
        return [alarm for alarm in found if alarm.kind not in AT_A_START or alarm.id in self._seen]


def _since(alarm: Alarm, known: Mapping[str, Alarm], now: datetime) -> datetime:
    return known[alarm.id].since or now if alarm.id in known else alarm.since or now


def found(
    live: LiveState, site: Site, problems: Mapping[str, HotlineError | None], failing: Iterable[Failing]
) -> tuple[Alarm, ...]:
    return (*_of_health(problems), *(_of_live(live, site) if live.connected else ()), *_of_routes(failing, site))


def _of_health(problems: Mapping[str, HotlineError | None]) -> Iterator[Alarm]:
    for check, problem in problems.items():
        if problem is None or (check != "ami" and check in ("live", "cel") and problems.get("ami") is not None):
            continue  # what follows from a lost link is one alarm, not three
        words = {language: messages.said(problem, language) for language in messages.LANGUAGES}
        mend = {
            "zh": "请值班工程师查看“管理 → 运行状况”或运行 ivr doctor",
            "en": "ask the engineer on duty: Admin → Health, or `ivr doctor`",
        }
        yield Alarm(f"health:{check}", "health", check, "warn" if check == DRAIN else "bad", words, mend)


def _of_live(live: LiveState, site: Site) -> Iterator[Alarm]:
    for key, target in live.targets.items():
        if target.reachable is not False:
            continue
        known = site.targets[key]
        name = {language: known.name.get(language) or key for language in messages.LANGUAGES}
        contact = known.critical_contact
        yield Alarm(
            f"unreachable:{key}",
            "target_unreachable",
            key,
            "bad" if known.emergency else "warn",
            {
                "zh": f"{name['zh']}（{key}）联系不上：所有线路都没有应答",
                "en": f"{name['en']} ({key}) cannot be reached: no route answers",
            },
            {
                "zh": f"请用其他方式联系{f'（{contact}）' if contact else ''}，并请工程师检查线路",
                "en": f"reach them another way{f' ({contact})' if contact else ''}, and have the line looked at",
            },
        )
    waiting = [one for queue in live.queues.values() for one in queue.waiting]
    working = sum(operator.state in WORKING for operator in live.operators.values())
    if waiting and not any(operator.state == "available" for operator in live.operators.values()):
        oldest = min(one.since for one in waiting)
        many = len(waiting)
        yield Alarm(
            "no_operator",
            "no_operator",
            "",
            "warn" if working else "bad",
            {
                "zh": f"{many} 位来电人在等待，没有空闲坐席" + ("" if working else "，也没有坐席在岗"),
                "en": f"{many} waiting and no operator is free" + ("" if working else ", nor at work"),
            },
            {
                "zh": "请安排示忙的坐席示闲，或从其他技能组调人",
                "en": "ask paused operators to be ready, or move some here",
            },
            oldest,
        )


def _of_routes(failing: Iterable[Failing], site: Site) -> Iterator[Alarm]:
    minutes = int(LATELY.total_seconds() // 60)
    for one in failing:
        known = site.targets.get(one.target)
        name = {
            language: known.name.get(language) or one.target if known else one.target for language in messages.LANGUAGES
        }
        emergency = known is not None and known.emergency
        if one.route is None:
            yield Alarm(
                f"transfer_failed:{one.target}",
                "transfer_failed",
                one.target,
                "bad" if emergency else "warn",
                {
                    "zh": f"最近一次转接{name['zh']}（{one.target}）失败：所有线路都未接通",
                    "en": f"the last transfer to {name['en']} ({one.target}) failed on every route",
                },
                {
                    "zh": "请与对方值班台核实；下一次转接成功后自动消除",
                    "en": "check with them; it ends with the next success",
                },
                one.since,
            )
        else:
            result = _RESULT.get(one.result, one.result)
            yield Alarm(
                f"route:{one.target}:{one.route}",
                "route_failing",
                one.target,
                "bad" if emergency else "warn",
                {
                    "zh": f"{name['zh']}的线路 {one.route} 在 {minutes} 分钟内连续 {one.times} 次未接通（{result}）",
                    "en": f"route {one.route} of {name['en']} failed {one.times} times running "
                    f"in {minutes} minutes ({one.result.replace('_', ' ')})",
                },
                {
                    "zh": "系统会改走下一条线路；请工程师检查这条线路",
                    "en": "the next route is taken instead; have this one looked at",
                },
                one.since,
            )


_RESULT = {
    "busy": "忙",
    "no_answer": "无人接听",
    "unreachable": "不可达",
    "rejected": "拒接",
    "not_acknowledged": "未确认",
    "interrupted": "中断",
}
