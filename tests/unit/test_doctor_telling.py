"""What the doctor says of those who are told of cases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ivr import credentials
from ivr.doctor_telling import telling
from ivr.settings import Site, load
from ivr.settings.telling import Sms, Webhook


def a_site(var: Path, *events: str) -> Site:
    site = load(Path(__file__).parents[2] / "hotline.toml", var)
    hook = Webhook("records", "https://10.1.2.3", events=events)
    return replace(site, webhooks={"records": hook}, sms=Sms("https://10.1.2.4"))


def test_given_a_kind_that_there_is_not_then_it_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    (finding,) = telling(a_site(tmp_path, "opened", "begun"), tmp_path)
    assert (finding.id, finding.level) == ("webhook-records", "warning")
    assert "begun" in finding.words["zh"]
    assert "opened" in finding.mend["en"]


def test_given_receivers_then_each_needs_a_secret(tmp_path: Path) -> None:
    site = a_site(tmp_path, "opened", "*")
    assert [one.id for one in telling(site, tmp_path)] == ["telling"], "the first start makes them"
    credentials.ensure(tmp_path, replace(site, sms=None))
    assert [one.id for one in telling(site, tmp_path)] == ["webhook-secret-sms"]
    credentials.ensure(tmp_path, site)
    assert [one.level for one in telling(site, tmp_path)] == ["ok"]
    assert list(telling(replace(site, webhooks={}, sms=None), tmp_path)) == []
