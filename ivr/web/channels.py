"""The door for gateways of messages (SMS, WeChat, Weibo, a city's app): one signed message makes one case.

It is stored first and answered then; the same `webhook-id` again is answered with the same case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from aiohttp import web

from ivr import webhooks
from ivr.channels.incoming import Incoming, arrival
from ivr.desks.case_kinds import CONTACTS, MATTER, MATTER_KINDS
from ivr.errors import HotlineError
from ivr.settings.channels import Channel
from ivr.store.audit import SYSTEM, Audit
from ivr.store.channels import Taken
from ivr.web import replies
from ivr.web.access import NOT_A_GUESS
from ivr.web.bodies import body_of
from ivr.web.context import Asked
from ivr.web.limits import address_of
from ivr.web.routes import BadJsonError
from ivr.web.schema import BOOLEAN, TIME, Schema, array, check, obj, one_of, string

MOST_BODY = 256 * 1024  # bytes

MESSAGE: Schema = obj(
    {
        "type": one_of("message"),
        "data": obj(
            {"sender": string(longest=200), "words": string(longest=100_000)},
            {
                "name": string(longest=200),
                "phone": string(longest=40),
                "place": string(longest=400),
                "happened": string(longest=200),
                "kind": one_of(*MATTER_KINDS),
                "contact": one_of(*CONTACTS),
                "confidential": BOOLEAN,
                "longitude": MATTER["longitude"],
                "latitude": MATTER["latitude"],
                "thread": string(longest=200),
                "files": {**array(string(longest=500)), "maxItems": 20},
            },
        ),
    },
    {"timestamp": TIME},
)

log = structlog.get_logger(__name__)


async def taken(asked: Asked) -> web.Response:
    """`POST /api/v1/channels/{channel}`."""
    request, services = asked.request, asked.services
    request[NOT_A_GUESS] = True  # what is refused here has a record of its own
    name = asked.path["channel"]
    channel = services.site.channels.get(name)
    if channel is None or channel.kind != "webhook":
        channel = None  # whoever has no secret does not learn which channels there are
    body = await body_of(request, MOST_BODY)
    now = datetime.now(UTC)
    try:
        secrets = [_secret(asked, channel)] if channel is not None else []
        signed = webhooks.verify(dict(request.headers), body, secrets, now)
    except HotlineError as refusal:
        await _note(asked, name, refusal)
        raise
    assert channel is not None
    made = arrival(_incoming(signed.id, _document(body), now), channel)
    return replies.json(told(channel, await services.arrivals.take(made)), 200)


def told(channel: Channel, result: Taken) -> dict[str, Any]:
    log.info("channel.taken", channel=channel.key, case=result.number, again=result.again)
    return {"case": {"id": result.case, "number": result.number}, "again": result.again}


def _secret(asked: Asked, channel: Channel) -> str:
    secret = asked.services.credentials.channels.get(channel.key, "")
    try:
        webhooks.key_of(secret)
    except ValueError as wrong:
        message = f"[channels] {channel.key} of credentials.toml cannot be used: {wrong}"
        raise HotlineError("channel_secret", message, {"channel": channel.key}, 503) from None
    return secret


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as failure:
        raise BadJsonError(str(failure)) from None
    check(MESSAGE, document)
    data: Mapping[str, Any] = document["data"]
    return data


def _incoming(id: str, data: Mapping[str, Any], now: datetime) -> Incoming:
    return Incoming(id=id, received_at=now, **{**data, "files": tuple(data.get("files", ()))})


async def _note(asked: Asked, channel: str, refusal: HotlineError) -> None:
    """Once a minute and place a row of the audit log."""
    remote = address_of(asked.request, asked.services.site.listen.proxies)
    one, fresh = asked.services.door.refused(refusal.id, remote)
    if not fresh:
        return
    log.warning("channel.refused", channel=channel, remote=remote, why=refusal.message)
    try:
        details = {"id": refusal.id, "channel": channel, "times": one.times, **refusal.details}
        audit = Audit(asked.services.store)
        await audit.note(SYSTEM, SYSTEM, "channel.refused", remote, refusal.message, details)
    except HotlineError as failure:
        log.warning("channel.not_noted", why=failure.message)
