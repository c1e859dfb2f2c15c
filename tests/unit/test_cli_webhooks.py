"""`ivr webhooks` as an engineer runs it, against the sample gateway that stands in examples/."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr import credentials, settings
from ivr.store import Store
from ivr.store.audit import Audit
from ivr.store.cases import Cases
from ivr.store.tellings import Tellings
from ivr.telling.teller import Teller
from tests.unit.test_cli_calls import Ivr, ivr, site, var
from tests.unit.test_cli_exchange import with_store

__all__ = ["ivr", "site", "var"]  # fixtures

GATEWAY = Path(__file__).parents[2] / "examples/gateway.py"


@pytest.fixture
def gateway(site: Path, var: Path) -> Iterator[subprocess.Popen[str]]:
    """It runs, and the settings know it by its address and its secret."""
    secret = "whsec_" + "QUJD" * 8
    environment = {**os.environ, "HOTLINE_SECRET": secret}
    with subprocess.Popen(
        [sys.executable, str(GATEWAY), "0"], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        more = f'\n[sms]\nurl = "{url}"\nquiet = []\n[webhooks.records]\nurl = "http://127.0.0.1:9/"\n'
        site.write_text(site.read_text(encoding="utf-8") + more, encoding="utf-8")
        credentials.ensure(var, settings.load(site, var))
        change_secret(var, secret)
        yield process
        process.kill()


def change_secret(var: Path, secret: str) -> None:
    path = credentials.path_in(var)
    before = credentials.load(var).webhook_secrets("sms")[0]
    path.write_text(path.read_text(encoding="utf-8").replace(before, secret), encoding="utf-8")


def test_given_a_gateway_when_it_is_tested_then_one_hears_whether_it_believes_us(
    ivr: Ivr, gateway: subprocess.Popen[str], var: Path
) -> None:
    assert "sms answers 200" in ivr("webhooks", "test", "sms").out
    change_secret(var, "whsec_" + "QQQQ" * 8)
    for name, code, why in (("sms", 1, "HTTP 401"), ("records", 1, "did not take"), ("nobody", 2, "records, sms")):
        said = ivr("webhooks", "test", name)
        assert (said.code, why in said.err) == (code, True), said


def test_given_a_text_when_the_gateway_takes_it_then_it_is_sent_once_and_what_was_given_up_goes_out_when_asked_for(
    ivr: Ivr, gateway: subprocess.Popen[str], site: Path, var: Path, ready_database_url: str
) -> None:
    at = settings.load(site, var)

    async def told(store: Store) -> None:
        tellings = Tellings(store, at)
        cases = Cases(store, "12345", hooks=(tellings.hook,))
        await cases.open("1001", "web", {"caller": "13800138000"})
        sender = Teller(at, credentials.load(var), tellings, cases)
        for letter in await tellings.due("records", datetime.now(UTC)):
            await tellings.settled(letter, "dead", datetime.now(UTC), why="no answer")
        sending = asyncio.create_task(sender.run())
        async with asyncio.timeout(60):
            while (await tellings.waiting())["sms"].pending:  # noqa: ASYNC110  rows
                await asyncio.sleep(0.02)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    with_store(ready_database_url, told)
    assert gateway.stdout is not None
    sent = json.loads(gateway.stdout.readline())
    assert sent["to"] == "13800138000"
    assert "已登记" in sent["text"]
    assert "http://127.0.0.1:9/" in ivr("webhooks", "status").out
    told_of = {one["name"]: one for one in json.loads(ivr("webhooks", "status", "--json").out)["receivers"]}
    assert (told_of["records"]["dead"], told_of["sms"]["pending"]) == (1, 0)
    assert "sent again" in ivr("webhooks", "retry", "records", "-m", "mended").out
    noted = with_store(ready_database_url, lambda store: Audit(store).listed(what="webhooks.retry"))
    assert [(one.about, one.why) for one in noted] == [("records", "mended")]
    assert "no message" in ivr("webhooks", "retry", "msg_none").err
