"""The doctor's look at the desks that share cases with this one: does each answer, agree on the time, and take what it
is told?

A warning, never a problem: calls go over all the same, and what a partner was not told is told later. Only its
published schema is asked for: a message, signed or not, would be an event at the other end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from ivr.findings import Finding, bad, ok
from ivr.settings import Partner, Site

PATIENCE = 5.0  # seconds for all of them
SCHEMA = "/exchange/v1/schema.json"
OURS = "urn:hotline:exchange:"  # the schema's id where the same software runs
APART = timedelta(seconds=30)  # clocks that are told; a message is refused at five minutes and a half


@dataclass(frozen=True, slots=True)
class Heard:
    """What a partner's door said: `why` it said nothing, else its status, its clock, and the id of its schema."""

    why: str = ""
    status: int = 0
    clock: datetime | None = None
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """From the outbox: what waits for the partner, since when, and why the newest of it was not taken."""

    pending: int = 0
    refused: int = 0
    oldest: datetime | None = None
    error: str = ""  # the id of its newest refusal
    why: str = ""


def partners(site: Site) -> Iterator[Finding]:
    """For a system that runs."""
    if not site.exchange:
        return
    heard = asyncio.run(_ask(site))
    told = asyncio.run(_outbox(site))
    for desk, partner in site.exchange.items():
        yield from findings(site, partner, heard[desk], told.get(desk, Told()), datetime.now(UTC))


def findings(site: Site, partner: Partner, heard: Heard, told: Told, now: datetime) -> Iterator[Finding]:
    """Pure: of one partner."""
    if heard.status >= 500 and heard.status != 501:  # a proxy before a system that does not run answers too
        heard = replace(heard, why=f"HTTP {heard.status}")
    found = [*_door(partner, heard, now), *_outgoing(partner, told, now), *_voice(site, partner, heard)]
    if not found:
        found = [ok(f"exchange-{partner.desk}", f"{partner.desk} 平台的数据通道正常",
                    f"{partner.desk} shares cases: its door answers")]  # fmt: skip
    yield from found


def _door(partner: Partner, heard: Heard, now: datetime) -> Iterator[Finding]:
    desk, id = partner.desk, f"exchange-{partner.desk}"
    if heard.why:
        words = (
            f"{desk} 平台的数据通道连不上（{partner.url}）：{heard.why}",
            f"{desk} cannot be told about cases ({partner.url}): {heard.why}",
        )
        mend = (
            f"检查线路、防火墙、证书和 [exchange.{desk}] url；恢复后自动补发",
            f"see to the line, the firewall, the certificate and url of [exchange.{desk}]; what waits is sent then",
        )
        yield bad(id, words, mend, "warning")
    elif heard.clock is not None and abs(heard.clock - now) > APART:
        off = round((heard.clock - now).total_seconds())
        fast = ("快", "ahead of") if off > 0 else ("慢", "behind")
        words = (
            f"{desk} 平台的时钟比本机{fast[0]} {abs(off)} 秒",
            f"{desk}'s clock is {abs(off)} s {fast[1]} this machine's",
        )
        mend = (
            "双方启用 chrony 等时间同步：相差超过五分半钟，消息会被拒收",
            "let both follow a time server (chrony): at five minutes and a half messages are refused",
        )
        yield bad(f"{id}-clock", words, mend, "warning")


