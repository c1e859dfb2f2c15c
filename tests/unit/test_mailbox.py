"""A real mailbox (Dovecot): each mail becomes a case once, whoever dies, and nothing in it is changed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ivr import credentials
from ivr.channels import mailbox
from ivr.channels.mailbox import Mailbox
from ivr.doctor_channels import channels
from ivr.settings.channels import Channel
from ivr.settings.load import read
from ivr.store import Store, tables
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


@asynccontextmanager
async def reading(channel: Channel, store: Store, password: str = PASSWORD) -> AsyncIterator[Mailbox]:
    box = Mailbox(channel, password, Arrivals(store, Cases(store, "12345")))
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
