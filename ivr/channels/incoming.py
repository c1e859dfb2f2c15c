"""One message of a person, by whatever channel it came, and what becomes of it at a case. Pure.

Nothing that he wrote is lost: what is too long for one field goes on in the next one, and then in letters of the case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ivr.desks.case_kinds import CONTACTS, MATTER, MATTER_KINDS
from ivr.desks.work_order import File
from ivr.settings.channels import Channel
from ivr.store.channels import Arrival

LONGEST_LINE = 200  # characters of a place, a name
PART = 8000  # characters of one field, and of one letter
MOST = 40_000  # characters that go into a case; a longer one is a book, and its gateway or mailbox keeps it
GOES_ON = "\n…（全文过长，余下部分保留在来源渠道 / the rest is kept where it came from）"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_IN_A_LINE = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+")
_IN_A_NUMBER = re.compile(r"[\s().\-–—－]")
_NUMBER = re.compile(r"\+?[0-9]{3,20}")


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What hung on it, whole."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Incoming:
    id: str  # the sender's: the same one again is the same message
    words: str
    received_at: datetime
    sender: str = ""  # whom an answer goes to: an address, an account at the gateway
    name: str = ""
    phone: str = ""
    place: str = ""
    happened: str = ""
    kind: str = ""  # a word of MATTER_KINDS
    contact: str = ""  # a word of CONTACTS: as the person wishes
    confidential: bool = False
    longitude: float | None = None
    latitude: float | None = None
    subject: str = ""
    thread: str = ""  # the conversation that it belongs to
    answers: tuple[str, ...] = ()  # earlier threads that it goes on with
    files: tuple[str, ...] = ()  # names of what hung on it
    enclosed: tuple[Enclosed, ...] = ()  # those of which we have the bytes
    automatic: str = ""  # why no machine answers it: bounce | reply | loop; list | generated: a matter all the same


def arrival(one: Incoming, channel: Channel, files: Sequence[File] = ()) -> Arrival:
    """As the database takes it. `files`: those of `enclosed` that were kept."""
    parts = _parts(words_of(one))
    matter = {**_facts(one, channel), "cause": "", "text": parts[0]}
    return Arrival(
        channel=channel.key,
        word=channel.word,
        id=one.id,
        sender=_plain(one.sender),
        thread=_plain(one.thread),
        answers=tuple(map(_plain, one.answers)),
        subject=line(one.subject),
        automatic=one.automatic,
        received_at=one.received_at,
        respond_by=one.received_at + channel.limit,
        matter={name: value for name, value in matter.items() if value not in ("", None, False)},
        more=tuple(parts[1:]),
        files=tuple(files),
    )


def words_of(one: Incoming) -> str:
    """Everything that is to be read, as one text."""
    listed = [f"[{line(name)}]" for name in one.files]
    parts = [line(one.subject), text(one.words).strip(), " ".join(listed)]
    said = "\n".join(dict.fromkeys(part for part in parts if part))
    return said or "（无文字内容 / no words）"


def _facts(one: Incoming, channel: Channel) -> Mapping[str, Any]:
    phone = number(one.phone)
    here = one.longitude is not None and one.latitude is not None
    inside = here and abs(one.longitude or 0) <= 180 and abs(one.latitude or 0) <= 90
    return {
        "name": line(one.name),
        "caller": phone,
        "place": line(one.place),
        "happened": line(one.happened),
        "kind": one.kind if one.kind in MATTER_KINDS else "",
        "contact": _contact(one, channel, phone),
        "confidential": one.confidential,
        **({"longitude": one.longitude, "latitude": one.latitude} if inside else {}),
    }


def _contact(one: Incoming, channel: Channel, phone: str) -> str:
    """R57: who writes short messages, or gave no number, is not called."""
    if one.contact in CONTACTS and (phone or one.contact != "phone"):
        return one.contact
    return "sms_only" if channel.word == "sms" or not phone else ""


def text(words: str) -> str:
    """Several lines, as a field of a case takes them."""
    plain = words.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _CONTROL.sub("\ufffd", plain)


def line(words: str) -> str:
    return _plain(words)[:LONGEST_LINE]


def _plain(words: str) -> str:
    """What every database takes (PostgreSQL: no NUL, no half of a pair), and a header of an answer too."""
    return _IN_A_LINE.sub(" ", words).strip()


def number(said: str) -> str:
    """A telephone number as a person types it; "" where it is none."""
    plain = _IN_A_NUMBER.sub("", said.translate(_FULL_WIDTH))
    return plain if _NUMBER.fullmatch(plain) else ""


_FULL_WIDTH = {ord("０") + digit: str(digit) for digit in range(10)} | {ord("＋"): "+"}


def _parts(words: str) -> list[str]:
    """Whole words of a text in pieces that each fit a field."""
    kept = words if len(words) <= MOST else words[: MOST - len(GOES_ON)] + GOES_ON
    return [kept[at : at + PART] for at in range(0, len(kept), PART)]


assert MATTER["text"]["maxLength"] >= PART
