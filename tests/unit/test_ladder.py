"""A call as a picture: every part is there, in cells of a terminal, in two languages."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calls import ladder_words
from ivr.calls.ladder import draw
from ivr.calls.ladder_text import cells, fit, shown, wrap, wrap_list
from ivr.calls.ladder_words import PHRASES, Words
from ivr.calls.model import Attempt, Call, Leg, Step, Talk, Transfer
from ivr.calls.projection import project
from tests.replay.streams import STREAMS, rows
from tests.replay.tape import at

ID = "f6c4d680-2355-45fe-a50b-d496f371bf54"


def transferred(caller: str = "13800138000") -> Call:
    """An operator; 110's first route is busy, the second answers; the operator is released, the caller hangs up."""
    first, second = "sip:110@10.0.0.1", "sip:110@10.0.0.2"
    attempts = (
        Attempt(first, at(10.1), "d1", None, None, "busy", 17),
        Attempt(second, at(10.6), "d2", at(10.7), at(14), "answered", None),
    )
    return Call(
        id=ID, number="12345", caller=caller, entered_at=at(0), node="hotline", answered_at=at(3), ended_at=at(75.25),
        outcome="transferred", language="zh",
        legs=(
            Leg("c", ID, "caller", caller, caller, "in", at(0), None, at(0), at(75.25), 16, "caller", "c.wav", at(0)),
            Leg("o", ID, "operator", "1001", "1001", "out", at(1), at(1), at(3), at(17), 16, "system", "o.wav", at(3)),
            Leg("d1", ID, "desk", "110", "110", "out", at(10.1), None, None, at(10.5), 17, "desk"),
            Leg("d2", ID, "desk", "110", "110", "out", at(10.7), at(10.7), at(14), at(75.2), 16, "caller"),
        ),
        talks=(
            Talk(ID, "c", "o", at(3), at(17)),
            Talk(ID, "c", "d2", at(14), at(75.2)),
            Talk(ID, "o", "d2", at(14), at(17)),
        ),
        transfers=(
            Transfer("t", ID, "o", "110", "transfer", "key", at(10), "completed", None, None, at(16.9), attempts),
        ),
        steps=(Step(ID, at(0.2), "greeting", "zh"), Step(ID, at(0.9), "queue", "q-general")),
    )  # fmt: skip


CHINESE = """\
通话 f6c4d680-2355-45fe-a50b-d496f371bf54  2026-11-22 12:00:00 UTC  已转接

               来电人          坐席         联动平台
             13800138000       1001            110
 0:00.000         ◆                                      来电，拨打 12345
 0:00.200         ◆                                      播放欢迎词：中文
 0:00.900         ◆                                      进入队列 q-general
 0:01.000         │┄┄┄┄┄┄┄┄┄┄┄┄┄▶┊                       呼叫 坐席 1001
 0:03.000         ┣━━━━━━━━━━━━━━┫                       开始通话
                  ┃              ┃
 0:10.000         ┃              ◆                       转接 110（成功转，坐席按键）
 0:10.100         ┃              ┃┄┄┄┄┄┄┄┄┄┄┄┄┄▶┊        拨打 sip:110@10.0.0.1
 0:10.500         ┃              ┃              ╵        联动平台 110：忙 (17)
 0:10.700         ┃              ┃┄┄┄┄┄┄┄┄┄┄┄┄┄▶┊        拨打 sip:110@10.0.0.2
                  ┃              ┃              ┊
 0:14.000         ┣━━━━━━━━━━━━━━╋━━━━━━━━━━━━━━┫        三方通话
                  ┃              ┃              ┃
 0:16.900         ┃              ┃              ┃        转接 110：成功
 0:17.000         ┃              ┸              ┃        坐席 1001 由系统释放：正常挂机 (16)
                  ┃                             ┃
 1:15.250         ┸                             ┸        来电人 挂机：正常挂机 (16)

全程 1:15.2 · 等待 0:03.0 · 录音 2 段
来电人 ↔ 坐席 1001 0:14.0 · 来电人 ↔ 联动平台 110 1:01.2 · 坐席 1001 ↔ 联动平台 110 0:03.0"""

