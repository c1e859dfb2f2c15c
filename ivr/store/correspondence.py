"""What was written to a mailbox about a case, and whom an answer goes to: read in whatever transaction asks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from ivr.store import tables

_OURS = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.msg_[0-9a-f]{32}@[^<>@\s]+>")
_MESSAGE, _TELLING = tables.channel_message.c, tables.telling.c


@dataclass(frozen=True, slots=True)
class Written:
    sender: str
    thread: str  # its Message-ID
    automatic: str  # why only a person answers it: list | generated; "": a person wrote it
    received_at: datetime


def of_case(connection: Connection, case_id: str, channel: str) -> Sequence[Written]:
    """The oldest first; nothing where it was erased."""
    columns = (_MESSAGE.sender, _MESSAGE.thread, _MESSAGE.automatic, _MESSAGE.received_at)
    query = select(*columns).where(_MESSAGE.case_id == case_id, _MESSAGE.channel == channel, _MESSAGE.sender != "")
    rows = connection.execute(query.order_by(_MESSAGE.taken_at, _MESSAGE.received_at)).all()
    return [Written(row.sender, row.thread, row.automatic, row.received_at) for row in rows]


def channels_of(connection: Connection, case_id: str) -> frozenset[str]:
    """Those by which somebody wrote about the case, whom an answer can reach."""
    query = select(_MESSAGE.channel).where(_MESSAGE.case_id == case_id, _MESSAGE.sender != "").distinct()
    return frozenset(connection.execute(query).scalars())


def answered_cases(threads: Iterable[str]) -> list[str]:
    """The cases that these Message-IDs of ours are about: whoever replies to a mail names it."""
    return [found[1] for thread in threads if (found := _OURS.fullmatch(thread)) is not None]


def acknowledged(connection: Connection, name: str, channel: str, address: str, since: datetime) -> int:
    """Acknowledgements that went out to the address since then, whatever they were about."""
    both = tables.telling.join(tables.channel_message, _MESSAGE.case_id == _TELLING.case_id)
    sent = (_TELLING.name == name) & (_TELLING.step == "received") & (_TELLING.state == "delivered")
    one = (_MESSAGE.channel == channel) & (_MESSAGE.sender == address)
    count = select(func.count(_TELLING.serial.distinct())).select_from(both)
    return connection.execute(count.where(sent, one, _TELLING.tried_at >= since)).scalar() or 0
