"""What is sent to Asterisk, heard from it, or opened on disk never means more than it says. Pure: no hotline runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.calls.model import Call, Leg
from ivr.pbx.agi_lines import AgiError, assignments, read_environment
from ivr.pbx.manager import BadValueError, Order
from ivr.store.recordings import RecordingError, tracks
from tests.attacks.words import WORDS


@pytest.mark.parametrize("ending", ["\r\n\r\nAction: Command\r\nCommand: core stop now", "\nX: y", "\rX: y", "\0"])
def test_given_a_line_end_in_an_action_then_it_is_not_sent(ending: str) -> None:
    for headers in ({"Action": "Setvar", "Value": f"a{ending}"}, {"Action": "Setvar", "Variable": ["a", f"b{ending}"]},
                    {"Action": f"Ping{ending}"}, {"Action": "Ping", f"X{ending}": "y"}):  # fmt: skip
        with pytest.raises(BadValueError):
            Order(headers)


@pytest.mark.parametrize("word", [*WORDS.values(), "a\nagi_uniqueid: m0-1.1", "a\rb", "a\0b"])
def test_given_an_answer_to_the_dialplan_then_no_value_can_be_more_than_itself(word: str) -> None:
    with pytest.raises(AgiError):
        assignments({"QUEUE": word})


@pytest.mark.parametrize(
    "raw", [b"agi_a: b\nagi_a: c\n", b"agi_a: b\nno colon\n", b"agi_a: b\n\nX: y\n", b"agi a: b\n", b"\n", b"agi_a\n"]
)
def test_given_an_environment_that_a_number_has_cut_then_it_is_not_believed(raw: bytes) -> None:
    with pytest.raises(AgiError):
        read_environment(raw)


OUTSIDE = ["../secret.wav", "/etc/passwd", "a/../../secret.wav", "link.wav", "folder/secret.wav", "a\0b.wav",
           "x" * 5000 + ".wav", "x/" * 3000 + "a.wav", ".", "", "CON", "-rf"]  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_given_a_recordings_name_of_tricks_then_nothing_outside_the_folder_is_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (tmp_path / "secret.wav").write_bytes(b"RIFFxxxxWAVE secret")
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "folder").symlink_to(tmp_path, target_is_directory=True)
    now = datetime.now(UTC)
    leg = Leg("1", "c", "caller", "1", "1", "in", started_at=now, recording=name)
    call = Call("c", "12345", "1", now, "hotline", legs=(leg,))
    if not name:
        assert tracks(call, folder) == []
        return
    with pytest.raises(RecordingError) as refused:
        tracks(call, folder)
    assert "secret.wav" not in refused.value.message or name in refused.value.message