ENGLISH = """\
Call f6c4d680-2355-45fe-a50b-d496f371bf54  2026-11-22 12:00:00 UTC  transferred

               caller        operator         desk
             13800138000       1001            110
 0:00.000         ◆                                      dials 12345
 0:00.200         ◆                                      hears the greeting: Chinese
 0:00.900         ◆                                      enters queue q-general
 0:01.000         │┄┄┄┄┄┄┄┄┄┄┄┄┄▶┊                       operator 1001 is called
 0:03.000         ┣━━━━━━━━━━━━━━┫                       talk begins
                  ┃              ┃
 0:10.000         ┃              ◆                       transfer to 110 (transfer, by key)
 0:10.100         ┃              ┃┄┄┄┄┄┄┄┄┄┄┄┄┄▶┊        sip:110@10.0.0.1 is dialled
 0:10.500         ┃              ┃              ╵        desk 110: busy (17)
 0:10.700         ┃              ┃┄┄┄┄┄┄┄┄┄┄┄┄┄▶┊        sip:110@10.0.0.2 is dialled
                  ┃              ┃              ┊
 0:14.000         ┣━━━━━━━━━━━━━━╋━━━━━━━━━━━━━━┫        three-party talk
                  ┃              ┃              ┃
 0:16.900         ┃              ┃              ┃        transfer to 110: completed
 0:17.000         ┃              ┸              ┃        operator 1001 is released: normal clearing
                  ┃                             ┃        (16)
                  ┃                             ┃
 1:15.250         ┸                             ┸        caller hangs up: normal clearing (16)

1:15.2 in all · 0:03.0 of waiting · recordings: 2
caller ↔ operator 1001 0:14.0 · caller ↔ desk 110 1:01.2 · operator 1001 ↔ desk 110 0:03.0"""


def test_a_whole_story_in_chinese() -> None:
    assert draw(transferred()) == CHINESE


def test_a_whole_story_in_english() -> None:
    assert draw(transferred(), language="en") == ENGLISH


def test_given_a_zone_then_the_call_has_its_local_date() -> None:
    assert "2026-11-22 20:00:00 CST" in draw(transferred(), zone=ZoneInfo("Asia/Shanghai"))


def test_given_a_running_call_then_its_bars_go_on() -> None:
    call = transferred()
    legs = tuple(replace(leg, ended_at=None, cause=None, hung_up_by=None) for leg in call.legs[:2])
    running = replace(
        call, ended_at=None, outcome=None, legs=legs, transfers=(), talks=(replace(call.talks[0], ended_at=None),)
    )
    assert draw(running).splitlines()[-3] == "                  ┃              ┃"
    assert "通话进行中" in draw(running)


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("stream", STREAMS)
def test_no_line_is_wider_than_the_terminal(stream: str, language: ladder_words.Language, width: int) -> None:
    for call in project(rows(stream)):
        if 11 + 9 * len(call.legs) + 17 <= width:
            widest = max(draw(call, width, language).splitlines(), key=cells)
            assert cells(widest) <= width, widest


@pytest.mark.parametrize(
    "typed", ["\x1b[2J\x1b[31m", "a\r\nCall forged", "\u202e00831\u202c", "\u2028", "\x00\x7f\x9b", "\ud800"]
)
def test_given_a_hostile_number_then_nothing_of_it_moves_the_cursor(typed: str) -> None:
    usual = draw(transferred())
    picture = draw(transferred(caller=typed))
    assert len(picture.splitlines()) == len(usual.splitlines())
    assert all(char == "\n" or char.isprintable() for char in picture)
    picture.encode()


def test_given_chinese_names_then_columns_still_stand_on_their_axis() -> None:
    call = transferred(caller="张三丰")
    line = draw(call).splitlines()[3]
    assert cells(line.split("1001")[0]) == cells(CHINESE.splitlines()[3].split("1001")[0])


@given(st.text(), st.integers(0, 40))
def test_whatever_text_it_fits_and_wraps(text: str, width: int) -> None:
    safe = shown(text)
    assert all(char.isprintable() or char == "\u3000" or char.isspace() for char in safe)
    assert cells(fit(safe, width)) <= width
    lines = wrap(safe, max(width, 2))
    assert all(cells(line) <= max(width, 2) for line in lines)
    assert "".join("".join(lines).split()) == "".join(safe.split())


def test_parts_are_kept_whole_where_they_fit() -> None:
    assert wrap_list(["aaa", "bbb", "ccc"], 9) == ["aaa · bbb", "ccc"]


@pytest.mark.parametrize("table", [name for name in vars(ladder_words) if name.isupper()])
def test_every_word_has_both_languages_and_the_same_blanks(table: str) -> None:
    words: ladder_words.Table = getattr(ladder_words, table)
    for word, (chinese, english) in words.items():
        assert chinese, word
        assert english, word
        blanks = [{part.split("}")[0] for part in text.split("{")[1:]} for text in (chinese, english)]
        assert blanks[0] == blanks[1], word


def test_given_a_word_that_nobody_knows_then_it_is_shown_as_it_is() -> None:
    assert Words("zh").of(PHRASES, "brand_new") == "brand new"
