"""Prompts over HTTP: looked at, listened to, changed by who may; refusals in the reader's language."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.pbx import prompts
from ivr.settings import Site
from ivr.store.audit import Audit
from ivr.store.errors import DatabaseDownError
from tests.unit.prompt_sounds import a_site, encode, record, tone
from tests.web.house import House, a_house

ALL = "/api/v1/prompts"
GREETING = f"{ALL}/zh/greeting"


@pytest.fixture
async def unspoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A hotline with two prompts that are not made yet, and texts of its own in a folder `city`."""
    own: Site = a_site(tmp_path, monkeypatch, ("greeting", "digits/1"))
    (tmp_path / "var").mkdir()
    async with a_house(tmp_path / "var", site_folder=Path(own.path).parent, interval=0.02) as opened:
        yield opened


@pytest.fixture
async def house(unspoken: House) -> House:
    await asyncio.to_thread(prompts.ensure, unspoken.services.site, unspoken.services.var, lambda _: None)
    return unspoken


def left_over(folder: Path) -> list[Path]:
    return list(folder.rglob(".upload-*"))


async def test_given_no_database_when_a_prompt_is_changed_then_it_stays_as_it_was(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be put on record is not done."""

    async def down(*_: object, **__: object) -> None:
        raise DatabaseDownError("sqlite", "no answer")

    monkeypatch.setattr(Audit, "note", down)
    before = (await house.ask("GET", GREETING))[1]
    status, answer = await house.ask("PUT", f"{GREETING}/text", json={"text": "您好。您好。"})
    assert (status, answer["error"]["id"]) == (503, "database_unavailable")
    assert (await house.ask("GET", GREETING))[1] == before


async def test_given_prompts_when_listed_then_each_tells_its_facts(house: House) -> None:
    _, answer = await house.ask("GET", ALL)
    of = {(one["name"], one["language"]): one for one in answer["prompts"]}
    assert of["greeting", "zh"]["kind"] == "generated"
    assert of["greeting", "zh"]["measured"]["lufs"] == pytest.approx(-23, abs=0.3)
    assert of["greeting", "zh"]["played"]
    _, answer = await house.ask("GET", f"{ALL}/en/digits%2F1")
    assert (answer["prompt"]["name"], answer["prompt"]["category"], answer["findings"]) == ("digits/1", "number", [])
    _, answer = await house.ask("GET", f"{ALL}/check")
    assert {one["code"] for one in answer["findings"] if one["severity"] == "problem"} == {"no-prompt"}
    assert (await house.ask("GET", f"{ALL}/zh/nothing"))[0] == 404


async def test_given_a_recording_of_any_kind_when_sent_then_it_is_heard_and_can_be_taken_out(
    house: House, tmp_path: Path
) -> None:
    file = encode(tmp_path / "studio.mp3", record(tmp_path / "s.wav", tone(1.0, 0.3)))
    status, answer = await house.ask("PUT", f"{GREETING}/sound", data=file.read_bytes())
    assert (status, answer["findings"]) == (200, [])
    assert "mp3" in answer["changed"]["done"][0]["zh"]
    assert (await house.ask("GET", GREETING))[1]["prompt"]["kind"] == "recorded"
    status, answer = await house.ask("DELETE", f"{GREETING}/sound")
    assert status == 200
    assert (await house.ask("GET", GREETING))[1]["prompt"]["kind"] == "generated"
    status, answer = await house.ask("DELETE", f"{GREETING}/sound")
    assert (status, answer["error"]["id"]) == (404, "no_recording")
    assert not left_over(tmp_path)


async def test_given_what_a_killed_process_left_when_a_file_is_sent_then_it_is_cleared_away(unspoken: House) -> None:
    old, new = (unspoken.services.var / f".upload-{name}" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    await unspoken.ask("PUT", f"{GREETING}/sound", data=b"no sound")
    assert left_over(unspoken.services.var) == [new]


async def test_given_a_prompt_when_listened_to_then_its_wav_comes_whole_or_in_part(house: House) -> None:
    path = house.services.var / "prompts/zh/greeting.wav"
    for headers, status, data in (
        ({}, 200, path.read_bytes()),
        ({"Range": "bytes=4-7"}, 206, path.read_bytes()[4:8]),
        ({"Range": "bytes=99999999-"}, 416, b""),
    ):
        async with house.client.get(f"{GREETING}/sound", headers=house.bearer | headers) as response:
            assert (response.status, await response.read()) == (status, data)
            assert response.headers["Content-Type"] == "audio/wav"
    assert (await house.ask("GET", f"{ALL}/zh/nothing/sound"))[0] == 404
    assert (await house.ask("GET", f"{ALL}/xx/greeting/sound"))[0] == 404


async def test_given_words_when_said_then_they_are_spoken(house: House) -> None:
    status, answer = await house.ask("PUT", f"{GREETING}/text", json={"text": "您好，{number}热线。", "by": "王芳"})
    assert (status, answer["findings"]) == (200, [])
    assert (await house.ask("GET", GREETING))[1]["prompt"]["text"] == "您好，12345热线。"
    rows = await Audit(house.store).listed(what="prompt.")
    assert [(row.who, row.role, row.what, row.about) for row in rows] == [("王芳", "admin", "prompt.say", "greeting")]
    new = {"text": "今晚有暴雨。", "category": "notice"}
    status, answer = await house.ask("PUT", f"{ALL}/zh/site-flood/text", json=new)
    assert (status, [one["code"] for one in answer["findings"]]) == (200, [])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("path", "body", "status", "id"),
    [
        ("/zh/site-sale/text", {"text": "春季大促。", "category": "advertising"}, 422, "advertising_refused"),
        ("/zh/site-sale/text", {"text": "春季大促。"}, 422, "no_category"),
        ("/zh/site-sale/text", {"text": "春季大促。", "category": "weather"}, 422, "unknown_category"),
        ("/zh/greeting/text", {"text": "{x}"}, 422, "bad_placeholder"),
        ("/zh/greeting/text", {"text": "您好，这里是市民服务热线，" * 5}, 422, "greeting_too_long"),
        ("/zh/greeting/text", {}, 422, "invalid_request"),
        ("/xx/greeting/text", {"text": "您好"}, 422, "unknown_language"),
        ("/zh/..%2F..%2Fetc/text", {"text": "您好"}, 422, "invalid_request"),
        ("/zh/greeting/sound?category=commercial", b"x", 422, "advertising_refused"),
        ("/zh/greeting/sound", b"#EXTM3U\nfile:///etc/passwd\n", 422, "no_sound"),
        ("/zh/greeting/sound", b"", 422, "no_sound"),
        ("/zh/greeting/sound", b"0" * (33 * 1024 * 1024), 413, "sound_too_large"),
    ],
)
async def test_given_what_cannot_be_a_prompt_then_it_is_refused_in_the_readers_language(
    unspoken: House, path: str, body: object, status: int, id: str, language: str
) -> None:
    headers = {"Accept-Language": language}
    sent = {"data": body} if isinstance(body, bytes) else {"json": body}
    given, answer = await unspoken.ask("PUT", f"{ALL}{path}", headers=headers, **sent)
    assert (given, answer["error"]["id"]) == (status, id)
    assert any("一" <= letter <= "鿿" for letter in answer["error"]["message"]) == (language == "zh")
    assert not left_over(unspoken.services.var)
