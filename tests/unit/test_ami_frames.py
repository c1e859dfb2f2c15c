"""AMI's bytes as frames, and which of them are believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.pbx.frames import Cutter, EndlessFrameError, disbelief, parse, torn

MARK = "m0123456789abcdef01234567"


def newchannel(number: str) -> bytes:
    return (
        f"Event: Newchannel\r\nPrivilege: call,all\r\nSystemName: {MARK}\r\nChannel: PJSIP/trunk-public-00000001\r\n"
        f"ChannelState: 4\r\nChannelStateDesc: Ring\r\nCallerIDNum: {number}\r\nCallerIDName: <unknown>\r\n"
        f"Uniqueid: {MARK}-1795352217.5\r\nLinkedid: {MARK}-1795352217.5\r\nChanVariable: CALL_ID=\r\n\r\n"
    ).encode()


def judged(number: str) -> list[str | None]:
    return [disbelief(parse(raw), MARK) for raw in Cutter().feed(newchannel(number))]


def test_given_an_honest_number_the_event_is_believed() -> None:
    assert judged("13800138000") == [None]


def test_given_a_number_that_ends_the_event_both_halves_are_dropped() -> None:
    assert judged("b\r\n\r\nEvent: Fake\r\nX: y") == ["torn", "no mark"]


def test_given_a_number_that_brings_a_uniqueid_of_its_own_the_torn_half_is_still_seen() -> None:
    assert judged("b\r\nUniqueid: zz\r\n\r\nEvent: Hangup\r\nSystemName: m00") == ["torn", "no mark"]


def test_given_a_number_that_adds_a_header_which_stands_there_too_the_event_is_dropped_in_any_case_of_letters() -> None:
    assert judged("b\r\nUniqueid: zz\r\nX: y") == ["repeated header"]
    assert judged("b\r\nuniqueid: zz\r\nX: y") == ["repeated header"]


def test_given_a_tail_without_an_event_it_is_not_believed() -> None:
    assert judged("b\r\n\r\nX: y") == ["torn", "no event"]


def test_given_a_two_channel_event_without_the_second_uniqueid_it_is_torn() -> None:
    whole = {
        "Channel": "PJSIP/a-1",
        "ChannelState": "6",
        "Uniqueid": f"{MARK}-1.1",
        "DestChannel": "PJSIP/b-1",
        "DestChannelState": "5",
        "DestUniqueid": f"{MARK}-1.2",
    }
    assert not torn(whole, MARK)
    assert torn({name: value for name, value in whole.items() if name != "DestUniqueid"}, MARK)


def test_given_the_banner_and_the_first_answer_in_one_frame_the_answer_is_read() -> None:
    frame = parse(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nMessage: Authentication accepted")
    assert frame.headers == {"Response": "Success", "Message": "Authentication accepted"}


def test_given_the_output_of_a_command_its_lines_stay_together() -> None:
    frame = parse(b"Response: Success\r\nOutput: one: 1\r\nOutput:  two")
    assert frame.headers["Output"] == "one: 1\n two"
    assert frame.repeated == ()


def test_given_bytes_that_are_no_utf8_nothing_around_them_is_lost() -> None:
    frame = parse("CallerIDName: 王".encode("gbk") + b"\r\nUniqueid: 1")
    assert frame.headers["CallerIDName"].startswith("�")
    assert frame.headers["Uniqueid"] == "1"


def test_given_a_peer_that_never_ends_its_frame_the_cutter_gives_up() -> None:
    cutter = Cutter(limit=10)
    with pytest.raises(EndlessFrameError):
        cutter.feed(b"x" * 11)


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), min_size=1)), st.data())
def test_given_any_chunks_every_frame_comes_out_whole(values: list[str], data: st.DataObject) -> None:
    stream = b"".join(f"Name: {value}\r\n\r\n".encode() for value in values)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    cutter, frames = Cutter(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        frames += cutter.feed(stream[start:end])
    assert [parse(frame).headers["Name"] for frame in frames] == values
