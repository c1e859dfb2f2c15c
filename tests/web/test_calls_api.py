"""The call log over HTTP: masked numbers, the ladder, listening, exports."""

from __future__ import annotations

import asyncio
import csv
import io
import struct
import wave
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivr.calls.masking import mask, masked
from ivr.calls.model import Step
from ivr.store.audit import Audit
from ivr.web import exported, exports, recordings
from tests.unit.stories import at, transferred
from tests.web.house import TOKENS, House

AUDITOR = TOKENS["li"].token
HEARD = 2.0  # seconds in each recording
RATE = 8000


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "+86****8000"),
        ("01012345678", "010****5678"),
        ("82345678", "82****78"),
        ("6234567", "6****67"),
        ("12345", "12345"),
        ("1001", "1001"),
        ("", ""),
        ("~0123456789ab", "~0123456789ab"),
    ],
)
def test_given_a_number_then_its_middle_is_hidden_and_masking_twice_is_masking_once(number: str, shown: str) -> None:
    assert mask(number) == shown
    assert mask(shown) == shown


def test_given_a_call_when_masked_then_the_callers_number_stands_nowhere_in_it() -> None:
    call = transferred("c-1")
    call = replace(call, steps=(*call.steps, Step("c-1", at(1), "key", "13800138000#")))
    assert "13800138000" not in repr(masked(call))
    assert "138****8000#" in repr(masked(call))


