"""What comes by the internet becomes a case once, whole, with a moment by which somebody must have answered it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr import credentials, webhooks
from ivr.channels.incoming import MOST, PART, Incoming, arrival, number
from ivr.desks import exchange_limits
from ivr.desks.case_kinds import CHANNELS, MATTER
from ivr.schema import check
from ivr.settings.channels import WORDS, Channel
from ivr.settings.load import SettingsError, read
from ivr.settings.told import told
from ivr.store import Store, shape
from ivr.store.case_search import Wanted
from ivr.store.cases import Cases
from ivr.store.channels import Arrivals, Place

SANDBOX = (Path(__file__).parents[2] / "hotline.toml").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
GATEWAY = Channel("wechat", "webhook", respond="3m")
LAMP = Incoming("m1", "路灯不亮\n三天了", NOW, sender="openid-1", name="王女士", place="朝阳路", thread="t1")


@pytest.fixture
def cases(store: Store) -> Cases:
    return Cases(store, "12345")


@pytest.fixture
def arrivals(store: Store, cases: Cases) -> Arrivals:
    return Arrivals(store, cases)


async def test_given_a_message_when_it_comes_twice_at_once_and_later_then_it_is_one_case(
    arrivals: Arrivals, cases: Cases
) -> None:
    both = await asyncio.gather(*(arrivals.take(arrival(LAMP, GATEWAY)) for _ in range(2)))
    later = await arrivals.take(arrival(LAMP, GATEWAY))
    assert len({one.case for one in (*both, later)}) == 1
    assert sorted(one.again for one in both) == [False, True]
    assert (later.again, later.number) == (True, both[0].number)
    case = (await cases.get(later.number)).case
    assert (case.channel, case.matter.text, case.matter.contact) == ("wechat", "路灯不亮\n三天了", "sms_only")
    assert case.respond_by == NOW + timedelta(minutes=3)
    assert case.letters == ()


async def test_given_a_conversation_that_fills_its_case_then_what_follows_is_a_matter_of_its_own(
    arrivals: Arrivals, cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost, and nobody waits for whoever writes without end."""
    monkeypatch.setattr(exchange_limits, "FEW", 0)
    monkeypatch.setattr(exchange_limits, "MOST_OF_CASE", 4)
    long = "很长" * PART
    taken = [await arrivals.take(arrival(replace(LAMP, id=f"m{n}", words=f"{n}"), GATEWAY)) for n in range(3)]
    taken.append(await arrivals.take(arrival(replace(LAMP, id="long", words=long), GATEWAY)))
    assert [one.opened for one in taken] == [True, False, False, True]
    assert [letter.words for letter in (await cases.get(taken[0].number)).case.letters] == ["1", "2"]
    case = (await cases.get(taken[3].number)).case
    assert case.matter.text + "".join(letter.words for letter in case.letters) == long


async def test_given_tables_that_were_taken_down_and_come_up_again_then_each_case_s_clock_runs_as_before(
    arrivals: Arrivals, cases: Cases, store: Store, ready_database_url: str
) -> None:
    waits = await arrivals.take(arrival(LAMP, GATEWAY))
    answered = await arrivals.take(arrival(replace(LAMP, id="m2", thread="t2", sender="openid-2"), GATEWAY))
    await cases.act(answered.case, "1001", "responded", {"words": "已派单"})
    before = await clocks(cases)
    await store.close()
    await shape.downgrade(ready_database_url, "0017")
    await store.open()
    found = await clocks(cases)
    assert found == before
    assert [responded is None for _, responded in found.values()] == [False, True]
    assert None not in {respond for respond, _ in found.values()}
    assert set(found) == {answered.case, waits.case}


async def clocks(cases: Cases) -> dict[str, tuple[Any, Any]]:
    return {row["id"]: (row["respond_by"], row["responded_at"]) for row in await cases.search(Wanted())}


async def test_given_a_conversation_when_more_is_written_then_it_goes_to_the_open_case_of_the_same_sender(
    arrivals: Arrivals, cases: Cases
) -> None:
    first = await arrivals.take(arrival(LAMP, GATEWAY))
    more = await arrivals.take(arrival(replace(LAMP, id="m2", words="就在三号楼门口"), GATEWAY))
    stranger = await arrivals.take(arrival(replace(LAMP, id="m3", sender="openid-2"), GATEWAY))
    assert (more.case, more.opened, stranger.opened) == (first.case, False, True)
    assert [letter.words for letter in (await cases.get(first.number)).case.letters] == ["就在三号楼门口"]
    await cases.act(first.case or "", "1001", "handled", {"result": "solved"})
    await cases.act(first.case or "", "1001", "closed")
    assert (await arrivals.take(arrival(replace(LAMP, id="m4"), GATEWAY))).case != first.case


async def test_given_an_automatic_message_then_it_is_noted_and_opens_nothing(arrivals: Arrivals, cases: Cases) -> None:
    taken = await arrivals.take(arrival(replace(LAMP, automatic="bounce"), GATEWAY), Place("INBOX", 7, 12))
    assert (taken.case, taken.number) == (None, "")
    assert (await arrivals.take(arrival(replace(LAMP, automatic="bounce"), GATEWAY))).again
    assert await arrivals.place("wechat", "INBOX") == Place("INBOX", 7, 12)
    assert await arrivals.place("wechat", "Other") is None


