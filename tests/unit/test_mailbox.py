"""A real mailbox (Dovecot): each mail becomes a case once, whoever dies, and nothing in it is changed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from ivr import credentials
from ivr.channels import mailbox
from ivr.channels.mailbox import Mailbox
from ivr.desks.case_letters import CaseFile
from ivr.doctor_channels import channels
from ivr.settings.channels import Channel
from ivr.settings.load import read
from ivr.store import Store, attachments, tables
from ivr.store.attachments import Attachments
from ivr.store.cases import Cases
from ivr.store.channels import Arrivals
from ivr.store.errors import DatabaseDownError
from tests.unit import databases
from tests.unit.imap_server import PASSWORD, USER, ImapServer

SANDBOX = (Path(__file__).parents[2] / "hotline.toml").read_text(encoding="utf-8")


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as opened:
        yield opened


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with databases.opened(databases.ready_sqlite(tmp_path / "ivr.db")) as opened:
        yield opened


@pytest.fixture
def channel(server: ImapServer) -> Channel:
    return Channel("mail", "email", server=server.url, user=USER, look_seconds=5)


def a_mail(n: int, **heads: str) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in heads.items())
    return f"From: wang{n}@example.com\r\nMessage-ID: <{n}@x>\r\n{more}Subject: lamp {n}\r\n\r\nwords {n}\r\n".encode()


async def lines(store: Store) -> list[str]:
    async with store.reading() as connection:
        return list((await connection.execute(select(tables.case.c.line).order_by(tables.case.c.serial))).scalars())


def folder_of(store: Store) -> Path:
    return Path(make_url(store._engine_url).database or "").parent / "attachments"


@asynccontextmanager
async def reading(channel: Channel, store: Store, password: str = PASSWORD) -> AsyncIterator[Mailbox]:
    files = Attachments(store, folder_of(store))
    box = Mailbox(channel, password, Arrivals(store, Cases(store, "12345")), files)
    task = asyncio.create_task(box.run())
    try:
        yield box
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(120):
        while not await true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_given_unread_mails_and_new_ones_then_each_is_a_case_and_nothing_is_changed(
    server: ImapServer, store: Store, channel: Channel
) -> None:
    server.put(a_mail(1))
    server.put(a_mail(2), flags=(b"\\Seen",))  # somebody dealt with it before we came
    async with reading(channel, store) as box:
        await until(lambda: _are(store, ["lamp 1"]))
        server.put(a_mail(3), flags=(b"\\Seen",))  # read by a person before we looked
        server.put(a_mail(4, Auto_Submitted="auto-replied"))
        server.put(a_mail(5, References="<1@x>", From="wang1@example.com"))
        await until(lambda: _are(store, ["lamp 1", "lamp 3", "lamp 5"]))
        assert (box.trouble, box.counters) == ("", {"taken": 3, "automatic": 1})
    with server.client() as client:
        client.select_folder("INBOX", readonly=True)
        assert client.search("UNSEEN") == [1, 4, 5]


async def test_given_a_reader_that_dies_at_each_moment_then_every_mail_is_one_case(
    server: ImapServer, store: Store, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "WAITS", (0.01,))
    server.put(*(a_mail(n) for n in range(6)))
    real, chance = store.write, random.Random(1)

    async def dying(act: Any) -> Any:
        """Sometimes nothing is written; sometimes nobody hears that it was."""
        if chance.random() < 0.3:
            raise DatabaseDownError("url", "gone")
        done = await real(act)
        if chance.random() < 0.2:
            raise DatabaseDownError("url", "gone")
        return done

    monkeypatch.setattr(store, "write", dying)
    async with reading(channel, store):
        await until(lambda: _are(store, [f"lamp {n}" for n in range(6)]))
        server.drop()
        server.put(a_mail(6))
        await until(lambda: _are(store, [f"lamp {n}" for n in range(7)]))
    async with store.reading() as connection:
        assert (await connection.execute(select(func.count()).select_from(tables.channel_message))).scalar() == 7


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def with_files(n: int, *files: tuple[str, bytes], **heads: str) -> bytes:
    made = EmailMessage()
    made["From"], made["Message-ID"], made["Subject"] = f"wang{n}@example.com", f"<{n}@x>", f"lamp {n}"
    for name, value in heads.items():
        del made[name.replace("_", "-")]
        made[name.replace("_", "-")] = value
    made.set_content("see the files")
    for name, content in files:
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


async def test_given_files_that_hang_on_a_mail_then_they_lie_beside_its_case_once_and_what_could_run_does_not(
    server: ImapServer, store: Store, channel: Channel
) -> None:
    evil = (("run.exe", b"MZ\x90\x00" * 20), ("page.html", b"<script>alert(1)</script>"), ("empty.png", b""))
    server.put(with_files(1, ("路灯\u202e照片.exe", PNG), *evil))
    server.put(with_files(2, ("x.png", PNG), Auto_Submitted="auto-replied"))
    async with reading(channel, store):
        await until(lambda: _are(store, ["lamp 1"]))
        server.put(with_files(3, ("b.docx", b"PK\x03\x04" + b"x" * 50), From="wang1@example.com", References="<1@x>"))
        await until(lambda: _has_files(store, 2))
    server.renumber()
    async with reading(channel, store) as box:
        await until(lambda: _counted(box, "again", 3))
    first, second = await files_of_the_case(store)
    assert (first.name, first.type, first.bytes) == ("路灯照片.exe.png", "image/png", len(PNG))
    assert (second.name, second.type) == ("b.docx", "application/zip")
    on_disk = {path.name: path.read_bytes() for path in folder_of(store).rglob("*") if path.is_file()}
    assert set(on_disk) == {first.id, second.id}
    assert on_disk[first.id] == PNG


async def test_given_a_disk_without_room_then_the_mail_is_a_case_all_the_same(
    server: ImapServer, store: Store, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "DISK_LIMIT", 1 << 62)
    server.put(with_files(1, ("photo.png", PNG)))
    async with reading(channel, store):
        await until(lambda: _are(store, ["lamp 1"]))
    assert await files_of_the_case(store) == ()


async def files_of_the_case(store: Store) -> tuple[CaseFile, ...]:
    async with store.reading() as connection:
        (id,) = (await connection.execute(select(tables.case.c.id))).scalars()
    return (await Cases(store, "12345").get(id)).case.files


async def _has_files(store: Store, count: int) -> bool:
    return len(await files_of_the_case(store)) == count


async def _counted(box: Mailbox, what: str, count: int) -> bool:
    return box.counters[what] == count


async def test_given_a_mailbox_that_is_numbered_anew_then_nothing_is_taken_twice_or_missed(
    server: ImapServer, store: Store, channel: Channel
) -> None:
    server.put(a_mail(1))
    async with reading(channel, store):
        await until(lambda: _are(store, ["lamp 1"]))
    server.renumber()
    server.put(a_mail(2), flags=(b"\\Seen",))
    async with reading(channel, store) as box:
        await until(lambda: _are(store, ["lamp 1", "lamp 2"]))
        assert box.counters == {"again": 1, "taken": 1}


async def test_given_a_wrong_password_or_a_server_in_the_clear_then_it_says_why(
    server: ImapServer, store: Store, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(channel, store, password="wrong") as box:
        await until(lambda: _says(box, "wrong name or password"))
    async with reading(channel, store, password="") as box:
        await until(lambda: _says(box, "credentials.toml"))
    monkeypatch.setattr(mailbox, "is_loopback", lambda _: False)
    async with reading(channel, store) as box:
        await until(lambda: _says(box, "STARTTLS"))


def test_given_a_mailbox_then_the_doctor_says_whether_it_can_be_read(server: ImapServer, tmp_path: Path) -> None:
    file = tmp_path / "hotline.toml"
    table = f'[channels.mail]\nkind = "email"\nserver = "{server.url}"\nuser = "{USER}"\n'
    site = read(f"{SANDBOX}\n{table}", file, tmp_path)
    (finding,) = channels(site, tmp_path)
    assert (finding.id, finding.level) == ("mailbox-mail", "warning")
    assert "credentials.toml" in finding.words["zh"]
    credentials.ensure(tmp_path, site)
    kept = credentials.path_in(tmp_path)
    without = kept.read_text().replace("[channels]\n", "")
    for password, level in ((PASSWORD, "ok"), ("wrong", "warning")):
        kept.write_text(f'{without}\n[channels]\nmail = "{password}"\n')
        (finding,) = channels(site, tmp_path)
        assert finding.level == level
    assert "wrong name or password" in finding.words["en"]
    nobody = replace(site, channels={"mail": replace(site.channels["mail"], server="imap://127.0.0.1:1")})
    (finding,) = channels(nobody, tmp_path)
    assert (finding.level, "refused" in finding.words["en"]) == ("warning", True)


async def _are(store: Store, wanted: list[str]) -> bool:
    return await lines(store) == wanted


async def _says(box: Mailbox, words: str) -> bool:
    return words in box.trouble
