"""Photographs of work orders: kept by what they are, gone when nobody needs them or their case is erased (R65)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.channels.enclosures import keep, name_of
from ivr.channels.incoming import Enclosed
from ivr.desks.case_letters import PAPERS
from ivr.store import Store, case_erasure, tables
from ivr.store.attachments import Attachments, BadFileError, Place, UnknownFileError, type_of
from ivr.store.cases import Cases
from ivr.store.channels import Arrival, Arrivals
from ivr.store.work_orders import Row, WorkOrders
from tests.unit.clocks import START, Clock
from tests.unit.stories import transferred

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 100


@pytest.fixture
def files(store: Store, clock: Clock, tmp_path: Path) -> Attachments:
    return Attachments(store, tmp_path / "attachments", clock)


@pytest.fixture
async def order(store: Store, clock: Clock) -> Row:
    """Of the case of call c-1."""
    await store.save([transferred("c-1")])
    cases = Cases(store, "12345", clock=clock)
    case = (await cases.open("1001", "phone", {"cause": "路灯不亮"}, call="c-1")).case.id
    limits = dict.fromkeys(("due", "sign_by"), (START + timedelta(days=7)).isoformat())
    await cases.act(case, "1001", "ordered", {"order": "lamp", "department": "chengguan", **limits})
    return await WorkOrders(store, "12345").get("lamp")


def on_disk(files: Attachments) -> set[str]:
    return {path.name for path in files.folder.rglob("*") if path.is_file()}


async def sent(files: Attachments, order: Row, tmp_path: Path, body: bytes = PNG) -> str:
    came = tmp_path / "came"
    came.write_bytes(body)
    return (await files.add(place_of(order), "张三家门口.png", came, "chengguan/li")).id


def place_of(order: Row) -> Place:
    return Place(order["case_id"], order["id"], "chengguan")


@pytest.mark.parametrize(
    ("beginning", "name"),
    [
        (b"\xff\xd8\xff\xe1....Exif", "image/jpeg"),
        (PNG, "image/png"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7\n", "application/pdf"),
    ],
)
def test_given_the_first_bytes_then_they_say_what_it_is(beginning: bytes, name: str) -> None:
    assert type_of(beginning[:16]) == name


@pytest.mark.parametrize(
    "beginning", [b"", b"\xff\xd8", b"GIF89a", b"<svg", b"RIFF\x10\x00\x00\x00WAVE", b"PK\x03\x04"]
)
def test_given_other_bytes_then_they_are_refused(beginning: bytes) -> None:
    with pytest.raises(BadFileError):
        type_of(beginning)


async def test_given_a_file_that_no_event_names_when_a_day_is_over_then_it_goes_and_the_named_one_stays(
    store: Store, files: Attachments, order: Row, clock: Clock, tmp_path: Path
) -> None:
    named, forgotten = await sent(files, order, tmp_path), await sent(files, order, tmp_path)
    told = [{**vars_of(file)} for file in await files.of(place_of(order), [named])]
    done = {"order": "lamp", "result": "solved", "words": "已修", "files": told}
    await Cases(store, "12345", clock=clock).act(order["case_id"], "chengguan/li", "order_done", done)
    clock.now += timedelta(hours=23)
    assert await files.sweep() == 0
    clock.now += timedelta(hours=2)
    assert await files.sweep() == 1
    assert on_disk(files) == {named}
    with pytest.raises(UnknownFileError):
        await files.get(place_of(order), forgotten)
    assert (await files.get(place_of(order), named)).name == "张三家门口.png"


def vars_of(file: object) -> dict[str, object]:
    return {name: getattr(file, name) for name in ("id", "name", "type", "bytes", "sha256")}


async def test_given_a_machine_that_goes_out_while_a_file_is_kept_when_a_day_is_over_then_nothing_is_left(
    files: Attachments, order: Row, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sent(files, order, tmp_path)

    class OutError(BaseException):
        pass

    def out(_: int) -> None:
        raise OutError

    monkeypatch.setattr(os, "fsync", out)
    with pytest.raises(OutError):
        await sent(files, order, tmp_path)
    monkeypatch.undo()
    assert len(on_disk(files)) == 2
    clock.now += timedelta(days=2)
    assert await files.sweep() == 2
    assert on_disk(files) == set()


async def test_given_a_disk_that_is_full_then_no_row_is_left_that_counts(
    store: Store, files: Attachments, order: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await sent(files, order, tmp_path)
    assert on_disk(files) == set()
    async with store.reading() as connection:
        assert (await connection.execute(select(tables.attachment))).first() is None


async def test_given_the_calls_personal_data_are_erased_then_file_and_name_go_and_the_record_stays(
    store: Store, files: Attachments, order: Row, clock: Clock, tmp_path: Path
) -> None:
    id = await sent(files, order, tmp_path)
    told = [vars_of(file) for file in await files.of(place_of(order), [id])]
    cases = Cases(store, "12345", clock=clock)
    done = {"order": "lamp", "result": "solved", "words": "张三家已修", "files": told}
    await cases.act(order["case_id"], "chengguan/li", "order_done", done)
    await store.write(lambda connection: case_erasure.forget(connection, ["c-1"], clock.now))
    with pytest.raises(UnknownFileError):
        await files.get(place_of(order), id)  # from this moment, whenever the file goes
    assert on_disk(files) == {id}
    assert await files.sweep() == 1
    assert await files.sweep() == 0
    assert on_disk(files) == set()
    async with store.reading() as connection:
        (row,) = (await connection.execute(select(tables.attachment))).mappings()
        rows = (await connection.execute(select(tables.case_event.c.data))).scalars().all()
    assert (row["name"], row["sha256"], row["erased_at"]) == ("(erased)", told[0]["sha256"], clock.now)
    assert "张三" not in "".join(rows)
    found = (await cases.get(order["case_id"])).case.orders[0]
    assert (found.state, found.files[0].sha256) == ("done", told[0]["sha256"])


async def test_given_a_file_that_cannot_be_deleted_then_it_is_tried_again(
    store: Store, files: Attachments, order: Row, clock: Clock, tmp_path: Path
) -> None:
    id = await sent(files, order, tmp_path)
    kept = files.path(id).read_bytes()
    files.path(id).unlink()
    files.path(id).mkdir()  # no file any more: nobody can unlink it
    clock.now += timedelta(days=2)
    assert await files.sweep() == 0
    files.path(id).rmdir()
    files.path(id).write_bytes(kept)
    assert await files.sweep() == 1


@pytest.mark.parametrize(
    ("said", "type", "name"),
    [
        ("照片.JPG", "image/jpeg", "照片.JPG"),
        ("../../etc/passwd", "image/png", "passwd.png"),
        ("invoice\u202egpj.exe", "application/pdf", "invoicegpj.exe.pdf"),
        ("macro.docm", "application/zip", "macro.docm.zip"),
        ("voice.amr", "audio/amr", "voice.amr"),
        ("", "image/webp", "file.webp"),
        ("长" * 300 + ".pdf", "application/pdf", "长" * 120),
        ("a\r\nSet-Cookie: b", "image/gif", "a Set-Cookie: b.gif"),
    ],
)
def test_given_a_name_then_it_ends_as_its_type_does(said: str, type: str, name: str) -> None:
    found = name_of(said, type)
    assert found == (name if len(name) < 120 else name[:116] + ".pdf")


@pytest.mark.parametrize(
    ("beginning", "type"),
    [
        (b"GIF89a", "image/gif"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
        (b"RIFF\x10\x00\x00\x00WAVE", "audio/wav"),
        (b"PK\x03\x04", "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
        (b"{\\rtf1", "application/rtf"),
    ],
)
def test_given_what_people_send_by_mail_then_its_first_bytes_say_what_it_is(beginning: bytes, type: str) -> None:
    assert type_of(beginning, PAPERS) == type


@pytest.mark.parametrize(
    "beginning", [b"MZ\x90", b"\x7fELF", b"#!/bin/sh", b"<html>", b"<svg", b"@echo off", b"RIFFxxxxAVI "]
)
def test_given_what_could_run_then_it_is_kept_nowhere(beginning: bytes) -> None:
    with pytest.raises(BadFileError):
        type_of(beginning, PAPERS)


async def test_given_what_hung_on_a_mail_when_its_case_is_erased_then_file_and_name_go(
    store: Store, files: Attachments, clock: Clock
) -> None:
    cases = Cases(store, "12345", clock=clock)
    kept = await keep(files, [Enclosed("张三.png", PNG)], "mail")
    one = Arrival(
        "mail", "email", "m1", clock.now, clock.now, {"text": "路灯"}, sender="z@example.com", files=tuple(kept)
    )
    taken = await Arrivals(store, cases).take(one)
    assert taken.case is not None
    clock.now += timedelta(days=2)
    assert await files.sweep() == 0, "an event names it"
    assert (await files.get(Place(taken.case), kept[0].id)).name == "张三.png"
    await store.write(lambda connection: case_erasure.forget_case(connection, str(taken.case), clock.now))
    with pytest.raises(UnknownFileError):
        await files.get(Place(taken.case), kept[0].id)
    assert (await files.sweep(), on_disk(files)) == (1, set())
    (file,) = (await cases.get(taken.case)).case.files
    assert (file.name, file.sha256) == ("(erased)", kept[0].sha256)
