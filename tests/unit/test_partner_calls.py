"""Who may say which call of his it is, and is rung until a person takes it: desks that share cases, nobody else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from ivr.credentials import ensure
from ivr.pbx import render
from ivr.pbx.fetch import Installation
from ivr.settings.model import Partner
from tests.web.house import a_site

ASTERISK = Installation(("asterisk",), Path("/"), Path("/"), (22, 10, 1), frozenset({"res_pjsip"}))


def test_given_one_partner_when_rendered_then_its_endpoint_alone_is_read_and_told(tmp_path: Path) -> None:
    site = replace(a_site(tmp_path), exchange={"police": Partner("police", "https://192.0.2.1", "", targets=("110",))})
    (tmp_path / "secrets").mkdir(mode=0o700)
    secrets, _ = ensure(tmp_path / "secrets", site)
    made = render.texts(site, tmp_path, ASTERISK, secrets, "mark", 1, tmp_path)
    endpoints = re.split(r"^(?=\[)", made["pjsip.conf"], flags=re.MULTILINE)
    partners = [text.partition("]")[0].strip("[") for text in endpoints if "set_var = PARTNER=1" in text]
    assert partners == ["desk-110"]
    told = re.findall(r"^TARGET_(\S+)_PARTNER = 1$", made["extensions.conf"], re.MULTILINE)
    assert told == ["110"]
    assert "TARGET_gas_PARTNER = 0" in made["extensions.conf"]
