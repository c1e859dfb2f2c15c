"""The settings that tests run with are settings that the system takes."""

from __future__ import annotations

import tomllib
from pathlib import Path

from ivr import settings
from tests.pbx import sites


def test_given_a_test_site_when_written_and_read_then_it_is_the_same() -> None:
    tables = sites.site({"hotline": {"name": {"zh": '引"号\\', "en": "a = [b]"}}})
    assert tomllib.loads(sites.to_toml(tables)) == tables


def test_given_changes_then_they_are_laid_over_and_the_system_takes_the_site(tmp_path: Path) -> None:
    changes = {"targets": {"110": {"acknowledge": "key"}, "gas": None}, "queue": {"ring": 3}}
    (tmp_path / "hotline.toml").write_text(sites.to_toml(sites.site(changes)), encoding="utf-8")
    site = settings.load(tmp_path / "hotline.toml", tmp_path / "var")
    assert (site.targets["110"].acknowledge, site.targets["110"].ring, site.queue.ring) == ("key", 4, 3)
    assert "gas" not in site.targets
