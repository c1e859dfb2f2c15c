"""What the first `ivr up` says: where the pages are, and who may log in at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ivr import credentials
from ivr.cli.context import Context
from ivr.cli.service import welcome
from ivr.settings import load
from tests.unit.test_cli_calls import SANDBOX


def test_given_the_sandbox_when_it_is_ready_then_the_form_and_one_of_each_kind_are_named(tmp_path: Path) -> None:
    site = load(SANDBOX, tmp_path)
    secrets, _ = credentials.ensure(tmp_path, site)
    said = welcome(site, Context(SANDBOX, tmp_path), secrets)
    for user in ("1002", "2001"):  # who logs in with a browser alone; 1001 needs a telephone on his desk
        assert f"{user} / {secrets.passwords[user]}" in said
    assert f"admin / {secrets.admin_password}" in said
    assert "1001 /" not in said
    assert f"{site.web_url}/report" in said


@pytest.mark.parametrize("first", [True, False])
def test_given_a_site_without_browsers_and_form_then_neither_is_promised(tmp_path: Path, first: bool) -> None:
    site = load(SANDBOX, tmp_path)
    operators = {number: replace(one, transport="udp") for number, one in site.operators.items()}
    site = replace(site, operators=operators, supervisors={}, channels={})
    secrets, _ = credentials.ensure(tmp_path, site)
    said = welcome(site, Context(SANDBOX, tmp_path), secrets if first else None)
    assert ("1001 /" in said, "2001" in said, "/report" in said) == (first, False, False)
    assert (secrets.admin_password in said) is first
