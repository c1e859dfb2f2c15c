"""What the admin pages ask for: unsaved texts are judged where they are, notices are said and put on record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ivr.dialplan import drafts
from ivr.dialplan.office import Office
from ivr.pbx import notices
from ivr.pbx.prompts import make
from tests.unit.prompt_sounds import encode, record, tone
from tests.web.house import TOKENS, House, a_house

V1 = "/api/v1"
WANG, LI = TOKENS["wang"].token, TOKENS["li"].token
GOOD = "[site-before-queue]\nexten => s,1,NoOp(hello)\n same => n,Return()\n"


def copies_left(folder: Path) -> list[Path]:
    return list(folder.glob(".unsaved-*"))


class NoLink:
    """Asterisk is not asked in these tests."""

    state = "down"

    async def action(self, headers: object, timeout: float = 1.0) -> list[dict[str, str]]:  # noqa: ASYNC109
        raise AssertionError(headers)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    (tmp_path / "dialplans/site").mkdir(parents=True)
    (tmp_path / "dialplans/site/hooks.conf").write_text(GOOD, encoding="utf-8")
    async with a_house(tmp_path) as house:
        yield Office(house.services.site, tmp_path, NoLink(), house.store)


async def test_given_unsaved_text_when_checked_then_findings_stand_at_its_lines_and_the_draft_is_untouched(
    office: Office, tmp_path: Path
) -> None:
    file = tmp_path / "dialplans/site/hooks.conf"
    before = await office.check(quick=True)
    report = await office.check({"hooks.conf": GOOD.replace("NoOp(", "Nop(")}, quick=True)
    new = [one for one in report.findings if one not in before.findings]
    assert [(one.file, one.line, one.severity) for one in new] == [(file, 2, "error")]
    assert file.read_text(encoding="utf-8") == GOOD
    assert not copies_left(tmp_path)
    with pytest.raises(drafts.DraftError):
        await office.check({"../hooks.conf": GOOD}, quick=True)


async def test_given_unsaved_text_when_drawn_then_its_boxes_say_where_they_are_written(office: Office) -> None:
    told = await office.picture("en", {"hooks.conf": GOOD.replace("hello", "other")})
    assert 'data-context="site-before-queue" data-file="hooks.conf" data-line="1"' in told


async def test_given_a_draft_when_its_vocabulary_is_asked_for_then_names_come_with_words(office: Office) -> None:
    told = await office.vocabulary("zh")
    assert {"name": "110", "words": "110报警服务台"} in told["targets"]
    own = next(one for one in told["contexts"] if one["name"] == "site-before-queue")
    assert (own["file"], own["line"], own["core"]) == ("hooks.conf", 1, False)
    assert "NoOp" in [one["name"] for one in told["applications"]]


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "voice", lambda text, language: np.full(8000 * len(text), 0.1))


@pytest.mark.usefixtures("spoken")
async def test_given_a_notice_when_said_and_ended_then_it_is_listed_heard_and_on_record(house: House) -> None:
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    wish = {"place": "before-greeting", "until": until, "texts": {"zh": "停水三小时。"}, "why": "抢修"}
    assert (await house.ask("POST", f"{V1}/notices", json=wish, token=LI))[0] == 403
    status, made = await house.ask("POST", f"{V1}/notices", json=wish, token=WANG)
    assert (status, made["notice"]["state"], made["notice"]["by"]) == (201, "playing", "wang")
    assert [one.id for one in notices.read(house.services.var)] == [1]
    async with house.client.get(f"{V1}/notices/1/sound", headers={"Authorization": f"Bearer {WANG}"}) as heard:
        assert (heard.status, (await heard.read())[:4]) == (200, b"RIFF")
    assert (await house.ask("DELETE", f"{V1}/notices/1", json={"why": "修好"}, token=WANG))[1]["notice"]["ended_by"]
    assert (await house.ask("GET", f"{V1}/notices", token=WANG))[1]["notices"] == []
    assert len((await house.ask("GET", f"{V1}/notices?state=all", token=WANG))[1]["notices"]) == 1
    _, told = await house.ask("GET", f"{V1}/audit?what=notice.", token=LI)
    assert [(one["who"], one["what"], one["why"]) for one in told["entries"]] == [
        ("wang", "notice.end", "修好"),
        ("wang", "notice.say", "抢修"),
    ]


@pytest.mark.usefixtures("spoken")
@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"texts": {"zh": " "}}, "no_notice_words"),
        ({"texts": {"fr": "eau"}}, "unknown_language"),
        ({"until": "2020-01-01T00:00:00Z"}, "bad_notice_end"),
        ({"texts": {"zh": "长" * 21}}, "notice_too_long"),
    ],
)
async def test_given_a_notice_that_cannot_be_when_said_then_its_fault_is_told_and_nothing_is_kept(
    house: House, more: dict[str, object], refusal: str
) -> None:
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    wish = {"place": "while-waiting", "until": until, "texts": {"zh": "停水。"}, **more}
    status, answer = await house.ask("POST", f"{V1}/notices", json=wish, headers={"Accept-Language": "zh"})
    assert (status, answer["error"]["id"]) == (422, refusal)
    assert notices.read(house.services.var) == []


async def test_given_a_browsers_recording_when_sent_as_a_notice_then_it_is_taken(house: House, tmp_path: Path) -> None:
    wav = record(tmp_path / "notice.wav", tone(2.0, 0.3))
    webm = await asyncio.to_thread(encode, tmp_path / "notice.webm", wav, "-c:a", "libopus")
    query = {"place": "while-waiting", "until": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    body = webm.read_bytes()
    status, made = await house.ask(
        "POST", f"{V1}/notices/recording", params=query, data=body, headers={"Content-Type": "audio/webm"}
    )
    assert (status, made["notice"]["recorded"]) == (201, True)
    assert 1.5 < made["notice"]["seconds"] < 2.5
