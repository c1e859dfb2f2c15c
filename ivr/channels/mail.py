"""A mail as it lies in a mailbox (RFC 5322, MIME) → what a person said in it. Pure; no mail makes it raise.

Mails say what they like: charsets that lie (GB2312 that is GB18030), HTML alone, headers in raw bytes, parts without
an end. What cannot be read is told as such, and the mail stays in its mailbox.
"""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.feedparser import BytesFeedParser
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import collapse_rfc2231_value, parseaddr
from html.parser import HTMLParser

from ivr.channels.incoming import Enclosed, Incoming
from ivr.desks.work_order import MOST_FILES
from ivr.settings.channels import Channel

MOST_HTML = 400_000  # characters that are looked at
MOST_HEAD = 8000  # characters of one header: the standard library takes the square of their number to decode it
MOST_PARTS = 200
PIECE = 64 * 1024  # bytes that are worked on in one go
MOST_THREADS = 50  # earlier mails that one names
UNREADABLE = "（此邮件无法解析，请到邮箱查看原件 / this mail cannot be read here: see the mailbox）"
CUT = "（邮件共 {size} 字节，只取前 {taken} 字节，其余请到邮箱查看 / {taken} of {size} bytes: see the mailbox）"

HEADS = ("from", "date", "subject", "message-id", "in-reply-to", "references", "return-path", "auto-submitted",
         "precedence", "list-id", "list-unsubscribe", "x-auto-response-suppress")  # fmt: skip

_CHINESE = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030"}
_ID = re.compile(r"<[^<>\s]{1,250}>")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")
_REPORTS = ("delivery-status", "disposition-notification")
_ROBOTS = ("mailer-daemon", "postmaster")
_NOBODY = re.compile(r"(no|do-?not)[._-]?reply.*|owner-.*|.*-(request|owner|bounces)")  # RFC 3834 2; RFC 2142
_MANY = ("bulk", "list", "junk")


def incoming(raw: bytes, size: int, channel: Channel, received_at: datetime) -> Incoming:
    """`raw`: the mail's first bytes, `size`: how many it has."""
    try:
        one = _read(raw, channel, received_at, whole=size <= len(raw))
    except Exception:  # whatever a mail does to the standard library's parser: it is not lost
        one = Incoming(hashlib.sha256(raw).hexdigest(), UNREADABLE, received_at)
    if size > len(raw):
        words = "\n".join((one.words.strip(), CUT.format(size=size, taken=len(raw)))).strip()
        return replace(one, words=words)
    return one


