"""The journal's bytes → records → rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calls.ids import hide, public_id, run_of, split
from ivr.calls.rows import COLUMNS, RowError, parse, split_records

MARK = "m0123456789abcdef01234567"
START = [
    *(
        "CHAN_START",
        "2026-11-22 12:54:30.688096",
        "13800001111",
        "张三",
        "12345",
        "entry",
        "PJSIP/trunk-public-00000000",
    ),
    *("", "", f"{MARK}-1795352070.0", f"{MARK}-1795352070.0", "", "", ""),
]


def record(fields: list[str]) -> bytes:
    """As Asterisk's dsv writes it."""
    return (",".join('"' + field.replace('"', '""') + '"' for field in fields) + "\n").encode()


def changed(**fields: str) -> list[str]:
    return [fields.get(column, field) for column, field in zip(COLUMNS, START, strict=True)]


def fields_of(data: bytes) -> list[list[str]]:
    records, rest = split_records(data)
    assert rest == b""
    return [list(one.fields) for one in records]


# — ids ———————————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_an_id_shows_the_node_and_never_the_mark() -> None:
    assert public_id(f"{MARK}-1763.4", "hotline") == "hotline-1763.4"
    assert public_id("1763.4", "hotline") == "hotline-1763.4"
    assert public_id("", "hotline") == ""
    assert split("hotline-1763.4") == ("hotline", "1763.4")


def test_a_run_has_a_name_of_its_own_that_is_not_its_mark() -> None:
    other = "mfedcba9876543210fedcba98"
    assert run_of(MARK) == run_of(MARK) != run_of(other)
    assert run_of(MARK) not in MARK


def test_given_a_foreign_systems_name_then_only_ids_are_translated() -> None:
    text = "PJSIP/pbx-00000001 by=pbx-1763.4 backup-pbx-1763.4"
    assert hide(text, "pbx", "old") == "PJSIP/pbx-00000001 by=old-1763.4 backup-pbx-1763.4"


# — parse —————————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_a_record_becomes_a_row() -> None:
    row = parse(START, "hotline")
    assert (row.event, row.num, row.name, row.channel) == (
        "CHAN_START",
        "13800001111",
        "张三",
        "PJSIP/trunk-public-00000000",
    )
    assert row.at == datetime(2026, 11, 22, 12, 54, 30, 688096, tzinfo=UTC)
    assert row.uniqueid == row.linkedid == "hotline-1795352070.0"
    assert row.run == run_of(MARK)
    assert row.extra == {}


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-22 12:54:30.688096", "2026-11-22T12:54:30.688096+00:00"),
        ("2026-11-22 12:54:30", "2026-11-22T12:54:30+00:00"),
        ("2026-11-22 20:54:30.688+08", "2026-11-22T12:54:30.688000+00:00"),
        ("2026-11-22T20:54:30.688096+08:00", "2026-11-22T12:54:30.688096+00:00"),
    ],
)
def test_a_time_is_utc_unless_it_tells_its_zone(text: str, iso: str) -> None:
    assert parse(changed(EventTime=text), "hotline").at.isoformat() == iso


def test_given_a_user_event_then_its_query_is_unfolded_and_its_ids_are_public() -> None:
    query = f"id=a1&caller=%2B86%20138+1&empty=&by={MARK}-1763.4&uri=sip:110@127.0.0.1;transport=udp&flag&id=second"
    row = parse(
        changed(
            EventEnum="USER_DEFINED", UserDefType="TRANSFER_ASK", EventExtra=f'{{"extra":"{query}"}}', AppData=query
        ),
        "hotline",
    )
    assert row.user_event == "TRANSFER_ASK"
    assert row.extra == {
        "id": "a1",
        "caller": "+86 138+1",
        "empty": "",
        "by": "hotline-1763.4",
        "uri": "sip:110@127.0.0.1;transport=udp",
        "flag": "",
    }
    assert MARK not in repr(row)


def test_given_an_event_of_asterisk_then_its_extra_is_text() -> None:
    row = parse(
        changed(EventEnum="HANGUP", EventExtra='{"hangupcause":16,"hangupsource":"","dialstatus":null}'), "hotline"
    )
    assert row.extra == {"hangupcause": "16", "hangupsource": "", "dialstatus": "null"}


@pytest.mark.parametrize("extra", ['{"hangupcause":16', "[1]", "[" * 9999, '"x"'], ids=["cut", "list", "deep", "text"])
def test_given_an_extra_that_cannot_be_read_then_the_row_is_kept(extra: str) -> None:
    assert parse(changed(EventEnum="HANGUP", EventExtra=extra), "hotline").extra == {"unreadable": extra}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (START[:3], "3 fields, expected 14"),
        ([], "0 fields"),
        ([*START, "more"], "15 fields"),
        (changed(EventTime="yesterday"), "EventTime is 'yesterday', expected YYYY-mm-dd"),
        (changed(EventTime="0001-01-01 00:00:00"), "EventTime"),
        (changed(UniqueID=""), "UniqueID"),
        (changed(EventEnum=""), "EventEnum"),
    ],
)
def test_given_a_record_that_is_no_row_then_the_error_says_what_is_wrong(fields: list[str], words: str) -> None:
    with pytest.raises(RowError, match=words):
        parse(fields, "hotline")