async def test_given_a_first_answer_then_its_clock_stops_and_who_waits_longest_comes_first(
    arrivals: Arrivals, cases: Cases
) -> None:
    late = NOW + timedelta(hours=1)
    assert await arrivals.unanswered(late) == (0, None)
    first = await arrivals.take(arrival(LAMP, GATEWAY))
    assert await arrivals.unanswered(NOW) == (0, None)
    assert await arrivals.unanswered(late) == (1, NOW + timedelta(minutes=3))
    known = await cases.act(first.case or "", "1001", "responded", {"words": "已派人去看"})
    assert known.case.responded_at is not None
    assert [(letter.way, letter.by) for letter in known.case.letters] == [("out", "12345/1001")]
    assert await arrivals.unanswered(late) == (0, None)


@pytest.mark.parametrize("length", [PART, PART + 1, MOST, 3 * MOST])
async def test_given_long_words_then_all_of_them_stand_in_the_case(
    arrivals: Arrivals, cases: Cases, length: int
) -> None:
    words = "".join(f"{n:07}路" for n in range(length // 8 + 1))[:length]
    taken = await arrivals.take(arrival(replace(LAMP, words=words), GATEWAY))
    case = (await cases.get(taken.number)).case
    kept = case.matter.text + "".join(letter.words for letter in case.letters)
    assert len(kept) == min(length, MOST)
    assert kept[: MOST - 100] == words[: MOST - 100]


@pytest.mark.parametrize(
    "odd",
    [
        {"words": "\x00\x1b[31m\udc80<img src=x onerror=alert(1)>", "name": "甲\n乙\u2028丙" * 100, "place": "\x07"},
        {"words": "", "files": ("a\r\nb.jpg",)},
        {"phone": "no number", "longitude": 1e9, "latitude": 0.0},
        {"kind": "unknown", "contact": "unknown", "subject": "甲" * 1000},
        {"longitude": 121.5, "latitude": 31.2, "confidential": True},
    ],
)
def test_given_odd_words_then_what_becomes_of_them_fits_a_case(odd: dict[str, Any]) -> None:
    made = arrival(replace(LAMP, **odd), GATEWAY)
    for name, value in made.matter.items():
        check(MATTER[name], value, name)
    assert made.matter["text"].strip()


async def test_given_what_a_database_does_not_take_in_whom_and_where_then_it_is_taken_all_the_same(
    store: Store,
) -> None:
    odd = replace(LAMP, sender="a\x00b\udc80", thread="<\x00@x>", answers=("<\x00@y>",), subject="\x00")
    taken = await Arrivals(store, Cases(store, "12345")).take(arrival(odd, GATEWAY))
    assert taken.opened


@pytest.mark.parametrize(
    ("said", "found"),
    [("138 0013 8000", "13800138000"), ("+86-138.0013.8000", "+8613800138000"), ("１３８00138000", "13800138000"),
     ("010（123）", ""), ("call me", ""), ("", "")],
)  # fmt: skip
def test_a_number_is_read_as_a_person_types_it(said: str, found: str) -> None:
    assert number(said) == found


def test_given_a_number_then_who_writes_by_sms_is_still_not_called() -> None:
    sms = Channel("sms", "webhook")
    assert arrival(replace(LAMP, phone="13800138000"), sms).matter["contact"] == "sms_only"
    assert "contact" not in arrival(replace(LAMP, phone="13800138000"), GATEWAY).matter
    assert arrival(replace(LAMP, contact="phone"), GATEWAY).matter["contact"] == "sms_only"


def test_every_channel_of_the_settings_is_one_that_a_case_knows() -> None:
    assert set(WORDS) <= set(CHANNELS)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"kind": "fax"}, "channels.one.kind: expected one of web, email, webhook"),
        ({"kind": "web", "respond": "soon"}, "channels.one.respond: expected a span"),
        ({"kind": "web", "channel": "fax"}, "channels.one.channel: expected one of"),
        ({"kind": "web", "hourly": 0}, "channels.one.hourly: expected 1 to 100000"),
        ({"kind": "email"}, "channels.one.server: is missing"),
        ({"kind": "email", "user": "a", "server": "https://mail"}, "channels.one.server: expected an address"),
        (
            {"kind": "email", "user": "a@x", "server": "imaps://m", "send": "m:25"},
            "channels.one.send: expected an addr",
        ),
        ({"kind": "email", "user": "a", "server": "imaps://m", "send": "smtp://m"}, "channels.one.send_from: expected"),
    ],
)
def test_given_a_channel_that_cannot_be_then_its_key_is_named_in_both_languages(
    table: dict[str, Any], said: str, tmp_path: Path
) -> None:
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in table.items())
    with pytest.raises(SettingsError) as refused:
        read(f"{SANDBOX}\n[channels.one]\n{lines}", tmp_path / "hotline.toml", tmp_path)
    (problem, *_) = [one for one in refused.value.problems if one.startswith(said)]
    assert told(problem).message["zh"] != told(problem).message["en"]


def test_given_channels_then_a_gateway_gets_a_secret_and_a_mailbox_waits_for_its_password(tmp_path: Path) -> None:
    mail = '[channels.mail]\nkind = "email"\nserver = "imaps://m"\nuser = "a"\n'
    text = f'{SANDBOX}\n[channels.sms]\nkind = "webhook"\n{mail}'
    site = read(text, tmp_path / "hotline.toml", tmp_path)
    made, _ = credentials.ensure(tmp_path, site)
    assert list(made.channels) == ["sms"]
    assert webhooks.key_of(made.channels["sms"])
    file = credentials.path_in(tmp_path)
    file.write_text(file.read_text().replace("[channels]\n", '[channels]\nmail = "p@ss w0rd$"\n'))
    again, _ = credentials.ensure(tmp_path, site)
    assert again.channels == {**made.channels, "mail": "p@ss w0rd$"}