def a_wav(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(struct.pack("<h", level) * int(HEARD * RATE))


async def recorded(house: House) -> None:
    """The caller's voice begins at 0.2 s, the operator's at 7 s."""
    call = transferred("c-1")
    caller, operator, desk = call.legs
    operator = replace(operator, recording="2026/11/22/c-1/2.wav", recorded_from=at(7))
    await house.store.save([replace(call, legs=(caller, operator, desk))])
    a_wav(house.services.var / "recordings/2026/11/22/c-1/1.wav", 1000)
    a_wav(house.services.var / "recordings/2026/11/22/c-1/2.wav", 3000)


async def audited(house: House) -> list[tuple[str, str, str]]:
    return [(entry.what, entry.about, entry.why) for entry in await Audit(house.store).listed()]


async def test_given_no_right_to_numbers_when_calls_are_read_then_they_are_masked_everywhere(house: House) -> None:
    await house.store.save([transferred("c-1")])
    for path in ("/api/v1/calls", "/api/v1/calls/c-1", "/api/v1/calls/c-1/ladder", "/api/v1/calls?caller=13800138000"):
        async with house.client.get(path, headers={"Authorization": f"Bearer {AUDITOR}"}) as answer:
            text = await answer.text()
        assert answer.status == 200
        assert "138****8000" in text
        assert "13800138000" not in text


async def test_given_a_number_when_uncovered_then_who_may_gets_it_and_why_is_on_record(house: House) -> None:
    await house.store.save([transferred("c-1")])
    path = "/api/v1/calls/c-1/unmask"
    status, body = await house.ask("POST", path, token=AUDITOR, json={"reason": "curious"})
    assert (status, body["error"]["id"]) == (403, "forbidden")
    for reason in ({}, {"reason": "  "}):
        assert (await house.ask("POST", path, json=reason))[0] == 422
    assert await audited(house) == []
    status, body = await house.ask("POST", path, json={"reason": "call back"})
    assert (status, body["unmasked"]["caller"]) == (200, "13800138000")
    assert await audited(house) == [("call.unmask", "c-1", "call back")]


async def test_given_a_call_then_its_ladder_has_bars_and_the_terminals_own_words(house: House) -> None:
    await house.store.save([transferred("c-1")])
    headers = {"Accept-Language": "zh"}
    status, body = await house.ask("GET", "/api/v1/calls/c-1/ladder", headers=headers)
    assert status == 200
    ladder = body["ladder"]
    assert [column["name"] for column in ladder["columns"]] == ["来电人", "坐席", "联动平台"]
    assert [bar["kind"] for bar in ladder["bars"] if bar["column"] == 2] == ["rings", "talks"]
    assert [bar["kind"] for bar in ladder["bars"] if bar["column"] == 0] == ["alone", "talks"]
    texts = [moment["text"] for moment in ladder["moments"]]
    assert "转接 110（成功转，坐席按键）" in texts
    assert "三方通话" in texts
    assert ladder["recordings"] == {"state": "kept", "held": False}


class TestListening:
    async def test_given_a_reason_then_it_is_on_record_and_all_parties_are_heard_in_step(self, house: House) -> None:
        await recorded(house)
        status, body = await house.ask(
            "POST", "/api/v1/calls/c-1/listening", token=AUDITOR, json={"reason": "complaint"}
        )
        assert status == 200
        assert await audited(house) == [("call.listen", "c-1", "complaint")]
        heard = body["listening"]
        assert heard["seconds"] == pytest.approx(6.8 + HEARD)
        assert [(leg["role"], leg["party"], leg["seconds"]) for leg in heard["legs"]] == [
            ("caller", "138****8000", HEARD),
            ("operator", "1001", HEARD),
        ]
        assert set(heard["legs"][0]["peaks"]) == {1000 >> 7}
        async with house.client.get(heard["url"], headers={"Authorization": f"Bearer {AUDITOR}"}) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Content-Disposition"] == "inline"
            sound = await answer.read()
        with wave.open(io.BytesIO(sound)) as file:
            samples = memoryview(file.readframes(file.getnframes())).cast("h")
        assert (samples[0], samples[int(5 * RATE)], samples[int(7 * RATE)]) == (1000, 0, 3000)
        assert len(samples) / RATE == pytest.approx(heard["seconds"])

    @pytest.mark.parametrize(
        ("wanted", "first", "last"), [("0-1", 0, 1), ("43-50", 43, 50), ("1001-", 1001, None), ("-3", -3, None)]
    )
    async def test_given_any_range_then_it_is_that_piece_of_the_whole(
        self, house: House, wanted: str, first: int, last: int | None
    ) -> None:
        await recorded(house)
        _, body = await house.ask("POST", "/api/v1/calls/c-1/listening", json={"reason": "why"})
        url = body["listening"]["url"]
        async with house.client.get(url, headers=house.bearer) as answer:
            whole = await answer.read()
        async with house.client.get(url, headers={**house.bearer, "Range": f"bytes={wanted}"}) as answer:
            assert answer.status == 206
            assert await answer.read() == whole[first : last + 1 if last is not None else None]
        async with house.client.get(url, headers={**house.bearer, "Range": "bytes=999999999-"}) as answer:
            assert answer.status == 416

    async def test_given_a_ticket_then_it_plays_one_call_for_one_holder_for_an_hour(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await recorded(house)
        await house.store.save([transferred("c-2")])
        _, body = await house.ask("POST", "/api/v1/calls/c-1/listening", json={"reason": "why"})
        url = body["listening"]["url"]

        async def refused(url: str, token: str) -> str:
            status, body = await house.ask("GET", url, token=token)
            assert status == 403
            return str(body["error"]["id"])

        admin = house.bearer["Authorization"].removeprefix("Bearer ")
        assert await refused(url, AUDITOR) == "bad_ticket"
        assert await refused(url, TOKENS["wang"].token) == "forbidden"
        assert await refused(url.replace("c-1", "c-2"), admin) == "bad_ticket"
        assert await refused(url[:-1] + ("0" if url[-1] != "0" else "1"), admin) == "bad_ticket"
        later = recordings.time.time() + recordings.SECONDS + 1
        monkeypatch.setattr(recordings.time, "time", lambda: later)
        assert await refused(url, admin) == "bad_ticket"

    async def test_given_nothing_to_hear_then_it_is_said_why_and_nothing_is_on_record(self, house: House) -> None:
        call = transferred("c-1")
        await house.store.save([
            call,
            replace(transferred("c-2"), legs=tuple(replace(leg, recording=None) for leg in transferred("c-2").legs)),
            transferred("c-3", ended=False),
        ])  # fmt: skip
        found = [
            (await house.ask("POST", f"/api/v1/calls/c-{n}/listening", json={"reason": "why"}))[1]["error"]["id"]
            for n in (1, 2, 3)
        ]
        assert found == ["recording_missing", "not_recorded", "call_running"]
        assert await audited(house) == []


async def exported_by(house: House, **wanted: Any) -> dict[str, Any]:
    status, body = await house.ask("POST", "/api/v1/exports", json=wanted)
    assert status == 202, body
    async with asyncio.timeout(60):
        while body["export"]["state"] == "running":
            await asyncio.sleep(0.05)
            _, body = await house.ask("GET", f"/api/v1/exports/{body['export']['id']}")
    return dict(body["export"])


async def taken(house: House, export: dict[str, Any]) -> bytes:
    async with house.client.get(export["url"], headers=house.bearer) as answer:
        assert answer.status == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        return await answer.read()


class TestExports:
    async def test_given_filters_then_the_sheet_has_those_calls_masked_and_is_on_record(
        self, house_on_each_database: House
    ) -> None:
        house = house_on_each_database
        hostile = replace(transferred("c-2", start=100), handed_over_by='=HYPERLINK("//x")')
        await house.store.save([transferred("c-1"), hostile, transferred("c-3", start=200, caller="13900139000")])
        made = await exported_by(house, format="csv", filters={"caller": "13800138000"})
        assert (made["state"], made["rows"], made["total"]) == ("ready", 2, 2)
        text = (await taken(house, made)).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        assert [row[1] for row in rows[1:]] == ["138****8000", "138****8000"]
        assert rows[1][8] == '\'=HYPERLINK("//x")'
        assert "110 " in rows[1][7]
        [entry] = await Audit(house.store).listed()
        assert (entry.what, entry.details) == (
            "call.export", {"filters": {"caller": "13800138000"}, "rows": 2, "full": False}
        )  # fmt: skip

    async def test_given_whole_numbers_then_they_need_a_reason_and_the_role(self, house: House) -> None:
        await house.store.save([transferred("c-1")])
        status, body = await house.ask("POST", "/api/v1/exports", json={"format": "xlsx", "full": True})
        assert (status, body["error"]["id"]) == (422, "no_reason")
        wish = {"format": "xlsx", "full": True, "reason": "r"}
        status, body = await house.ask("POST", "/api/v1/exports", token=AUDITOR, json=wish)
        assert (status, body["error"]["id"]) == (403, "forbidden")
        sheet = await taken(house, await exported_by(house, **wish))
        with zipfile.ZipFile(io.BytesIO(sheet)) as book:
            assert "13800138000" in "".join(book.read(name).decode() for name in book.namelist() if "sheet" in name)

    async def test_given_more_calls_than_a_sheet_takes_then_it_is_said_and_nothing_is_left(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "MOST_ROWS", 1)
        await house.store.save([transferred("c-1"), transferred("c-2", start=100)])
        made = await exported_by(house, format="csv")
        assert (made["state"], made["error"]["id"], made["error"]["details"]) == (
            "failed",
            "export_too_large",
            {"limit": 1},
        )
        assert list((house.services.var / "exports").iterdir()) == []

    async def test_given_another_persons_export_then_it_is_unknown(self, house: House) -> None:
        made = await exported_by(house, format="csv")
        for method in ("GET", "DELETE"):
            assert (await house.ask(method, f"/api/v1/exports/{made['id']}", token=AUDITOR))[0] == 404
        assert (await house.ask("DELETE", f"/api/v1/exports/{made['id']}"))[0] == 200
        assert list((house.services.var / "exports").iterdir()) == []

    async def test_given_as_many_as_may_run_then_one_more_is_refused(self, house: House) -> None:
        registry = house.services.exports
        for _ in range(exported.AT_ONCE):
            registry.begin(house.services.var / "exports", "somebody", "csv")
        status, body = await house.ask("POST", "/api/v1/exports", json={"format": "csv"})
        assert (status, body["error"]["id"]) == (429, "exports_busy")
