"""Publishing on a real Asterisk: what runs is known, running calls keep their version, and nothing faulty stays."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from ivr import credentials, settings
from ivr.dialplan.versions import Versions
from ivr.pbx import drain
from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually

SLOW = """\
[site-slow]
exten => s,1,Set(GLOBAL(SLOW_BEGAN)={word})
 same => n(wait),Wait(0.1)
 same => n,GotoIf($["${{GO}}"=""]?wait)
 same => n,Set(GLOBAL(SLOW_ENDED)={word})
 same => n,Gosub(site-more,s,1({word}))
 same => n,Hangup()
[site-more]
exten => s,1,Set(GLOBAL(SLOW_MORE)={word}-${{ARG1}})
 same => n,Return()
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The draft of the first hotline that `hotline_with` starts."""
    folder = tmp_path / "hotline0/dialplans/site"
    folder.mkdir(parents=True)
    return folder


def originate(hotline: Hotline, context: str, seconds: int) -> None:
    """A leg in a context, with nobody at its other end."""

    async def order() -> None:
        site = settings.load(hotline.site_file, hotline.var)
        async with drain.manager(site, hotline.var, credentials.load(hotline.var)) as ami:
            leg = {"Action": "Originate", "Channel": f"Local/s@{context}/n", "Async": "true"}
            await ami.action(leg | {"Application": "Wait", "Data": str(seconds)})

    asyncio.run(order())


def global_of(hotline: Hotline, name: str) -> str:
    said = hotline.asterisk("dialplan show globals").splitlines()
    return next((line.strip().partition("=")[2] for line in said if line.strip().startswith(f"{name}=")), "")


def test_given_a_leg_in_a_site_context_when_another_version_is_published_it_ends_on_the_one_it_began_with(
    own: Path, hotline_with: Hotlines
) -> None:
    (own / "slow.conf").write_text(SLOW.format(word="old"), encoding="utf-8")
    hotline = hotline_with()
    versions = Versions(hotline.var)
    assert versions.current == 1
    assert global_of(hotline, "SITE_VERSION") == "v1-"
    originate(hotline, "site-slow", 60)
    eventually(lambda: global_of(hotline, "SLOW_BEGAN") == "old", 5, lambda: "the leg never began")
    (own / "slow.conf").write_text("; a line more\n" + SLOW.format(word="new"), "utf-8")
    told = json.loads(hotline.cli("dialplan", "publish", "-m", "another word", "--by", "wang", "--json"))
    assert told["version"]["number"] == 2
    assert versions.current == 2
    assert global_of(hotline, "SLOW_ENDED") == ""
    hotline.asterisk("dialplan set global GO 1")
    eventually(lambda: global_of(hotline, "SLOW_MORE"), 8, lambda: "the leg never ended")
    assert (global_of(hotline, "SLOW_ENDED"), global_of(hotline, "SLOW_MORE")) == ("old", "old-old")
    originate(hotline, "site-slow", 5)
    eventually(lambda: global_of(hotline, "SLOW_MORE") == "new-new", 5, lambda: "new calls never ran on version 2")
