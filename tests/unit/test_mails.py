"""Who wrote a mail is answered by mail: a real mail server, a real database, and nothing that begins a loop."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr import credentials
from ivr.channels import mail, mailbox
from ivr.channels.incoming import arrival
from ivr.desks.case_model import Case, Event, Matter
from ivr.doctor_channels import channels
from ivr.settings import Site, load
from ivr.settings.channels import Channel
from ivr.store import DatabaseDownError, Store
from ivr.store.cases import Cases
from ivr.store.channels import Arrivals, Taken
from ivr.store.correspondence import Written
from ivr.store.tellings import Letter, Tellings
from ivr.telling import mails, smtp
from ivr.telling.attempts import GIVEN_UP
from ivr.telling.mails import Mail
from ivr.telling.teller import Teller
from tests.unit.databases import ready_sqlite
from tests.unit.smtp_server import PASSWORD, USER, MailServer, mail_server

SANDBOX = Path(__file__).parents[2] / "hotline.toml"
NOON = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)  # in Beijing
NAME = "mail/mail"
WANG = "wang@example.com"


@dataclass
class House:
    site: Site
    store: Store
    cases: Cases
    arrivals: Arrivals
    tellings: Tellings
    teller: Teller
    server: MailServer
    clock: list[datetime]

    @property
    def channel(self) -> Channel:
        return self.site.channels["mail"]

    async def comes(self, words: str = "路灯不亮", who: str = f"王 <{WANG}>", id: str = "<1@x>", **heads: str) -> Taken:
        lines = {"From": who, "Message-ID": id, "Subject": "my secret", **heads}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        one = mail.incoming(f"{head}\r\n{words}".encode(), 0, self.channel, self.clock[0])
        return await self.arrivals.take(arrival(one, self.channel), now=self.clock[0])

    async def send(self) -> None:
        """All that is due now, until nothing is."""
        task = asyncio.create_task(self.teller._mailer.run(NAME, self.channel))
        try:
            async with asyncio.timeout(120):
                while await self.tellings.due(NAME, self.clock[0]) and NAME not in self.teller.trouble:  # noqa: ASYNC110  rows
                    await asyncio.sleep(0.02)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def rows(self) -> list[tuple[str, str, str]]:
        async with self.store.reading() as connection:
            found = await connection.exec_driver_sql("SELECT step, state, why FROM telling ORDER BY serial")
            return [tuple(row) for row in found]  # type: ignore[misc]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_on(ready_sqlite(tmp_path / "ivr.db"), tmp_path) as made:
        yield made


@pytest.fixture
async def any_house(ready_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house_on(ready_database_url, tmp_path) as made:
        yield made


@asynccontextmanager
async def house_on(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    clock = [NOON]
    async with mail_server() as server:
        box = Channel("mail", "email", server="imaps://imap.city.example", user=USER, send=server.url, most_a_day=2)
        site = replace(load(SANDBOX, tmp_path), channels={"mail": box})
        made, _ = credentials.ensure(tmp_path, site)
        secrets = replace(made, channels={"mail": PASSWORD})
        store = Store(database_url)
        await store.open()
        tellings = Tellings(store, site, lambda: clock[0])
        cases = Cases(store, "12345", hooks=(tellings.hook,), clock=lambda: clock[0])
        teller = Teller(site, secrets, tellings, cases, now=lambda: clock[0])
        yield House(site, store, cases, Arrivals(store, cases), tellings, teller, server, clock)
        await store.close()


async def test_given_a_mail_then_its_writer_reads_the_number_and_nothing_of_what_he_wrote(any_house: House) -> None:
    house = any_house
    taken = await house.comes()
    await house.send()
    ((sender, to, said),) = house.server.took
    assert (sender, to) == (USER, [WANG])
    assert (said["In-Reply-To"], said["References"], said["Auto-Submitted"]) == ("<1@x>", "<1@x>", "auto-replied")
    whole = f"{said['Subject']}\n{said.get_content()}"
    assert taken.number in said["Subject"]
    assert "2026-11-28 12:00" in whole, "when a first answer is due, by the city's clock"
    assert not [word for word in ("路灯", "secret", "王") if word in whole]
    assert await house.rows() == [("received", "delivered", "")]
    told = (await house.cases.get(taken.number)).case.history[-1].event
    assert dict(told.data) == {"to": "caller", "way": "email", "step": "received", "words": "", "state": "sent"}
    assert house.server.logins == [(USER.encode(), False)]


async def test_given_an_answer_then_it_goes_back_in_the_same_conversation_and_a_reply_comes_to_the_case(
    any_house: House,
) -> None:
    house = any_house
    taken = await house.comes("The lamp is dark", id="<1@x>")
    await house.comes("Still dark", id="<2@x>", References="<1@x>")
    await house.cases.act(str(taken.case), "1001", "responded", {"words": "It is mended.\n.\nEnd"})
    await house.cases.act(str(taken.case), "1001", "responded", {"words": "Truly."})
    await house.send()
    first, second = (one for _, _, one in house.server.took)
    assert (first["In-Reply-To"], first["References"]) == ("<2@x>", "<1@x> <2@x>")
    assert "It is mended.\n.\nEnd" in first.get_content().replace("\r\n", "\n")
    assert ("Auto-Submitted" in first, first["Content-Language"]) == (False, "en")
    assert "Truly." in second.get_content()
    assert [row[:2] for row in await house.rows()] == [
        ("received", "dropped"),  # the answer says more
        ("responded", "delivered"),
        ("responded", "delivered"),
    ]
    again = await house.comes("thanks", id="<3@x>", In_Reply_To=first["Message-ID"])
    other = await house.comes("thanks", id="<4@x>", who="li@example.com", In_Reply_To=first["Message-ID"])
    assert (again.case, again.opened, other.opened) == (taken.case, False, True)


@pytest.mark.parametrize(
    ("heads", "why"),
    [
        ({"List_Id": "<all.example.com>"}, "list"),
        ({"Precedence": "bulk"}, "list"),
        ({"Auto_Submitted": "auto-generated"}, "generated"),
        ({"X_Auto_Response_Suppress": "OOF, AutoReply"}, "generated"),
        ({"who": "noreply@example.com"}, "generated"),
        ({"who": "all-request@example.com"}, "generated"),
        ({"who": "somebody"}, "no_address"),
    ],
)
async def test_given_what_no_machine_may_answer_then_it_is_a_matter_without_an_acknowledgement(
    house: House, heads: dict[str, str], why: str
) -> None:
    assert (await house.comes(**heads)).opened
    await house.send()
    assert (await house.rows(), house.server.took) == ([("received", "dropped", why)], [])


@pytest.mark.parametrize(
    "heads",
    [
        {"Return_Path": "<>"},
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"who": USER},
        {"who": "postmaster@x.example"},
    ],
)
async def test_given_a_bounce_or_ourselves_then_nothing_goes_back(house: House, heads: dict[str, str]) -> None:
    assert (await house.comes(**heads)).case is None
    assert await house.rows() == []


@pytest.mark.parametrize(("who", "to"), [(WANG, WANG), ("somebody", ""), ("王@example.com", "")])
async def test_given_an_address_that_no_mail_goes_to_then_whoever_answers_is_promised_none(
    house: House, who: str, to: str
) -> None:
    taken = await house.comes(who=who)
    assert await house.tellings.answer_to(str(taken.case)) == to
    await house.cases.act(str(taken.case), "1001", "responded", {"words": "修好了"})
    await house.send()
    assert {one for _, receivers, _ in house.server.took for one in receivers} == ({to} - {""})


async def test_given_a_list_then_a_persons_answer_goes_to_who_wrote(house: House) -> None:
    taken = await house.comes(List_Id="<all.example.com>")
    await house.cases.act(str(taken.case), "1001", "responded", {"words": "修好了"})
    await house.send()
    assert [to for _, to, _ in house.server.took] == [[WANG]]


async def test_given_many_mails_of_one_address_then_a_day_has_so_many_acknowledgements(any_house: House) -> None:
    house = any_house
    for n in range(4):
        await house.comes(id=f"<{n}@x>")
    await house.comes(id="<9@x>", who="li@example.com")
    await house.send()
    assert sorted(row[1:] for row in await house.rows()) == [("delivered", "")] * 3 + [("dropped", "too_many")] * 2
    house.clock[0] += timedelta(days=1, minutes=1)
    await house.comes(id="<5@x>")
    await house.send()
    assert (await house.rows())[-1][1] == "delivered"


async def test_given_somebody_in_danger_or_an_old_mail_then_no_machine_answers(house: House) -> None:
    danger = await house.comes(id="<1@x>")
    await house.cases.act(str(danger.case), "1001", "written", {"tags": ["in_danger"]})
    await house.comes(id="<2@x>")
    await house.send()
    house.clock[0] += timedelta(days=3)
    assert [row[1:] for row in await house.rows()] == [("dropped", "in_danger"), ("delivered", "")]


async def test_given_an_address_that_there_is_not_then_an_answer_is_alarmed_and_an_acknowledgement_is_not(
    house: House,
) -> None:
    house.server.receiver = ["550 5.1.1 no such user", "550 5.1.1 no such user"]
    taken = await house.comes()
    await house.send()
    await house.cases.act(str(taken.case), "1001", "responded", {"words": "修好了"})
    await house.send()
    assert [row[:2] for row in await house.rows()] == [("received", "dropped"), ("responded", "dead")]
    assert (await house.cases.get(str(taken.case))).case.history[-1].event.data["state"] == "failed"
    assert (await house.tellings.waiting())[NAME].dead == 1


async def test_given_a_server_that_has_no_time_then_the_same_mail_goes_later(house: House) -> None:
    house.server.mail = ["451 4.3.0 later"]
    await house.comes()
    await house.send()
    ((_, state, why),) = await house.rows()
    assert (state, "451" in why) == ("pending", True)
    house.clock[0] += timedelta(minutes=5)
    await house.send()
    assert [row[1] for row in await house.rows()] == ["delivered"]
    assert len(house.server.took) == 1


async def test_given_a_mail_that_went_out_when_the_database_could_not_note_it_then_no_rule_says_later_that_it_did_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = await house.comes()
    (letter,) = await house.tellings.due(NAME, NOON)
    mailer, context = house.teller._mailer, ssl.create_default_context()

    async def down(*_: object) -> None:
        raise DatabaseDownError("sqlite", "away")

    with monkeypatch.context() as away:
        away.setattr(house.cases, "act", down)
        assert (await mailer._tell(NAME, house.channel, context, letter)).state == "pending"
    await house.cases.act(str(taken.case), "1001", "responded", {"words": "修好了"})
    letter, *_ = await house.tellings.due(NAME, NOON)
    await mailer._tell(NAME, house.channel, context, letter)
    assert (await house.rows())[0] == ("received", "delivered", "")
    assert len(house.server.took) == 1


@pytest.mark.parametrize("how", ["password", "away", "relay"])
async def test_given_a_server_that_does_not_take_us_then_nothing_is_lost_until_somebody_mends_it(
    house: House, how: str
) -> None:
    taken = await house.comes()
    await house.cases.act(str(taken.case), "1001", "responded", {"words": "修好了"})
    if how == "password":
        house.server.password = "another"
    elif how == "relay":
        house.server.receiver = ["554 5.7.1 <wang@example.com>: Relay access denied"]
    good = house.site.channels["mail"]
    if how == "away":
        house.site.channels["mail"] = replace(good, send="smtp://127.0.0.1:1")  # type: ignore[index]
    await house.send()
    assert house.teller.trouble[NAME]
    assert "pending" in {row[1] for row in await house.rows()}
    house.site.channels["mail"], house.server.password = good, PASSWORD  # type: ignore[index]
    house.teller.trouble.clear()
    await house.send()
    assert [row[:2] for row in await house.rows()][-1] == ("responded", "delivered")


async def test_given_a_server_that_is_away_for_days_then_an_answer_is_given_up_until_somebody_asks(
    house: House,
) -> None:
    taken = await house.comes()
    await house.cases.act(str(taken.case), "1001", "responded", {"words": "修好了"})
    house.server.sender = ["451 later"]
    house.clock[0] += GIVEN_UP + timedelta(minutes=1)
    await house.send()
    assert [row[:2] for row in await house.rows()] == [("received", "dropped"), ("responded", "dead")]
    await house.tellings.retry(NAME)
    house.teller.trouble.clear()
    await house.send()
    assert [to for _, to, _ in house.server.took] == [[WANG]]


async def test_given_the_offer_of_tls_then_nothing_is_said_before_it_and_a_stranger_s_is_refused() -> None:
    ours, strangers = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.issue_cert("127.0.0.1").configure_cert(context)
    async with mail_server(context) as server:
        box = Channel("mail", "email", user=USER, send=server.url)
        for ca, good in ((ours, True), (strangers, False)):
            knows = ssl.create_default_context()
            ca.configure_trust(knows)
            answer, fate = await smtp.send(smtp.Submission(box, PASSWORD, knows), WANG, b"Subject: x\r\n\r\nx")
            assert (fate.state, "CERTIFICATE" in answer.why) == (("delivered", False) if good else ("pending", True))
        assert server.logins == [(USER.encode(), True)]


async def test_given_no_tls_over_a_network_then_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "is_loopback", lambda _: False)
    async with mail_server() as server:
        box = Channel("mail", "email", user=USER, send=server.url)
        answer, fate = await smtp.send(smtp.Submission(box, PASSWORD, ssl.create_default_context()), WANG, b"")
        assert ("STARTTLS" in answer.why, fate.waits, server.logins) == (True, "partner", [])


async def test_given_a_mail_server_then_the_doctor_says_whether_it_takes_our_mails(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "why_not", lambda *_: "")
    kept = credentials.path_in(tmp_path)
    without = kept.read_text()

    async def said() -> tuple[str, str]:
        found = await asyncio.to_thread(lambda: list(channels(house.site, tmp_path)))
        return found[1].level, found[1].words["en"]

    kept.write_text(f'{without}\n[channels]\nmail = "wrong"\n"mail.send" = "{PASSWORD}"\n')
    assert await said() == ("ok", "answers of the mailbox mail can be sent")
    house.server.sender = ["550 not your address"]
    level, words = await said()
    assert (level, "550 not your address" in words) == ("warning", True)
    kept.write_text(f'{without}\n[channels]\nmail = "wrong"\n')
    level, words = await said()
    assert (level, "535" in words) == ("warning", True)
    assert house.server.took == []


@pytest.mark.parametrize(
    ("step", "code", "words", "state", "waits"),
    [
        ("mail", 250, b"", "delivered", ""),
        ("receiver", 450, b"greylisted", "pending", "case"),
        ("receiver", 550, b"5.1.1 no such user", "refused", ""),
        ("receiver", 550, b"Unable to relay", "pending", "partner"),
        ("receiver", 530, b"5.7.0 Authentication required", "pending", "partner"),
        ("receiver", 421, b"closing", "pending", "partner"),
        ("sender", 550, b"not your address", "pending", "partner"),
        ("mail", 554, b"spam", "refused", ""),
    ],
)
def test_what_a_server_says_about_us_lets_all_wait_and_about_one_mail_that_one(
    step: str, code: int, words: bytes, state: str, waits: str
) -> None:
    found = smtp.judged(smtp.Said(step, code, words))
    assert (found.state, found.waits) == (state, waits)


_ANY = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=200)


@settings(max_examples=30, deadline=None)  # each writes a whole mail
@given(_ANY, _ANY, st.lists(_ANY | _ANY.map(lambda odd: f"<{odd}@x>"), max_size=20), _ANY)
def test_given_whatever_anybody_writes_then_it_adds_no_header_and_no_receiver(
    words: str, sender: str, threads: list[str], name: str
) -> None:
    channel = Channel("mail", "email", user=USER, send="smtp://127.0.0.1:1")
    site = load(SANDBOX, Path("/tmp"))
    site = replace(site, hotline=replace(site.hotline, name={"zh": name, "en": name}))
    letter = a_letter(words or "x")
    written = [Written(sender, thread, "", NOON) for thread in threads] or [Written(WANG, "", "", NOON)]
    found = mails.decide(letter, channel, written, NOON)
    if not isinstance(found, Mail):
        return
    read = message_from_bytes(mails.composed(letter, found, channel, site, NOON), policy=default)
    allowed = {"From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Content-Language",
               "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}  # fmt: skip
    assert set(read.keys()) <= allowed
    assert len(read.keys()) == len(set(read.keys()))
    assert [one.addr_spec for one in read["To"].addresses] == [found.to]


def test_given_an_address_with_more_in_it_then_nothing_goes_there() -> None:
    channel = Channel("mail", "email", user=USER, send="smtp://127.0.0.1:1")
    for odd in ("a@x\r\nBcc: b@y", "a@x>, <b@y", "a b@x", "@x", "", "a@x y", USER.upper()):
        found = mails.decide(a_letter("x"), channel, [Written(odd, "<1@x>", "", NOON)], NOON)
        assert found == mails.Never("no_address"), odd


def a_letter(words: str) -> Letter:
    id = "6f0c8a52-0000-4000-8000-000000000001"
    case = replace(Case(id), number="12345-20261127-000001", matter=Matter(text="路灯"), state="open")
    event = Event(id, "12345", 3, 3, NOON, "1001", "responded", {"words": words})
    return Letter("msg_" + "0" * 32, NAME, "responded", 0, NOON, event, case, case, "", None, False, False)
