"""Another Asterisk's CEL file: its columns by header, by order or by pairs; its times in its own zone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.calls.model import Row
from ivr.pbx.foreign import ColumnsError, ForeignFileError, read

BEIJING = ZoneInfo("Asia/Shanghai")
HEADER = "eventtype,eventtime,cid_name,cid_num,cid_ani,exten,context,channame,uniqueid,linkedid,amaflags\n"
LINE = 'ANSWER,2026-11-22 16:00:00.123456,"张三, ""老三""",13800138000,,100,from-pstn,SIP/trunk-1,1763.4,1763.3,3\n'


def rows(folder: Path, text: str | bytes, columns: str | None = None) -> list[Row]:
    path = folder / "cel.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(path, columns, BEIJING, "oldpbx"))


def test_given_a_header_when_read_then_it_names_the_columns(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "\ufeff" + HEADER + LINE + "\n")
    assert row.event == "ANSWER"
    assert row.at == datetime(2026, 11, 22, 8, 0, 0, 123456, UTC)
    assert (row.name, row.num, row.exten, row.channel) == ('张三, "老三"', "13800138000", "100", "SIP/trunk-1")
    assert (row.uniqueid, row.linkedid) == ("oldpbx-1763.4", "oldpbx-1763.3")


@pytest.mark.parametrize("header", ["", HEADER])
def test_given_names_in_order_when_read_then_a_header_may_be_there_or_not(tmp_path: Path, header: str) -> None:
    columns = "EventType,EventTime,CallerIDname,CallerIDnum,,exten,context,channel,UniqueID,linkedid"
    (row,) = rows(tmp_path, header + LINE, columns)
    assert (row.event, row.num, row.channel, row.linkedid) == ("ANSWER", "13800138000", "SIP/trunk-1", "oldpbx-1763.3")


@pytest.mark.parametrize("columns", ["eventtype=was,uniqueid=kanal", "was=eventtype,kanal=uniqueid"])
def test_given_pairs_when_read_then_the_headers_own_words_count(tmp_path: Path, columns: str) -> None:
    text = HEADER.replace("eventtype", "was").replace("uniqueid", "kanal") + LINE
    (row,) = rows(tmp_path, text, columns)
    assert (row.event, row.uniqueid, row.num) == ("ANSWER", "oldpbx-1763.4", "13800138000")


@pytest.mark.parametrize(
    "time",
    ["1795334400.123456", "1795334400.1234567", "2026-11-22T08:00:00.123456Z", "2026-11-22 17:00:00.123456+09:00"],
)
def test_given_times_of_other_forms_when_read_then_they_are_the_same_instant(tmp_path: Path, time: str) -> None:
    (row,) = rows(tmp_path, HEADER + LINE.replace("2026-11-22 16:00:00.123456", time))
    assert row.at == datetime(2026, 11, 22, 8, 0, 0, 123456, UTC)


def test_given_letters_in_gbk_when_read_then_the_row_still_counts(tmp_path: Path) -> None:
    (row,) = rows(
        tmp_path, HEADER.encode() + LINE.replace("张三", "GBK").encode().replace(b"GBK", "张三".encode("gbk"))
    )
    assert row.num == "13800138000"


def test_given_no_header_and_no_columns_when_read_then_the_way_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(ColumnsError, match="name the columns in their order with --columns"):
        rows(tmp_path, LINE)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ("eventtype,eventtime,channame", "No column for uniqueid, linkedid"),
        ("eventtype=nowhere", "eventtype=nowhere: expected"),
    ],
)
def test_given_columns_that_do_not_fit_when_read_then_the_error_says_which(
    tmp_path: Path, columns: str, problem: str
) -> None:
    with pytest.raises(ColumnsError, match=problem):
        rows(tmp_path, HEADER + LINE, columns)


@pytest.mark.parametrize(
    "broken", [LINE.replace("2026-11-22 16", "yesterday"), "ANSWER,1763800000,x\n", LINE[:60] + "\n"]
)
def test_given_a_record_that_cannot_be_read_then_the_error_names_file_and_line(tmp_path: Path, broken: str) -> None:
    with pytest.raises(ForeignFileError, match=r"cel\.csv, line 3"):
        rows(tmp_path, HEADER + LINE + broken)
