"""What a step does, told to a person who knows no dialplan. One table: application → words. Most steps have none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ivr.dialplan.checked import SITE
from ivr.dialplan.draw_model import Item, Way
from ivr.dialplan.draw_words import Words
from ivr.dialplan.model import Step
from ivr.dialplan.parts import split
from ivr.settings import Target, Text

# What kind of thing an item is, as one letter that every font has.
SIGNS: Mapping[str, str] = {
    "says": "♪",
    "asks": "#",
    "waits": "…",
    "calls": "☎",
    "records": "●",
    "computes": "=",
    "does": "·",
    "visits": "↳",
    "mark": "⚠",
}

WAYS: Mapping[Way, Text] = {
    Way.GO: {"zh": "继续", "en": "goes on"},
    Way.VISIT: {"zh": "去了再回来", "en": "goes there and comes back"},
    Way.KEY: {"zh": "按键", "en": "by a key"},
    Way.FORK: {"zh": "另起一路通话", "en": "another leg"},
    Way.HOOK: {"zh": "询问本地方案", "en": "asks the site's own dialplan"},
}

# Q.850 and Asterisk's own names: how it sounds to the caller.
LEGEND: Text = {
    "zh": "♪ 来电人听到的 · # 按键 · ☎ 呼叫 · ● 录音 · ↳ 顺带办理 · ⚠ 有问题 · 虚线：去了再回来 · "
    "蓝框：本地方案 · 绿框：有人接听",
    "en": "♪ what the caller hears · # a key · ☎ a call · ● recording · ↳ done by the way · ⚠ something is wrong · "
    "dashed: goes there and comes back · blue: the site's own · green: a person",
}

CAUSES: Mapping[str, Text] = {
    "1": {"zh": "因号码不存在被拒", "en": "is refused: no such number"},
    "17": {"zh": "以忙音结束", "en": "ends with a busy tone"},
    "21": {"zh": "被拒接", "en": "is refused"},
    "42": {"zh": "被退回，由运营商另选去处", "en": "is given back: the carrier takes another way"},
    "busy": {"zh": "以忙音结束", "en": "ends with a busy tone"},
    "congestion": {"zh": "以拥塞音结束", "en": "ends with a congestion tone"},
}

_SHORT_WAIT = 1.0  # seconds; below it nobody notices
_STEP = re.compile(r"\bstep=(\w+)")
_SLICE = re.compile(r"\$\{([^{}]*)\}")


@dataclass(frozen=True)
class Teller:
    """What a step does, in the language of the words. The defaults suit a dialplan of no site."""

    words: Words
    globals: Mapping[str, str]
    values: Callable[[str, Step], frozenset[str] | None]  # what a text may come to: `Values.of`
    number: str = ""  # the hotline's
    texts: Mapping[str, str] = field(default_factory=dict)  # prompt's name → what is said
    targets: Sequence[Target] = ()

    def items(self, step: Step) -> Iterator[Item]:
        tell = TABLE.get(step.application.lower())
        if tell is not None:
            for sign, text in tell(self, step, [one.strip() for one in split(step.arguments)]):
                yield Item(sign, text, step.at)

    def called(self, step: Step) -> str:
        """Whom a Dial calls; nobody known by name: the other party."""
        other = self.words.say("对方", "the other party")
        if step.application.lower() not in {"dial", "retrydial"}:
            return other
        return self.target(split(step.arguments)[0].split("&")[0]) or other

    def cause(self, step: Step) -> str:
        """How a Hangup ends a call, where it is not as usual."""
        code = step.arguments if step.application.lower() == "hangup" else step.application.lower()
        told = CAUSES.get(self.spelled(code).strip())
        return self.words.pick(told) if told else ""

    def prompts(self, argument: str, step: Step) -> Iterator[str]:
        """“What is said”: the files of `a&b` together; where one may be another, each by itself.

        What only the call knows is told by its name.
        """
        parts = [self._prompt(word.strip(), step) for word in argument.split("&") if word.strip()]
        if len(parts) == 1:
            first, *others = parts[0]
            yield from (first, *(self.words.say("或", "or ") + other for other in others))
        elif parts:
            yield self.words.say("", " ").join(self.words.say("或", " or ").join(part) for part in parts)

    def _prompt(self, word: str, step: Step) -> list[str]:
        found = sorted(self.values(self.spelled(word), step) or ())
        if found:
            return [f"“{self.texts.get(name, name)}”" for name in found]
        shown = self._named(word)
        return [self.words.say(f"（{shown}）", f"({shown})")]

    def spelled(self, text: str) -> str:
        """With global variables written out; what is no global stays."""
        for _ in range(3):
            text = _SLICE.sub(lambda found: self.globals.get(found[1], found[0]), text)
        return text

    def target(self, text: str) -> str:
        """A target's key, an endpoint or a dial string, by the name that the site gives it."""
        text = self.spelled(text)
        for target in self.targets:
            if text == target.key or target.endpoint in text:
                return self.words.pick(target.name)
        return self._named(text)

    def _named(self, text: str) -> str:
        """Variables by their own names in words, where they have one."""
        return _SLICE.sub(
            lambda inner: self.words.pick(self.words.when.get(inner[1], {}).get("name", {})) or inner[1], text
        )


