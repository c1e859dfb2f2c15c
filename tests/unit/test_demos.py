"""The demonstrations leave nothing behind, and say how a person goes on by himself."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ivr import credentials
from tests.demo import ended_whole
from tests.demo_two import DESKS, WORDS, Desk, login


def test_given_a_demonstration_that_is_terminated_then_what_it_started_is_ended_before_it_goes() -> None:
    before, ended = signal.getsignal(signal.SIGTERM), []
    with pytest.raises(SystemExit), ended_whole():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()  # until it has come
        finally:
            ended.append("hotline")
    assert (ended, signal.getsignal(signal.SIGTERM)) == (["hotline"], before)


@pytest.mark.parametrize("language", sorted(WORDS))
def test_given_two_hotlines_that_stay_then_each_says_who_logs_in_and_where_a_telephone_calls(
    tmp_path: Path, language: str
) -> None:
    desks = [Desk(name, tmp_path / name) for name in DESKS]
    for one in desks:
        one.settle({other.desk: other.public_key for other in desks})
        credentials.ensure(one.var, one.site)
        told = login(one, WORDS[language]["login"])
        user = {"12345": "1002", "110": "2002"}[one.desk]
        assert f"{one.site.web_url}/desk" in told
        assert f"{user} / {one.secrets['passwords'][user]}" in told
        assert f"sip:{one.desk}@{one.site.listen.sip.host}:5060" in told