@given(st.lists(st.text(), max_size=16))
def test_whatever_a_record_holds_it_is_a_row_or_a_row_error(fields: list[str]) -> None:
    try:
        parse(fields, "hotline")
    except RowError as error:
        assert len(str(error)) < 400


# — finding records ———————————————————————————————————————————————————————————————————————————————————————————————————

hostile = st.text(alphabet=st.one_of(st.sampled_from('",\r\n\\0A '), st.characters(codec="utf-8")), max_size=12)
hostile_records = st.lists(
    st.tuples(*([hostile.map(lambda text: text.replace("\0", ""))] * 10)).map(
        lambda texts: changed(
            Num=texts[0],
            Name=texts[1],
            Exten=texts[2],
            Context=texts[3],
            ChanName=texts[4],
            AppName=texts[5],
            AppData=texts[6],
            Peer=texts[7],
            UserDefType=texts[8],
            EventExtra=texts[9],
        )
    ),
    max_size=4,
)


@given(hostile_records)
def test_whatever_a_caller_types_every_record_comes_back_as_it_was(records: list[list[str]]) -> None:
    assert fields_of(b"".join(map(record, records))) == records


@given(hostile_records, st.data())
def test_given_the_journal_arrives_in_pieces_then_the_records_are_the_same(
    records: list[list[str]], data: st.DataObject
) -> None:
    whole = b"".join(map(record, records))
    cut = data.draw(st.integers(0, len(whole)))
    first, rest = split_records(whole[:cut])
    second, left = split_records(rest + whole[cut:])
    assert [list(one.fields) for one in (*first, *second)] == records
    assert left == b""


def test_a_records_place_is_told_in_bytes() -> None:
    data = record(START) + record(changed(Name="李四\r\n"))
    first, second = split_records(data)[0]
    assert (first.begin, first.end, second.begin, second.end) == (0, second.begin, first.end, len(data))


def test_given_a_name_made_to_look_like_records_then_there_is_one_record() -> None:
    forged = '","x"\r\n"CHAN_START","2026-11-22 12:54:30.688096","1","","","","","","","a-1.1","a-1.1","","",""\r\n'
    assert fields_of(record(changed(Name=forged))) == [changed(Name=forged)]
    split_in_two = changed(Num='"CHAN_START', Name="2026-11-22 12:54:30.688096")
    assert fields_of(record(split_in_two)) == [split_in_two]


def test_given_bytes_that_are_no_utf8_or_nul_then_they_show_as_a_replacement() -> None:
    raw = record(changed(Name="NAME")).replace(b"NAME", "张".encode("gbk") + b"\0")
    assert fields_of(raw) == [changed(Name="\ufffd\ufffd\ufffd")]


@pytest.mark.parametrize("cut", range(1, len(record(START))))
def test_given_a_record_torn_by_a_crash_then_the_next_one_is_found(cut: int) -> None:
    torn, good = record(START)[:cut], changed(EventEnum="HANGUP", Name="next")
    records, rest = split_records(torn + record(good) + record(good))
    assert rest == b""
    assert [list(one.fields) for one in records[-2:]] == [good, good]
    before = records[:-2]
    assert len(before) == 1
    assert before[0].end == cut
    if cut < len(record(START)) - 1:
        with pytest.raises(RowError):
            parse(before[0].fields, "hotline")
    else:  # only its line end is missing
        assert list(before[0].fields) == START


@pytest.mark.parametrize("garbage", [b"\0" * 4096, b"garbage\n", b'"', b'"a","b"\n', b"\xff" * 100, b'""""'])
def test_given_a_torn_disk_block_then_reading_resumes_after_it(garbage: bytes) -> None:
    records, rest = split_records(record(START) + garbage + record(START))
    assert [list(one.fields) for one in (records[0], records[-1])] == [START, START]
    assert rest == b""
    assert len(records) == 3


def test_given_only_blank_lines_between_records_then_nobody_is_told() -> None:
    assert fields_of(record(START) + b"\n\r\n" + record(START)) == [START, START]


def test_given_a_record_that_is_still_being_written_then_it_is_the_rest() -> None:
    whole = record(START)
    for cut in range(1, len(whole)):
        assert split_records(whole[:cut]) == ([], whole[:cut])


def test_given_nothing_will_follow_then_the_beginning_of_a_record_is_given_out_as_broken() -> None:
    whole = record(START)
    records, rest = split_records(whole + whole[:40], final=True)
    assert rest == b""
    assert [len(one.fields) for one in records] == [14, 1]
    unended, rest = split_records(whole[:-1], final=True)
    assert list(unended[0].fields) == START


@given(st.binary(max_size=400))
def test_whatever_bytes_stand_in_the_journal_reading_ends(data: bytes) -> None:
    records, rest = split_records(data, final=True)
    assert rest == b""
    assert all(one.begin < one.end for one in records)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_whatever_bytes_came_before_a_good_record_is_found(before: bytes, after: bytes) -> None:
    records, rest = split_records(before + record(START) + after)
    again, _ = split_records(rest, final=True)
    assert START in [list(one.fields) for one in (*records, *again)]
