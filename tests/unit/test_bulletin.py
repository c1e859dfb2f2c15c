"""The month's bulletin: what it counts, on each database; what it says; and that its paper can be read and copied."""

from __future__ import annotations

import re
import zlib
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from ivr.bulletin import made, pdf, xlsx
from ivr.bulletin.document import Document, Named, Section, Table, document
from ivr.bulletin.job import Job, limits
from ivr.pbx import debian, fonts
from ivr.store import Store
from ivr.store.bulletin import Month, month
from ivr.store.satisfaction import Grades
from tests.unit.stories import transferred
from tests.unit.test_linkage import LIMIT, ONLINE, OPENED, STORIES, keep

CITY = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 12, 2, tzinfo=UTC)
NAMED = Named(
    {"zh": "12345热线", "en": "12345"},
    "12345",
    {"03": {"zh": "交通运输", "en": "Transport"}},
    {"light": {"zh": "路灯管理所", "en": "Street Lighting"}},
    {"110": {"zh": "110报警服务台", "en": "110 Police"}},
    10,
)

LIMITS = dict.fromkeys(("due", "sign_by"), "2026-12-01T08:00:00Z")
CALLED_BACK = (
    (0, "12345", "opened", {"number": "12345-20261127-000009", "channel": "web"}),
    (5, "12345", "ordered", {"order": "o1", "department": "light", **LIMITS}),
    *((9, "12345", "called_back", {"reached": True, "satisfied": grade}) for grade in ("no", "partly", "yes")),
    (9, "12345", "called_back", {"reached": False}),
)


@pytest.fixture
async def store(store: Store) -> Store:
    for name, steps in STORIES.items():
        await keep(store, name, steps)
    await keep(store, "called back", CALLED_BACK)
    await store.save([transferred("c-1", 0)])
    return store


async def months(store: Store) -> tuple[Month, Month]:
    before, since, until = limits("2026-11", CITY)
    return (
        await month(store, "12345", since, until, NOW, LIMIT, CITY),
        await month(store, "12345", before, since, NOW, LIMIT, CITY),
    )


async def written(store: Store, language: str = "zh") -> Document:
    this, last = await months(store)
    return document(this, last, NAMED, language, NOW, CITY)


def cells(told: Document, title: str) -> list[list[str]]:
    """The rows of this section's tables, as words."""
    (section,) = [one for one in told.sections if title in one.title]
    return [[str(cell) for cell in row] for table in section.tables for row in table.rows]


class TestCounted:
    async def test_given_a_month_when_counted_then_cases_calls_and_linkage_are_those_of_the_month(
        self, store: Store
    ) -> None:
        this, last = await months(store)
        assert (this.linkage.total.handovers, this.linkage.total.overdue) == (7, 3)
        assert this.cases.opened == 9
        assert this.cases.by["first"] == {"12345": 8, "110": 1}
        assert this.cases.classes == {"03": 9}
        assert this.linkage.satisfaction.total == Grades(asked=4, reached=3, yes=1, partly=1, no=1)
        assert (this.calls.offered, this.calls.answered) == (1, 1)
        assert [(one.target, one.completed) for one in this.transfers] == [("110", 1)]
        assert (last.cases.opened, last.linkage.total.handovers, last.calls.offered) == (0, 0, 0)

    async def test_given_work_orders_of_both_desks_then_the_departments_are_ones_own(self, store: Store) -> None:
        """Both desks have the case; a department of theirs may be called as one of ours is."""
        made = {"department": "water", "due": "2026-12-01T00:00:00Z", "sign_by": "2026-11-28T00:00:00Z"}
        await keep(
            store,
            "orders",
            [OPENED, ONLINE, (60, "110", "accepted", {}), (70, "12345", "ordered", {**made, "order": "o1"}),
             (80, "110", "ordered", {**made, "order": "o2"})],
        )  # fmt: skip
        this, _ = await months(store)
        assert [(one.department, one.made) for one in this.departments if one.department == "water"] == [("water", 1)]

    def test_given_december_and_march_then_the_months_around_them_are_right(self) -> None:
        for of, begins in (
            ("2026-01", ("2025-12", "2026-01", "2026-02")),
            ("2026-12", ("2026-11", "2026-12", "2027-01")),
        ):
            assert tuple(f"{moment:%Y-%m}" for moment in limits(of, CITY)) == begins


