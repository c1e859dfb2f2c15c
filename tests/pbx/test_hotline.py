"""The tests' own post-condition is put to the test: it must complain while something is open, and only then."""

from __future__ import annotations

from tests.pbx.hotline import Hotline


def test_given_a_running_talk_then_it_counts_as_left_open_until_it_is_over(hotline: Hotline) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    call = hotline.call_of(citizen.name, ended=False)
    left = hotline.left_open()
    assert {line.split()[0] for line in left} >= {"channel", "bridge", "call", "leg"}
    assert any(call.id in line for line in left)
    citizen.hangup()
    hotline.assert_clean()
    assert hotline.left_open() == []
