"""Where a call goes: the decision, its published form, and the scripts that ask for it."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from pathlib import Path

import pytest

from agi_scripts import offline, ping, route
from ivr.pbx.agi import Question, scripts
from ivr.pbx.routing import Route, Routing, decide, of_site, publish, read, wanted
from ivr.settings import Address, Hotline, Listen, Operator, Site, Target, Trunk

HERE = Address("127.0.0.1", 1)
SITE = Site(
    path="hotline.toml",
    hotline=Hotline(number="12345", name={"zh": "热线", "en": "Hotline"}, languages=("zh", "en", "fr")),
    listen=Listen(sip=HERE, rtp=(1, 2), web=HERE, ami=HERE, agi=HERE),
    database_url="",
    trunks={
        "public": Trunk("public", ("127.0.0.11",), "sip:127.0.0.11"),
        "alliance": Trunk("alliance", ("127.0.0.12",), "sip:127.0.0.12", language="fr"),
    },
    targets={"110": Target("110", {"zh": "110", "en": "110"})},
    operators={"1001": Operator("1001", "一号", ("general", "en")), "1002": Operator("1002", "二号", ("投诉",))},
)
ROUTING = of_site(SITE)
CALL = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("origin", "hint", "remembered", "expected"),
    [
        ("trunk-public", "", None, Route("zh", "q-general", 0)),
        ("trunk-public", "en", None, Route("en", "q-en", 0)),
        ("trunk-public", "en", "zh", Route("zh", "q-general", 0)),
        ("trunk-public", "", "en", Route("en", "q-en", 0)),
        ("trunk-alliance", "", None, Route("fr", "q-general", 0)),
        ("trunk-alliance", "de, en;q=0.5", None, Route("en", "q-en", 0)),
        ("110", "", None, Route("zh", "q-general", 10)),
        ("desk-110", "en", None, Route("en", "q-en", 10)),
        ("nobody knows", "x" * 500, "klingon", Route("zh", "q-general", 0)),
    ],
)
def test_the_route_of_a_call(origin: str, hint: str, remembered: str | None, expected: Route) -> None:
    assert decide(ROUTING, origin, hint, remembered) == expected


@pytest.mark.parametrize(
    ("hint", "languages"),
    [("", ()), ("en-US,fr;q=0.8,zh;q=0", ("en", "fr")), ("fr;q=0.2, en;q=0.9", ("en", "fr")), (";;q=x,=,", ())],
)
def test_the_languages_of_a_hint(hint: str, languages: tuple[str, ...]) -> None:
    assert wanted(hint) == languages


def test_what_is_published_is_read_back_the_same(tmp_path: Path) -> None:
    path = publish(SITE, tmp_path)
    assert read(path) == ROUTING
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "{}", '{"languages": 3, "skills": [], "trunks": {}, "desks": []}']
)
def test_given_a_published_file_that_is_missing_or_broken_every_call_still_has_a_queue(
    tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "routing.json"
    if text is not None:
        path.write_text(text)
    assert decide(read(path), "trunk-public", "en") == Route("zh", "q-general", 0)
    assert read(path) == Routing()


class Store:
    def __init__(self, language: str | None = None, seconds: float = 0.0, error: Exception | None = None) -> None:
        self.language, self.seconds, self.error = language, seconds, error

    async def last_language(self, caller: str) -> str | None:
        assert caller == "13800138000"
        if self.error is not None:
            raise self.error
        await asyncio.sleep(self.seconds)
        return self.language


def question(services: Store, origin: str = "trunk-public", more: tuple[str, ...] = ()) -> Question:
    return Question(SITE, services, CALL, "13800138000", "12345", origin, "", more)


async def test_given_a_store_that_remembers_the_caller_hears_his_language_again() -> None:
    assert await route.answer(question(Store("en"))) == Route("en", "q-en", 0)


@pytest.mark.parametrize("store", [Store("en", seconds=60), Store(error=OSError("disk full")), Store(None)])
async def test_given_a_store_that_is_slow_broken_or_knows_nothing_the_caller_is_not_kept(store: Store) -> None:
    assert await route.answer(question(store)) == Route("zh", "q-general", 0)


async def test_a_health_check_sets_nothing_else() -> None:
    assert await ping.answer(question(Store())) is None


def test_every_question_of_agi_scripts_is_served() -> None:
    assert sorted(scripts()) == ["ping", "progress", "route"]


def talk(arguments: list[str], replies: str) -> list[str]:
    said = io.StringIO()
    offline.run(arguments, io.StringIO(f"agi_request: offline.py\nagi_callerid: 1\n\n{replies}"), said)
    return said.getvalue().splitlines()


def test_without_the_controller_the_same_is_decided_and_noted(tmp_path: Path) -> None:
    path = publish(replace(SITE, path="x"), tmp_path)
    said = talk(
        [str(path), CALL, "13800138000", "12345", "110", "en"], "HANGUP\n200 result=0\n100 result=0\n200 result=0\n"
    )
    assert said == [
        f'EXEC CELGenUserEvent "STEP,call={CALL}&step=offline&value=q-en"',
        'EXEC MSet "LANGUAGE=en,QUEUE=q-en,QUEUE_PRIORITY=10,AGI_DONE=1"',
    ]


def test_without_anything_the_call_still_gets_its_defaults() -> None:
    assert talk([], "200 result=0\n") == ['EXEC MSet "LANGUAGE=zh,QUEUE=q-general,QUEUE_PRIORITY=0,AGI_DONE=1"']


def test_a_call_id_that_is_none_is_not_written_into_the_journal() -> None:
    assert len(talk(["/nowhere", 'x",1)'], "200 result=0\n")) == 1


@pytest.mark.parametrize("replies", ["", "HANGUP\n", "510 Invalid\n", "200 result=-1\n", "garbage"])
def test_given_asterisk_goes_away_offline_raises_only_what_its_main_swallows(replies: str) -> None:
    with pytest.raises(offline.AGIAppError):
        talk(["/nowhere", CALL], replies)


@pytest.mark.parametrize(("text", "quoted"), [('a"b', '"a\\"b"'), ("a\\", '"a\\\\"'), (7, '"7"')])
def test_what_pyst2_does_not_quote_is_quoted(text: object, quoted: str) -> None:
    assert offline.QuietAgi(io.StringIO("\n"), io.StringIO())._quote(text) == quoted