class TestSaid:
    async def test_given_a_month_when_told_in_chinese_then_each_section_says_its_figures(self, store: Store) -> None:
        told = await written(store)
        assert told.title == "12345热线联动工作通报（2026-11）"
        assert "流转 7 件次" in told.sections[0].lines[0]
        assert ["12345 → 110", "6", "3", "1", "0", "0", "2", "3", "1", "60", "1200"] in cells(told, "平台之间")
        assert ["双方商定", "1"] in cells(told, "确定受理")
        assert cells(told, "流转诉求的分类")[0][:2] == ["交通运输", "7"]
        assert cells(told, "回访与满意度") == [
            ["合计", "4", "3", "1", "1", "1", "33.3"],
            ["路灯管理所", "4", "3", "1", "1", "1", "33.3"],
        ]
        assert [row[1:3] for row in cells(told, "总体情况") if row[0] == "满意率（%）"] == [["33.3", "–"]]
        assert cells(told, "电话接听")[0][:3] == ["110报警服务台", "1", "1"]

    async def test_given_both_languages_then_they_tell_the_same_numbers(self, store: Store) -> None:
        chinese, english = await written(store), await written(store, "en")
        for zh, en in zip(chinese.sections, english.sections, strict=True):
            assert set(re.findall(r"\d+", "".join(zh.lines))) == set(re.findall(r"\d+", "".join(en.lines)))
            assert [len(table.rows) for table in zh.tables] == [len(table.rows) for table in en.tables]
            assert not re.search(r"[一-鿿]", en.title + "".join(en.lines))


class TestMade:
    async def test_given_a_document_when_it_is_a_workbook_then_each_section_is_a_sheet_with_its_chart(
        self, store: Store, tmp_path: Path
    ) -> None:
        told = await written(store)
        xlsx.write(told, tmp_path / "a.xlsx")
        book = openpyxl.load_workbook(tmp_path / "a.xlsx")
        assert book.sheetnames == [section.title for section in told.sections]
        charts = {sheet.title: len(sheet._charts) for sheet in book.worksheets}
        assert charts == {section.title: len(section.charts) for section in told.sections}
        assert sum(charts.values()) >= 5

    def test_given_words_that_look_like_numbers_when_in_a_workbook_then_they_stay_words(self, tmp_path: Path) -> None:
        norm = Table(["norm", "version", "seconds"], [["2026.10", "1.10", "62.5"]], words=2)
        xlsx.write(Document("en", "title", "about", [Section("norms", (), [norm])]), tmp_path / "a.xlsx")
        (sheet,) = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets
        assert [cell.value for cell in list(sheet.rows)[-1]][:3] == ["2026.10", "1.10", 62.5]

    async def test_given_a_document_when_it_is_a_paper_then_its_letters_are_in_it_and_can_be_copied(
        self, store: Store, tmp_path: Path
    ) -> None:
        pdf.write(await written(store), tmp_path / "a.pdf", fonts.chinese())
        body = (tmp_path / "a.pdf").read_bytes()
        streams = [unpacked(one) for one in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", body, re.DOTALL)]
        maps = b"".join(one for one in streams if b"beginbfchar" in one or b"beginbfrange" in one)
        assert all(f"{ord(letter):04x}".encode() in maps.lower() for letter in "联动通报受理")
        assert b"/FontFile" in body
        assert len(body) < 500_000  # the letters that it shows, not the whole font

    def test_given_no_font_and_no_way_to_fetch_one_then_it_says_which_package_to_install(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        def nothing() -> fonts.Font:
            raise debian.PackageError("fetch_failed", "no archive answers")

        monkeypatch.setattr(fonts, "chinese", nothing)
        job = Job("", str(tmp_path / "a.pdf"), "pdf", "zh", "UTC", "2026-11", "12345", 10, {}, {}, {}, {})
        with pytest.raises(made.NoFontError) as refusal:
            made.write(job)
        assert refusal.value.details["package"] == "fonts-wqy-microhei"
        assert list(tmp_path.iterdir()) == []
        assert asdict(job)["month"] == "2026-11"


def unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream  # it is not packed
