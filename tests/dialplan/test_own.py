"""A site's own numbers and keys are there because its contexts have their names."""

from __future__ import annotations

from pathlib import Path

from ivr import settings
from ivr.pbx import own, render
from tests.dialplan import cases

SITE = settings.load(render.ROOT / "hotline.toml", Path("/nowhere"))


def test_given_contexts_when_read_then_numbers_and_keys_are_found_but_never_cores(tmp_path: Path) -> None:
    file = tmp_path / "one.conf"
    file.write_text(
        "[site-number-96110]\n[v7-site-number-96111]\n;[site-number-96112]\n[site-number-12345]\n[site-number-x]\n"
        "[site-key-5]\n[site-key-0]\n[site-key-55]\n[site-before-queue]\n",
        encoding="utf-8",
    )
    found = own.of(SITE, [file, tmp_path / "none.conf"])
    assert found == own.Own(("96110", "96111"), ("5",))


def test_given_own_numbers_when_rendered_then_the_trunk_and_the_waiting_caller_have_a_way_to_them(
    tmp_path: Path,
) -> None:
    file = tmp_path / "one.conf"
    file.write_text(
        "[site-number-96110]\nexten => s,1,Return()\n[site-key-5]\nexten => s,1,Return()\n", encoding="utf-8"
    )
    text = render.extensions(SITE, tmp_path, [file])
    assert "exten => 96110,1,Goto(entry-own,96110,1)" in text
    assert "exten => 5,1,Goto(waiting-key,5,1)" in text


def test_given_the_examples_of_every_hook_when_checked_as_a_sites_file_then_nothing_is_found(tmp_path: Path) -> None:
    case = tmp_path / "hooks.conf"
    case.write_bytes((render.DIALPLANS / "site/hooks.conf.example").read_bytes())
    assert cases.found(cases.judged(case, tmp_path)) == []
