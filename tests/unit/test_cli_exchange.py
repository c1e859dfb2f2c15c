"""`ivr exchange` as an engineer runs it, on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.desks import signatures
from ivr.desks.exchange import Fate
from ivr.store import Store
from ivr.store.audit import Audit
from ivr.store.cases import Cases
from ivr.store.exchange import Messages
from tests.unit.databases import with_store
from tests.unit.test_cli_calls import Ivr, ivr, site, var

__all__ = ["ivr", "site", "var"]  # fixtures

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
KEY = signatures.public_text(signatures.new_private())


@pytest.fixture
def refused(ready_database_url: str, site: Path) -> str:
    """The id of a message that 110 refused."""
    partner = f'\n[exchange.110]\nurl = "http://127.0.0.1:9"\nkey = "{KEY}"\ntargets = ["110"]\n'
    site.write_text(site.read_text(encoding="utf-8") + partner, encoding="utf-8")

    async def made(store: Store) -> str:
        messages = Messages(store, "12345", ["110"])
        cases = Cases(store, "12345", hooks=(messages.hook,))
        case = (await cases.open("1001", "phone", {"cause": "路灯不亮"})).case.id
        await cases.act(case, "1001", "offered", {"to": "110", "way": "online"})
        (message,) = await messages.due("110", NOW)
        error = {"error": {"id": "exchange_message", "message": "no"}}
        await messages.settled(message, Fate("refused", alarm=True), 422, error, NOW)
        return message.id

    return with_store(ready_database_url, made)


def test_given_a_refused_message_when_it_is_looked_at_and_sent_again_then_it_is_told_and_noted(
    ivr: Ivr, refused: str, ready_database_url: str
) -> None:
    status = json.loads(ivr("exchange", "status", "--json").out)["partners"]
    assert [(one["desk"], one["pending"], one["refused"]) for one in status] == [("110", 0, 1)]
    shown = ivr("exchange", "trace", "--state", "refused").out
    assert refused in shown
    assert "422 exchange_message" in shown
    assert "1-3 opened written offered" in shown
    (told,) = json.loads(ivr("exchange", "trace", "--json").out)["messages"]
    assert (told["id"], told["status"]) == (refused, 422)
    assert "1" in ivr("exchange", "retry", refused, "-m", "new key").out
    (told,) = json.loads(ivr("exchange", "trace", "--json").out)["messages"]
    assert told["state"] == "pending"
    noted = with_store(ready_database_url, lambda store: Audit(store).listed(what="exchange.retry"))
    assert [(one.about, one.why) for one in noted] == [(refused, "new key")]


def test_given_a_message_that_is_not_there_when_it_is_sent_again_then_it_says_so(ivr: Ivr, refused: str) -> None:
    done = ivr("exchange", "retry", "nothing")
    assert done.code == 1
    assert "ivr exchange trace" in done.err


def test_given_a_new_system_when_its_key_is_asked_for_then_it_is_made_once(ivr: Ivr, refused: str) -> None:
    first, again = (json.loads(ivr("exchange", "keys", "--json").out) for _ in range(2))
    assert first == again
    assert first["desk"] == "12345"
    signatures.public_key(first["key"])
