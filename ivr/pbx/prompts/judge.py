"""Is every prompt there in every language, and fit for a telephone? One table of what can be wrong. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from ivr.pbx.prompts import loudness, make
from ivr.pbx.prompts.book import Entry
from ivr.settings import Text

GREETING_SECONDS = 5.0  # R4
END_SECONDS = 0.5  # of silence before or after
PAUSE_SECONDS = 1.5  # of silence inside
LONG_SECONDS = 30.0  # of any prompt of words: nobody listens longer

PROBLEM, WARNING = "problem", "warning"
NOT_THERE = "no-prompt"


@dataclass(frozen=True, slots=True)
class Fault:
    prompt: str
    language: str
    code: str
    severity: str  # problem: callers are served badly; warning: it could be better
    message: Text
    mend: Text

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Kind:
    severity: str
    message: tuple[str, str]
    mend: tuple[str, str]


_IMPORT = (
    "重新录制，再用 ivr prompts import {prompt} 文件 --language {language} 导入",
    "record it again and bring it in by `ivr prompts import {prompt} FILE --language {language}`",
)
_LEVEL = (
    "用 ivr prompts import {prompt} 文件 --language {language} 导入，音量和两端静音会自动处理",
    "bring the recording in by `ivr prompts import {prompt} FILE --language {language}`: it levels and trims",
)
_ADD = (
    "ivr prompts say {prompt} --{language} “文字”，或用 ivr prompts import 导入录音",
    'ivr prompts say {prompt} --{language} "words", or bring a recording in by `ivr prompts import`',
)
_MAKE = ("ivr prompts make", "ivr prompts make")

CODES: Mapping[str, _Kind] = MappingProxyType(
    {
        NOT_THERE: _Kind(
            PROBLEM,
            ("{where} 播放它，但没有这条提示音", "{where} plays it, and there is no such prompt"),
            _ADD,
        ),
        "no-language": _Kind(
            WARNING, ("只有 {others}，没有 {language}", "there is one in {others}, none in {language}"), _ADD
        ),
        "not-made": _Kind(WARNING, ("尚未生成，或文字、录音已改动", "not made yet, or changed since"), _MAKE),
        "not-playable": _Kind(
            PROBLEM,
            ("文件不能播放：{why}", "the file cannot be played: {why}"),
            ("ivr prompts make", "ivr prompts make"),
        ),
        "silent": _Kind(PROBLEM, ("没有声音", "there is no sound in it"), _IMPORT),
        "clipped": _Kind(PROBLEM, ("削顶失真 {count} 处", "clipped at {count} places"), _IMPORT),
        "greeting-too-long": _Kind(
            PROBLEM,
            ("问候语 {seconds} 秒，上限 {limit} 秒（R4）", "a greeting of {seconds} s; at most {limit} s (R4)"),
            ("缩短文字或录音", "make its words fewer"),
        ),
        "too-long": _Kind(
            WARNING, ("{seconds} 秒，没有人会听完", "{seconds} s: nobody listens so long"), ("缩短", "make it shorter")
        ),
        "loudness": _Kind(
            WARNING,
            (
                "响度 {lufs} LUFS，应为 {target} ± {tolerance}",
                "loudness {lufs} LUFS; {target} ± {tolerance} is as loud as the others",
            ),
            _LEVEL,
        ),
        "silence-at-end": _Kind(
            WARNING, ("开头静音 {lead} 秒，结尾 {tail} 秒", "silence: {lead} s before it, {tail} s after it"), _LEVEL
        ),
        "silence-inside": _Kind(WARNING, ("中间静音 {pause} 秒", "{pause} s of silence inside"), _IMPORT),
        "no-category": _Kind(
            WARNING,
            ("没有类别", "it has no category"),
            ("在 prompts/categories.toml 写明", "say what it is for in prompts/categories.toml"),
        ),
    }
)


def check(entries: Iterable[Entry], languages: Iterable[str], named: Mapping[str, str]) -> list[Fault]:
    """Everything that is wrong. `named`: what dialplans and settings name literally → where."""
    entries, languages = list(entries), list(languages)
    there: dict[str, set[str]] = {}
    for entry in entries:
        there.setdefault(entry.name, set()).add(entry.language)
    found = [*missing(there, languages, named)]
    for entry in entries:
        found += [_fault(entry.name, entry.language, code, **facts) for code, facts in _of(entry)]
    order = {PROBLEM: 0, WARNING: 1}
    return sorted(found, key=lambda fault: (order[fault.severity], fault.prompt, fault.language, fault.code))


def missing(
    there: Mapping[str, Collection[str]], languages: Collection[str], named: Mapping[str, str]
) -> Iterator[Fault]:
    """`there`: prompt → the languages that it is in."""
    for name in sorted({*named, *there}):
        have = there.get(name, set())
        for language in languages:
            if language in have:
                continue
            if name in named:
                yield _fault(name, language, NOT_THERE, where=named[name])
            else:
                yield _fault(name, language, "no-language", others=", ".join(sorted(have)))


def _of(entry: Entry) -> Iterator[tuple[str, dict[str, object]]]:
    if entry.waiting or entry.measured is None:
        yield "not-made", {}
    if entry.category is None:
        yield "no-category", {}
    if entry.measured is None:
        return
    if entry.measured.broken:
        yield "not-playable", {"why": entry.measured.broken}
        return
    for rule in RULES:
        yield from rule(entry)


Found = Iterator[tuple[str, dict[str, object]]]


def _sound(entry: Entry) -> Found:
    assert entry.measured is not None
    if entry.measured.lufs is None:
        yield "silent", {}
    if entry.measured.clipped:
        yield "clipped", {"count": entry.measured.clipped}


def _length(entry: Entry) -> Found:
    assert entry.measured is not None
    seconds = entry.measured.seconds
    if entry.category == "greeting" and seconds > GREETING_SECONDS:
        yield "greeting-too-long", {"seconds": f"{seconds:.1f}", "limit": f"{GREETING_SECONDS:g}"}
    elif entry.category != "tone" and seconds > LONG_SECONDS:
        yield "too-long", {"seconds": f"{seconds:.0f}"}


def _words(entry: Entry) -> Found:
    """Of what is no tone."""
    facts = entry.measured
    if facts is None or facts.lufs is None or entry.kind == make.TONE or entry.category == "tone":
        return
    if abs(facts.lufs - loudness.TARGET) > loudness.TOLERANCE:
        yield "loudness", {"lufs": facts.lufs, "target": loudness.TARGET, "tolerance": f"{loudness.TOLERANCE:g}"}
    if max(facts.lead, facts.tail) > END_SECONDS:
        yield "silence-at-end", {"lead": facts.lead, "tail": facts.tail}
    if facts.pause > PAUSE_SECONDS:
        yield "silence-inside", {"pause": facts.pause}


RULES: tuple[Callable[[Entry], Found], ...] = (_sound, _length, _words)


def _fault(prompt: str, language: str, code: str, **facts: object) -> Fault:
    kind, told = CODES[code], {"prompt": prompt, "language": language, **facts}
    message = dict(zip(("zh", "en"), (words.format(**told) for words in kind.message), strict=True))
    mend = dict(zip(("zh", "en"), (words.format(**told) for words in kind.mend), strict=True))
    return Fault(prompt, language, code, kind.severity, message, mend)