def _outgoing(partner: Partner, told: Told, now: datetime) -> Iterator[Finding]:
    desk, id = partner.desk, f"exchange-{partner.desk}"
    if told.error == "exchange_signature":
        words = (f"{desk} 平台不认本方签名：{told.why}", f"{desk} refuses our signature: {told.why}")
        mend = (
            "把 ivr exchange keys 显示的公钥填入对方的 [exchange.…] key，并核对双方时钟",
            "give them the key that `ivr exchange keys` prints, for `key` in their settings, and compare the clocks",
        )
        yield bad(f"{id}-key", words, mend, "warning")
    if told.refused:
        words = (f"{desk} 平台拒收了 {told.refused} 条消息", f"{desk} refused {told.refused} messages about cases")
        mend = (
            "用 ivr exchange trace --state refused 查看原因，排除后执行 ivr exchange retry all",
            "see why with `ivr exchange trace --state refused`, mend it, then `ivr exchange retry all`",
        )
        yield bad(f"{id}-refused", words, mend, "warning")
    if told.oldest is not None and (waited := now - told.oldest) > timedelta(minutes=partner.silent_minutes):
        minutes = int(waited.total_seconds() // 60)
        words = (
            f"{told.pending} 条消息等待送达 {desk} 平台，最早的已等 {minutes} 分钟",
            f"{told.pending} messages wait for {desk}, the oldest for {minutes} minutes",
        )
        mend = (
            "转接时请口头说明诉求；用 ivr exchange status 查看",
            "tell them by voice what a case is; see `ivr exchange status`",
        )
        yield bad(f"{id}-waiting", words, mend, "warning")


def _voice(site: Site, partner: Partner, heard: Heard) -> Iterator[Finding]:
    """Where a machine of theirs may answer first, only a key says that a person is there."""
    if heard.why or heard.schema.startswith(OURS):
        return  # this software answers a call of ours when a person takes it
    for key in partner.targets:
        target = site.targets.get(key)
        if target is not None and target.emergency and target.acknowledge == "answer":
            words = (
                f"{partner.desk} 平台不是本软件，其电话系统可能先应答再排队，而 targets.{key} 以应答为接通",
                f"{partner.desk} runs other software, whose exchange may answer before a person does, and "
                f"targets.{key} takes an answer for a person",
            )
            mend = (
                f'与对方核实；若先应答再排队，设 targets.{key}.acknowledge = "key"',
                f'ask them; if it answers first and queues then, set targets.{key}.acknowledge = "key"',
            )
            yield bad(f"exchange-{partner.desk}-acknowledge", words, mend, "warning")


async def _ask(site: Site) -> Mapping[str, Heard]:
    from aiohttp import ClientError  # noqa: PLC0415  slow to import, and only this needs it

    from ivr import posting  # noqa: PLC0415

    async with posting.session(posting.context(site)) as http:

        async def one(partner: Partner) -> Heard:
            try:
                async with asyncio.timeout(PATIENCE), http.get(partner.url.rstrip("/") + SCHEMA) as answer:
                    said = await answer.json(content_type=None) if answer.status == 200 else {}
                    date = answer.headers.get("Date")
                    clock = parsedate_to_datetime(date).astimezone(UTC) if date else None
                    id = said.get("$id", "") if isinstance(said, dict) else ""
                    return Heard("", answer.status, clock, str(id))
            except (OSError, TimeoutError, ValueError, ClientError) as failure:
                return Heard(str(failure) or "no answer")

        answers = await asyncio.gather(*(one(partner) for partner in site.exchange.values()))
    return dict(zip(site.exchange, answers, strict=True))


async def _outbox(site: Site) -> Mapping[str, Told]:
    """Nothing where the database cannot be asked: that has a finding of its own."""
    from ivr.errors import HotlineError  # noqa: PLC0415
    from ivr.store import Store  # noqa: PLC0415
    from ivr.store.exchange import Messages  # noqa: PLC0415

    store = Store(site.database_url)
    try:
        async with asyncio.timeout(PATIENCE):
            await store.open(may_migrate=False)
            messages = Messages(store, site.hotline.desk, site.exchange)
            waits = await messages.backlog(site.exchange)
            newest = {desk: await messages.trace(desk=desk, limit=20) for desk in site.exchange}
    except (HotlineError, OSError, TimeoutError):
        return {}
    finally:
        await store.close()
    return {desk: _told(waits[desk], newest[desk]) for desk in waits}


def _told(waits: Any, newest: Sequence[Mapping[str, Any]]) -> Told:
    """`waits`: a Backlog; `newest`: the last messages of the trace, the newest first."""
    tried = next((one for one in newest if one["direction"] == "out" and one["tried_at"]), None)
    error = ((tried or {}).get("answer") or {}).get("error") if tried and tried["state"] != "delivered" else None
    error = error if isinstance(error, dict) else {}
    why = str(error.get("message", ""))[:200]
    return Told(waits.pending, waits.refused, waits.oldest, str(error.get("id", "")), why)
