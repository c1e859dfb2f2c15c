"""What a person said in a mail, whatever the mail is like."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.channels.incoming import arrival, words_of
from ivr.channels.mail import MOST_HEAD, UNREADABLE, incoming, readable
from ivr.desks.case_kinds import MATTER
from ivr.schema import check
from ivr.settings.channels import Channel

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
BOX = Channel("mail", "email", server="imaps://mail", user="12345@city.example", addresses=("hotline@city.example",))
HEAD = b"From: =?gbk?B?zfXFrsq/?= <Wang@Example.com>\r\nMessage-ID: <a@x>\r\nDate: Fri, 27 Nov 2026 08:00:00 +0800\r\n"

PARTS = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"


def read(raw: bytes, size: int | None = None) -> tuple[str, str, str]:
    one = incoming(raw, len(raw) if size is None else size, BOX, NOW)
    return words_of(one), one.name, one.automatic


def test_given_gb18030_that_says_gb2312_then_every_character_is_read() -> None:
    body = "我家在㐀镕路，路灯不亮".encode("gb18030")
    plain = HEAD + b"Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert read(plain + base64.encodebytes(body)) == ("我家在㐀镕路，路灯不亮", "王女士", "")
    assert read(HEAD + b"Content-Type: text/plain\r\n\r\n" + body)[0] == "我家在㐀镕路，路灯不亮"
    assert read(HEAD + b"Content-Type: text/plain; charset=nonsense\r\n\r\n" + "路灯".encode())[0] == "路灯"
    assert read(HEAD + b"Subject: " + "路灯".encode("gbk") + b"\r\n\r\n")[0].startswith("路灯")


def test_given_html_alone_then_its_text_is_read_and_no_script_of_it() -> None:
    head = "<html><head><title>t</title><style>p{}</style></head>"
    html = f"{head}<body><p>路灯&nbsp;不亮</p><script>x()</script>三天<br>了</body>"
    mail = EmailMessage()
    mail["From"] = "wang@example.com"
    mail.set_content(html, subtype="html")
    assert read(mail.as_bytes())[0] == "路灯 不亮\n三天\n了"
    assert readable("<p>a<p>b</div>") == "a\nb"
    assert readable("<head><meta charset=utf-8><title>t</title><body><p>路灯不亮") == "路灯不亮"  # no </head>: it may


def test_given_two_bodies_and_files_then_the_plain_one_is_read_and_the_files_are_named() -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "wang@example.com", "路灯"
    mail.set_content("三号楼门口")
    mail.add_alternative("<b>三号楼门口</b>", subtype="html")
    mail.add_attachment(b"x" * 1500, maintype="image", subtype="jpeg", filename="照片\x1f.jpg")
    mail.add_attachment(
        b"From: a\r\n\r\ninner", maintype="application", subtype="octet-stream", filename="../../etc/passwd"
    )
    words = read(mail.as_bytes())[0]
    assert words.splitlines()[:2] == ["路灯", "三号楼门口"]
    assert "（2 kB）" in words
    assert "inner" not in words


@pytest.mark.parametrize(
    ("heads", "why"),
    [
        (b"", ""),
        (b"Auto-Submitted: no\r\n", ""),
        (b"Auto-Submitted: no (by hand)\r\n", ""),
        (b"Auto-Submitted: auto-generated\r\n", "generated"),  # a form of the city's own page: a matter all the same
        (b"List-Id: <news.example>\r\n", "list"),
        (b"Precedence: bulk\r\n", "list"),
        (b"Auto-Submitted: auto-replied (vacation)\r\n", "reply"),
        (b"Precedence: auto_reply\r\n", "reply"),
        (b"Return-Path: <>\r\n", "bounce"),
        (b'Content-Type: multipart/report; report-type="delivery-status"; boundary=x\r\n', "bounce"),
    ],
)
def test_given_a_mail_that_no_person_wrote_then_it_is_known(heads: bytes, why: str) -> None:
    assert read(HEAD + heads + b"\r\nhello")[2] == why


@pytest.mark.parametrize(("sender", "why"), [("HOTLINE@city.example", "loop"), ("12345@city.example", "loop"),
                                            ("MAILER-DAEMON@x", "bounce"), ("hotline@other.example", "")])  # fmt: skip
def test_given_a_sender_that_is_ourselves_or_a_server_then_it_is_known(sender: str, why: str) -> None:
    assert read(f"From: {sender}\r\n\r\nhello".encode())[2] == why


def test_given_a_copy_by_another_way_then_it_is_the_same_mail_and_another_with_its_id_is_not() -> None:
    one = incoming(HEAD + b"\r\npath", 9, BOX, NOW)
    assert incoming(b"Received: by y\r\n" + HEAD + b"\r\npath", 9, BOX, NOW).id == one.id
    assert incoming(HEAD + b"\r\nother", 9, BOX, NOW).id != one.id
    answer = incoming(b"From: a@b\r\nReferences: <z@x>\r\n <a@x>\r\nIn-Reply-To: <a@x>\r\n\r\nmore", 9, BOX, NOW)
    assert (one.thread, answer.answers) == ("<a@x>", ("<a@x>", "<z@x>"))


def test_given_a_mail_that_is_larger_than_what_is_read_then_its_words_say_so() -> None:
    boundary = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nlamp\r\n--b\r\n"
    )
    cut = HEAD + boundary + b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA"
    words = read(cut, 9_000_000)[0]
    assert "lamp" in words
    assert "9000000" in words


@pytest.mark.parametrize("name", ["Subject", "From", "Content-Type", "X-Other"])
def test_given_a_header_made_to_be_slow_then_only_its_beginning_is_looked_at(name: str) -> None:
    """Decoded whole it would hold the whole program for minutes."""
    raw = f"{name}: {'=?a?q?' * 200_000}\r\n\r\n路灯".encode()
    one = incoming(raw, len(raw), BOX, NOW)
    assert max(len(one.subject), len(one.name)) <= MOST_HEAD
    assert one.words.strip() == "路灯"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 500,
        b"From\r\n\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nx",
        PARTS * 500,
        b"Content-Type: text/plain; charset*=utf-8''%ff%fe\r\n\r\nx",
        b"Content-Disposition: attachment; filename*0*=utf-8''%ff; filename*2=b\r\n\r\nx",
        b"Subject: =?utf-8?b?" + b"A" * 100_001 + b"?=\r\n\r\n",
        b"Content-Type: message/rfc822\r\n\r\nFrom: a\r\n\r\ninner",
        b"Content-Transfer-Encoding: uuencode\r\n\r\nbegin 644 x\r\nnonsense",
        b"Content-Type: text/html\r\n\r\n" + b"<![CDATA[<!DOCTYPE" * 200,
    ],
)
def test_given_a_mail_that_breaks_the_rules_then_it_is_still_a_matter(raw: bytes) -> None:
    one = incoming(raw, len(raw), BOX, NOW)
    made = arrival(one, BOX)
    for name, value in made.matter.items():
        check(MATTER[name], value, name)
    assert made.matter["text"].strip()
    assert len(one.id) == 64


@given(st.binary(max_size=400), st.sampled_from([b"", HEAD, PARTS]))
def test_given_any_bytes_then_they_are_a_matter(noise: bytes, head: bytes) -> None:
    made = arrival(incoming(head + noise, len(head + noise), BOX, NOW), BOX)
    for name, value in made.matter.items():
        check(MATTER[name], value, name)


def test_given_a_parser_that_breaks_then_the_mail_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: bytes) -> None:
        raise RecursionError

    monkeypatch.setattr("ivr.channels.mail.BytesFeedParser", broken)
    assert read(HEAD + b"\r\nhello")[0] == UNREADABLE


@pytest.mark.parametrize("size", [0, 1, 2, 3, 48_000, 49_151, 49_152, 200_000, 1_000_001])
@pytest.mark.parametrize("end", ["\r\n", "\n", " \t\r\n"])
def test_given_a_file_of_any_size_then_its_bytes_are_those_that_were_sent(size: int, end: str) -> None:
    sent = random.Random(size).randbytes(size)
    coded = base64.encodebytes(sent).decode().replace("\n", end)
    heads = b"Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: BASE64\r\n\r\n"
    raw = HEAD + heads + coded.encode()
    one = incoming(raw, len(raw), BOX, NOW)
    assert [file.content for file in one.enclosed] == ([sent] if sent else [])


def test_given_a_mail_that_was_cut_then_its_last_file_is_not_whole_and_not_kept() -> None:
    made = EmailMessage()
    made["From"] = "w@example.com"
    for name in ("a.png", "b.png"):
        made.add_attachment(bytes(9000), maintype="image", subtype="png", filename=name)
    raw = made.as_bytes()
    one = incoming(raw[:-2000], len(raw), BOX, NOW)
    assert [file.name for file in one.enclosed] == ["a.png"]
    assert "b.png" in one.files[1]