Told = Iterator[tuple[str, str]]
Tell = Callable[[Teller, Step, list[str]], Told]


def _at(arguments: list[str], index: int) -> str:
    return arguments[index] if index < len(arguments) else ""


def _plays(index: int) -> Tell:
    def tell(teller: Teller, step: Step, arguments: list[str]) -> Told:
        for told in teller.prompts(_at(arguments, index), step):
            yield "says", told

    return tell


def _read(teller: Teller, step: Step, arguments: list[str]) -> Told:
    """Read(variable,files,digits,options,attempts,seconds)"""
    yield from _plays(1)(teller, step, arguments)
    seconds = teller.spelled(_at(arguments, 5))
    if _number(seconds) >= _SHORT_WAIT:
        yield "asks", teller.words.say(f"等按键 {seconds} 秒", f"waits {seconds} s for a key")
    else:
        yield "asks", teller.words.say("可按键", "a key may be pressed")


def _dial(teller: Teller, step: Step, arguments: list[str]) -> Told:
    called = [teller.target(one) for one in _at(arguments, 0).split("&")]
    seconds = teller.spelled(_at(arguments, 1))
    limit = teller.words.say(f"，振铃 {seconds} 秒", f", rings for {seconds} s") if _number(seconds) else ""
    yield "calls", teller.words.say("呼叫", "calls ") + teller.words.say("、", ", ").join(called) + limit


def _agi(teller: Teller, step: Step, arguments: list[str]) -> Told:
    program = teller.spelled(_at(arguments, 0)).rsplit("/", 1)[-1]
    if program.startswith("python"):
        program = teller.spelled(_at(arguments, 1)).rsplit("/", 1)[-1]
    yield "computes", teller.words.say(f"询问程序 {program}", f"asks the program {program}")


def _wait(teller: Teller, step: Step, arguments: list[str]) -> Told:
    seconds = teller.spelled(_at(arguments, 0))
    if _number(seconds) >= _SHORT_WAIT:
        yield "waits", teller.words.say(f"等 {seconds} 秒", f"waits {seconds} s")


def _step(teller: Teller, step: Step, arguments: list[str]) -> Told:
    """What the story of a call tells at this place (`CELGenUserEvent(STEP,…&step=overflow&…)`), where it has words."""
    event = _at(arguments, 0)
    found = _STEP.search(_at(arguments, 1)) if event == "STEP" else None
    told = teller.words.steps.get(found[1] if found else event.lower())
    if told:
        yield "does", teller.spelled(teller.words.pick(told))


def _set(teller: Teller, step: Step, arguments: list[str]) -> Told:
    """What a site's own dialplan asks of core by a variable, where it has words."""
    name, _, value = ",".join(arguments).partition("=")
    told = teller.words.asks.get(name.strip().lstrip("_")) if step.context.startswith(SITE) else None
    if told and value.strip():
        yield "does", teller.words.pick(told).replace("{value}", teller.target(value.strip()))


def _says(zh: str, en: str, sign: str = "does") -> Tell:
    return lambda teller, step, arguments: iter([(sign, teller.words.say(zh, en))])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


TABLE: Mapping[str, Tell] = {
    "playback": _plays(0),
    "background": _plays(0),
    "controlplayback": _plays(0),
    "read": _read,
    "queue": _says("排队等候坐席，播放音乐和提示", "waits for an operator; music and announcements", "waits"),
    "dial": _dial,
    "agi": _agi,
    "wait": _wait,
    "waitexten": _says("等按键", "waits for a key", "asks"),
    "celgenuserevent": _step,
    "set": _set,
    "answer": _says("接起来电", "the call is answered"),
    "musiconhold": _says("播放等待音乐", "music", "says"),
    "startmusiconhold": _says("播放等待音乐", "music", "says"),
    "playtones": _says("听到回铃音", "hears ringing", "says"),
    "saydigits": _says("逐位读数字", "says digits", "says"),
    "saynumber": _says("读数字", "says a number", "says"),
    "sayunixtime": _says("报时间", "says the time", "says"),
    "mixmonitor": _says("开始录音", "what is said is recorded", "records"),
    "record": _says("录下留言", "a message is recorded", "records"),
    "voicemail": _says("录下留言", "a message is recorded", "records"),
    "bridge": _says("接通对方", "talks with the other party", "calls"),
    "chanspy": _says("只让一方听到", "heard by one party alone", "says"),
}