class _Short(Compat32):
    """No header is longer than what is looked at, whichever part it stands over."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:MOST_HEAD]


def _read(raw: bytes, channel: Channel, received_at: datetime, *, whole: bool) -> Incoming:
    mail = _parsed(raw)
    heads = _heads(mail)
    name, address = parseaddr(heads.get("from", ""))
    address = address.strip().lower()
    words, files, enclosed = _body(mail, whole=whole)
    own = next(iter(_ID.findall(heads.get("message-id", ""))), "")
    earlier = _ID.findall(f"{heads.get('in-reply-to', '')} {heads.get('references', '')}")
    said = "\0".join((own, address, heads.get("date", ""), heads.get("subject", ""), words))
    return Incoming(
        # Two mails may bear one Message-ID (forms do); one mail that came by two ways is the same one.
        id=hashlib.sha256(said.encode("utf-8", "replace")).hexdigest(),
        words=words,
        received_at=received_at,
        sender=address[:250],
        name=name or address,
        subject=heads.get("subject", ""),
        thread=own,
        answers=tuple(dict.fromkeys(earlier[-MOST_THREADS:])),
        files=files,
        enclosed=enclosed,
        automatic=_automatic(mail, heads, address, channel),
    )


def _parsed(raw: bytes) -> Message:
    """Piece by piece: the library would copy all of it in one go, and every other thread would wait."""
    parser: BytesFeedParser[Message] = BytesFeedParser(policy=_Short())
    for at in range(0, len(raw), PIECE):
        parser.feed(raw[at : at + PIECE])
    return parser.close()


def _automatic(mail: Message, heads: dict[str, str], address: str, channel: Channel) -> str:
    """Why no machine answers it (RFC 3834): `NOBODY`, of which nothing becomes; list or generated: a matter all the
    same, such as what a form of the city made by itself, that only a person answers.
    """
    if address in channel.own:
        return "loop"
    report = str(mail.get_param("report-type") or "").lower()
    local = address.partition("@")[0]
    if heads.get("return-path", "").strip() == "<>" or local in _ROBOTS or report in _REPORTS:
        return "bounce"
    said, precedence = (heads.get(head, "").strip().lower() for head in ("auto-submitted", "precedence"))
    if said.startswith(("auto-replied", "auto-notified")) or precedence == "auto_reply":
        return "reply"
    if "list-id" in heads or "list-unsubscribe" in heads or precedence in _MANY:
        return "list"
    suppressed = heads.get("x-auto-response-suppress", "").lower()
    asked_for_none = any(word in suppressed for word in ("all", "autoreply", "oof"))
    by_itself = re.split(r"[\s;(]", said)[0] not in {"", "no"}
    generated = by_itself or asked_for_none or _NOBODY.fullmatch(local) is not None
    return "generated" if generated else ""


def _heads(mail: Message) -> dict[str, str]:
    """The first of each name that matters here."""
    found: dict[str, str] = {}
    for said, value in mail.raw_items():
        name = said.lower()
        if name in HEADS and name not in found:
            found[name] = _head(str(value))
    return found


def _head(value: str) -> str:
    plain = guessed(value.encode("utf-8", "surrogateescape")) if _odd(value) else value
    with contextlib.suppress(Exception):
        parts = decode_header(re.sub(r"\s+", " ", plain))
        return "".join(part if isinstance(part, str) else guessed(part, charset) for part, charset in parts).strip()
    return plain.strip()


def _odd(value: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in value)


def guessed(said: bytes, charset: str | None = None) -> str:
    """Bytes as text: as they say, else as a Chinese mail most likely is."""
    name = (charset or "").lower()
    for one in dict.fromkeys((_CHINESE.get(name, name), "utf-8", "gb18030")):
        with contextlib.suppress(LookupError, UnicodeError):
            if one:
                return said.decode(one)
    return said.decode("utf-8", "replace")


def _body(mail: Message, *, whole: bool) -> tuple[str, tuple[str, ...], tuple[Enclosed, ...]]:
    """What is to be read, the names of what hangs on it, and that itself; of a cut mail not the last part."""
    plain: list[str] = []
    html: list[str] = []
    files: list[str] = []
    enclosed: list[Enclosed] = []
    leaves = list(_leaves(mail))
    for part in leaves:
        kind, name = part.get_content_type(), _file_name(part)
        said = _content(part)
        if name or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            files.append(f"{name or kind}（{_size(len(said))}）")
            if said and (whole or part is not leaves[-1]):
                enclosed.append(Enclosed(name, said))
        else:
            (html if kind == "text/html" else plain).append(guessed(said, part.get_content_charset()))
    words = "\n".join(one.strip() for one in plain if one.strip())
    return words or "\n".join(readable(one) for one in html), tuple(files[:20]), tuple(enclosed[:MOST_FILES])


def _content(part: Message) -> bytes:
    """As it was before it was written for the way; base64 piece by piece, for the sake of the other threads."""
    payload = part.get_payload()
    coded = str(part.get("content-transfer-encoding", "")).strip().lower() == "base64"
    if coded and isinstance(payload, str) and len(payload) > PIECE:
        with contextlib.suppress(ValueError):
            return _from_base64(payload)
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _from_base64(payload: str) -> bytes:
    """Raises ValueError."""
    made, left = bytearray(), ""
    for at in range(0, len(payload), PIECE):
        piece = left + _NOT_BASE64.sub("", payload[at : at + PIECE])
        whole = len(piece) // 4 * 4
        made += binascii.a2b_base64(piece[:whole])
        left = piece[whole:]
    return bytes(made + binascii.a2b_base64(left + "=" * (-len(left) % 4)))


def _leaves(mail: Message) -> Iterator[Message]:
    """Parts that have no parts, without going into mails that hang on this one."""
    waiting, seen = [mail], 0
    while waiting and seen < MOST_PARTS:
        part, seen = waiting.pop(0), seen + 1
        inside = part.get_payload()
        if part.is_multipart() and isinstance(inside, list) and part.get_content_maintype() == "multipart":
            waiting = [one for one in inside if isinstance(one, Message)] + waiting
        else:
            yield part


def _file_name(part: Message) -> str:
    given = part.get_param("filename", None, "content-disposition") or part.get_param("name", None)
    return _head(collapse_rfc2231_value(given)) if given else ""


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1000))} kB"


def readable(html: str) -> str:
    """The text of an HTML page, its blocks on lines of their own."""
    reader = _Reader()
    reader.feed(html[:MOST_HTML])
    reader.close()
    lines = (re.sub(r"[ \t\xa0]+", " ", one).strip() for one in "".join(reader.said).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "table", "blockquote"})
    SILENT = frozenset({"script", "style", "title", "template"})  # not head: its end may be left out

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self.SILENT
        if tag in self.BLOCKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in self.SILENT))
        if tag in self.BLOCKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)
