"""What a bulletin says: titles, sentences, tables and charts, the same for every form. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from ivr.bulletin.words import LINES, WORDS
from ivr.calls.statistics import IN_TIME
from ivr.desks import case_names as names
from ivr.desks.local import local
from ivr.desks.work_order import SATISFIED
from ivr.store.bulletin import Month
from ivr.store.linkage import Counts
from ivr.store.satisfaction import Grades

MOST_BARS = 12  # classes that a chart shows

Cell = str | int


@dataclass(frozen=True, slots=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]  # the first column is words, the others are numbers
    words: int = 1  # columns of words


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars; several series are stacked. `lying`: the names stand at the left, one a bar."""

    title: str
    names: Sequence[str]
    series: Sequence[tuple[str, Sequence[int]]]
    lying: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: Sequence[str] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()


@dataclass(frozen=True, slots=True)
class Document:
    language: str
    title: str
    about: str  # who, which month, as of when
    sections: Sequence[Section]


@dataclass(frozen=True, slots=True)
class Named:
    """The city's own names. `desk`: whose bulletin it is."""

    hotline: Mapping[str, str]
    desk: str
    classes: Mapping[str, Mapping[str, str]]  # code → zh, en
    departments: Mapping[str, Mapping[str, str]]
    targets: Mapping[str, Mapping[str, str]]
    accept_minutes: int


def document(  # noqa: PLR0917  both months, and what the figures cannot tell
    now: Month, before: Month, named: Named, language: str, at: datetime, zone: tzinfo
) -> Document:
    """`before`: the month before, to compare with; `at`: when it was counted."""
    teller = _Teller(now, before, named, language, zone)
    hotline = named.hotline.get(language) or named.hotline.get("zh", "")
    month = f"{now.since.astimezone(zone):%Y-%m}"
    over = at >= now.until
    about = teller.say("about" if over else "about_running", desk=named.desk, month=month, at=teller.time(at))
    return Document(language, teller.say("title", hotline=hotline, month=month), about, tuple(teller.sections()))


