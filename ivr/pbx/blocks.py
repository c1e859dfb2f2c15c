"""Asterisk's own copy of the blocks (its database, family `block`), which the dialplan asks: it holds without us.

AMI's DBGetTree, DBPut, DBDel. A number's value is the second (epoch) at which its block ends; an ended one is void.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from ivr.pbx.manager import AmiFailedError

FAMILY = "block"


class Link(Protocol):
    """`ivr.pbx.link.Link`."""

    async def action(self, headers: Mapping[str, str | Sequence[str]]) -> list[dict[str, str]]: ...


def changes(there: Mapping[str, str], wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What makes `there` into `wanted`: entries to put, entries to delete. Pure."""
    put = {number: end for number, end in wanted.items() if there.get(number) != end}
    return put, sorted(there.keys() - wanted.keys())


async def publish(link: Link, blocks: Mapping[str, datetime], there: Mapping[str, str]) -> dict[str, str]:
    """Make Asterisk's copy, which is `there`, say what `blocks` say; returns what it is then. Raises AmiError."""
    wanted = {number: str(int(end.timestamp())) for number, end in blocks.items()}
    put, delete = changes(there, wanted)
    for number, end in put.items():
        await link.action({"Action": "DBPut", "Family": FAMILY, "Key": number, "Val": end})
    for number in delete:
        await link.action({"Action": "DBDel", "Family": FAMILY, "Key": number})
    return wanted


async def published(link: Link) -> dict[str, str]:
    """What Asterisk's copy says now. Raises AmiError."""
    try:
        answers = await link.action({"Action": "DBGetTree", "Family": FAMILY})
    except AmiFailedError:
        return {}  # an empty family is "not found"
    prefix = f"/{FAMILY}/"
    return {
        event["Key"].removeprefix(prefix): event["Val"]
        for event in answers
        if event.get("Event") == "DBGetTreeResponse"
    }
