"""The mails that go back to who wrote one (R45): whether, to whom, and what stands in them. Pure.

An acknowledgement is an automatic response (RFC 3834): one a matter, some a day to one address, none to what no person
wrote, and no word of the other's in it: who wrote in somebody else's name makes us tell that other nothing of his.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from ivr.channels.incoming import line
from ivr.desks.case_letters import ANSWER
from ivr.desks.progress import silent
from ivr.settings import Site
from ivr.settings.channels import Channel
from ivr.store.correspondence import Written
from ivr.store.tellings import Letter
from ivr.telling.mail_words import BODY, PROMISE, SUBJECT
from ivr.telling.texting import Never

STALE = timedelta(days=2)  # after it came an acknowledgement tells nobody anything
MOST_REFERENCES = 10
_POLICY = SMTP.clone(cte_type="7bit")
_ID = re.compile(r"<[!-;=?-~]{1,250}>")  # RFC 5322 3.6.4, more or less: nothing that could begin a new line
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_DANGER = frozenset({"in_danger", "emergency"})


@dataclass(frozen=True, slots=True)
class Mail:
    to: str
    language: str
    automatic: bool
    references: tuple[str, ...]  # Message-IDs of the conversation, the one that is answered last


def decide(letter: Letter, channel: Channel, written: Sequence[Written], now: datetime) -> Mail | Never:
    """What to do about a mail that is due. `written`: what came of this case by this mailbox, the oldest first."""
    answer = letter.step == ANSWER
    whom = written[-1] if answer and written else written[0] if written else None
    if whom is None:
        return Never("erased")
    if not channel.can_write_to(whom.sender):
        return Never("no_address")
    if not answer and (why := _forbidden(letter, whom, now)):
        return Never(why)
    named = tuple(one.thread for one in written if _ID.fullmatch(one.thread))
    return Mail(whom.sender, _language(letter), not answer, named[-MOST_REFERENCES:] if answer else named[:1])


def _forbidden(letter: Letter, whom: Written, now: datetime) -> str:
    """Why no acknowledgement goes out, as one word. Nobody rings by a mail: `no_call_back` forbids none."""
    case = letter.now
    if whom.automatic:
        return whom.automatic
    if (why := silent(case)) in _DANGER:
        return why
    if case.state == "merged" or case.responded_at is not None:
        return "answered"  # another mail says more
    return "late" if now - whom.received_at > STALE else ""


def _language(letter: Letter) -> str:
    """In which he wrote: a mail with Chinese in it is one of a reader of Chinese."""
    said = letter.now.matter.text
    return "zh" if _CHINESE.search(said) or not re.search("[A-Za-z]", said) else "en"


def message_id(letter: Letter, channel: Channel) -> str:
    """The same at every try; it tells the case that a reply to it belongs to (`ivr.store.correspondence`)."""
    return f"<{letter.now.id}.{letter.id}@{channel.sender.partition('@')[2]}>"


def composed(letter: Letter, mail: Mail, channel: Channel, site: Site, now: datetime) -> bytes:
    """The whole mail, as it goes over the wire."""
    language, hotline = mail.language, site.hotline
    name = line(hotline.name.get(language, hotline.number))
    facts = {
        "name": name,
        "number": letter.now.number,
        "hotline": hotline.number,
        "emergency": hotline.emergency_target,
        "promise": _promise(letter, language, ZoneInfo(hotline.timezone), now),
        "words": letter.event.data.get("words", ""),
    }
    made = EmailMessage(_POLICY)
    made["From"] = Address(name, addr_spec=channel.sender)
    made["To"] = Address(addr_spec=mail.to)
    made["Subject"] = SUBJECT[letter.step][language].format_map(facts)
    made["Date"] = format_datetime(now)
    if mail.automatic:
        made["Auto-Submitted"] = "auto-replied"
        made["X-Auto-Response-Suppress"] = "All"
    made.set_content(BODY[letter.step][language].format_map(facts), charset="utf-8")
    made["Content-Language"] = language  # what sets the content drops every other word about it
    return _conversation(letter, mail, channel) + made.as_bytes()


def _conversation(letter: Letter, mail: Mail, channel: Channel) -> bytes:
    """Ids are longer than a line may be for the standard library, which would fold them into nonsense."""
    lines = [f"Message-ID: {message_id(letter, channel)}"]
    if mail.references:
        lines += [f"In-Reply-To: {mail.references[-1]}", "References: " + "\r\n ".join(mail.references)]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _promise(letter: Letter, language: str, zone: ZoneInfo, now: datetime) -> str:
    by = letter.now.respond_by
    until = f"{by.astimezone(zone):%Y-%m-%d %H:%M}" if by is not None else ""
    return PROMISE[language][by is not None and by > now].format(until=until)