class _Teller:
    def __init__(self, now: Month, before: Month, named: Named, language: str, zone: tzinfo) -> None:
        self.now, self.before, self.named, self.language, self.zone = now, before, named, language, zone
        self.ways = list(now.linkage.ways)

    def say(self, word: str, **facts: object) -> str:
        return WORDS[word][self.language == "en"].format(**facts)

    def time(self, moment: datetime) -> str:
        return f"{local(moment, self.zone):%Y-%m-%d %H:%M}"

    def sections(self) -> Iterator[Section]:
        made = (
            self.summary, self.linkage, self.decided, self.classes, self.times, self.cases, self.calls,
            self.departments, self.satisfaction, self.norms,
        )  # fmt: skip
        for make in made:
            yield make()
        minutes, seconds = self.named.accept_minutes, IN_TIME
        yield Section(
            self.say("notes"),
            [one[self.language == "en"].format(minutes=minutes, seconds=seconds) for one in LINES],
        )

    def summary(self) -> Section:
        now, before = self.now.linkage.total, self.before.linkage.total
        asked, asked_before = self.now.linkage.satisfaction.total, self.before.linkage.satisfaction.total
        rows: list[tuple[str, int | float | None, int | float | None]] = [
            (self.say("opened"), self.now.cases.opened, self.before.cases.opened),
            *((self.say(name), getattr(now, name), getattr(before, name)) for name in COUNTED),
            (self.say("consultations"), self.now.consultations, self.before.consultations),
            (self.say("p50"), now.p50, before.p50),
            (self.say("p90"), now.p90, before.p90),
            (self.say("offered"), self.now.calls.offered, self.before.calls.offered),
            (self.say("answered"), self.now.calls.answered, self.before.calls.answered),
            (self.say("called_back"), asked.asked, asked_before.asked),
            (self.say("rate"), _percent(asked), _percent(asked_before)),
        ]
        told = [(name, _shown(new), _shown(old), _change(new, old)) for name, new, old in rows]
        line = self.say(
            "summary", opened=self.now.cases.opened, handovers=now.handovers, cases=now.cases,
            accepted=now.accepted, share=_share(now.accepted, now.handovers), overdue=now.overdue,
            voice=now.voice_failed,
        )  # fmt: skip
        head = [self.say(word) for word in ("figure", "this_month", "month_before", "change")]
        return Section(self.say("section_summary"), [line], [Table(head, told)])

    def linkage(self) -> Section:
        found = self.now.linkage
        rows = [(self.way(way), *_counts(found.ways[way])) for way in self.ways]
        if len(rows) > 1:
            rows.append((self.say("total"), *_counts(found.total)))
        days = sorted(found.days)
        chart = Chart(
            self.say("by_day"),
            [day[-2:].lstrip("0") for day in days],
            [(self.way(way), [found.days[day].get(way, 0) for day in days]) for way in self.ways],
        )
        return Section(self.say("section_linkage"), (), [self.counts("way", rows)] if rows else (), _some(chart))

    def decided(self) -> Section:
        found = self.now.linkage.decided
        rows = [(names.name(names.DECIDED, reason, self.language), count) for reason, count in found.items()]
        chart = Chart(self.say("section_decided"), [row[0] for row in rows], [("", list(found.values()))], True)
        head = [self.say("decided_by"), self.say("times")]
        return Section(self.say("section_decided"), (), [Table(head, rows)], _some(chart))

    def classes(self) -> Section:
        found = sorted(self.now.linkage.classes.items(), key=lambda item: -item[1].handovers)
        rows = [(self.of_class(code), *_counts(counts)) for code, counts in found]
        top = found[:MOST_BARS]
        chart = Chart(
            self.say("by_class"),
            [self.of_class(code) for code, _ in top],
            [("", [counts.handovers for _, counts in top])],
            True,
        )
        return Section(self.say("section_classes"), (), [self.counts("class", rows)] if rows else (), _some(chart))

    def times(self) -> Section:
        found = self.now.linkage.hours
        chart = Chart(
            self.say("by_hour"),
            [str(hour) for hour in range(24)],
            [(self.way(way), found[way]) for way in self.ways],
        )
        return Section(self.say("section_hours"), (), (), _some(chart))

    def cases(self) -> Section:
        opened, found = self.now.cases.opened, self.now.cases.by
        tables = []
        for fact, table in (("channel", names.CHANNELS), ("kind", names.KINDS), ("urgency", names.URGENCIES),
                            ("state", names.STATES), ("first", {})):  # fmt: skip
            rows = [
                (names.name(table, word, self.language), count, _share(count, opened))
                for word, count in sorted(found[fact].items(), key=lambda item: -item[1])
            ]
            if rows:
                tables.append(Table([self.say(fact), self.say("cases"), self.say("share")], rows))
        top = sorted(self.now.cases.classes.items(), key=lambda item: -item[1])[:MOST_BARS]
        chart = Chart(
            self.say("cases_by_class"),
            [self.of_class(code) for code, _ in top],
            [("", [count for _, count in top])],
            True,
        )
        return Section(self.say("section_cases"), (), tables, _some(chart))

    def calls(self) -> Section:
        day = self.now.calls
        line = self.say(
            "calls_line", offered=day.offered, answered=day.answered, rate=_rate(day.connect_rate), seconds=IN_TIME,
            in_time=_rate(day.in_time_rate), abandoned=day.abandoned, wait=_shown(day.average_wait),
        )  # fmt: skip
        head = [self.say(word) for word in ("target", "asked", "completed", "failed", "press_p90")]
        rows = [
            (self.of(self.named.targets, one.target), one.asked, one.completed, one.failed, _shown(one.press_to_in_p90))
            for one in self.now.transfers
        ]
        return Section(self.say("section_calls"), [line], [Table(head, rows)] if rows else ())

    def departments(self) -> Section:
        head = [self.say(word) for word in ("department", "made", "done", "in_time", "late", "open", "sent_back",
                                            "reopened")]  # fmt: skip
        rows = [
            (self.of(self.named.departments, one.department), one.made, one.done, one.in_time, one.late, one.open,
             one.returned, one.reopened)
            for one in self.now.departments
        ]  # fmt: skip
        if not rows:
            return Section(self.say("section_departments"), [self.say("no_orders")])
        top = self.now.departments[:MOST_BARS]
        chart = Chart(
            self.say("by_department"),
            [self.of(self.named.departments, one.department) for one in top],
            [
                (self.say("in_time"), [one.in_time for one in top]),
                (self.say("late"), [one.late for one in top]),
            ],
            True,
        )
        return Section(self.say("section_departments"), (), [Table(head, rows)], _some(chart))

    def satisfaction(self) -> Section:
        found = self.now.linkage.satisfaction
        total = found.total
        if not total.asked:
            return Section(self.say("section_satisfaction"), [self.say("no_call_backs")])
        line = self.say(
            "satisfaction_line", asked=total.asked, reached=total.reached, rated=total.rated, share=_rate(total.share)
        )
        head = [self.say(word) for word in ("department", "called", "reached", *SATISFIED, "rate_head")]
        of = [(self.of(self.named.departments, key), grades) for key, grades in found.of(self.named.desk).items()]
        rows = [
            (name, one.asked, one.reached, one.yes, one.partly, one.no, _shown(_percent(one)))
            for name, one in ((self.say("total"), total), *of)
        ]
        graded = Chart(
            self.say("graded"),
            [self.say(grade) for grade in SATISFIED],
            [("", [getattr(total, grade) for grade in SATISFIED])],
            True,
        )
        by = Chart(
            self.say("graded_by"),
            [name for name, _ in of[:MOST_BARS]],
            [(self.say(grade), [getattr(one, grade) for _, one in of[:MOST_BARS]]) for grade in SATISFIED],
            True,
        )
        charts = (*_some(graded), *_some(by))
        return Section(self.say("section_satisfaction"), [line], [Table(head, rows)], charts)

    def norms(self) -> Section:
        line = self.say("norms_line", consultations=self.now.consultations, norms=len(self.now.norms))
        head = [self.say(word) for word in ("norm", "version", "class", "owners", "in_force")]
        rows = [
            (one.id, one.version, self.of_class(one.class_code), one.owners, self.time(one.since)[:10])
            for one in self.now.norms
        ]
        return Section(self.say("section_norms"), [line], [Table(head, rows, words=5)] if rows else ())

    def counts(self, first: str, rows: Sequence[Sequence[Cell]]) -> Table:
        return Table([self.say(first), *(self.say(name) for name in SHOWN), self.say("p50"), self.say("p90")], rows)

    def way(self, way: tuple[str, str]) -> str:
        return f"{way[0]} → {way[1]}"

    def of_class(self, code: str) -> str:
        return self.of(self.named.classes, code) if code else self.say("no_class")

    def of(self, table: Mapping[str, Mapping[str, str]], key: str) -> str:
        return table.get(key, {}).get(self.language) or table.get(key, {}).get("zh") or key


COUNTED = ("handovers", "accepted", "refused", "returned", "kept", "lapsed", "waiting", "overdue", "voice_failed",
           "conferences")  # fmt: skip
SHOWN = ("handed", "accepted", "refused", "returned", "kept", "waiting", "overdue", "voice_failed")


def _counts(counts: Counts) -> tuple[Cell, ...]:
    return (counts.handovers, *(getattr(counts, name) for name in SHOWN[1:]), _shown(counts.p50), _shown(counts.p90))


def _some(chart: Chart) -> tuple[Chart, ...]:
    """None where every bar would be empty."""
    return (chart,) if any(any(values) for _, values in chart.series) else ()


def _shown(value: float | None) -> Cell:
    return "–" if value is None else value if isinstance(value, int) else f"{value:g}"


def _percent(grades: Grades) -> float | None:
    return None if grades.share is None else round(100 * grades.share, 1)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"


def _rate(rate: float | None) -> str:
    return "–" if rate is None else f"{100 * rate:.1f}%"


def _change(new: float | None, old: float | None) -> str:
    return "–" if not old or new is None else f"{100 * (new - old) / old:+.1f}%"
