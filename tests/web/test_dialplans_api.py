"""Dialplans over HTTP: who may what, files that two people edit, and what is on record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.web.house import TOKENS, House, a_house

V1 = "/api/v1"
WANG, LI = TOKENS["wang"].token, TOKENS["li"].token
TEXT = "[site-before-queue]\nexten => s,1,Return()\n"


async def save(house: House, name: str, text: str, known: str = "new", **more: Any) -> tuple[int, Any]:
    path = f"{V1}/dialplans/draft/{name}"
    return await house.ask("PUT", path, json={"text": text}, headers={"If-Match": known}, **more)


async def test_given_a_file_that_was_read_when_saved_it_is_the_drafts_and_its_writer_the_author(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        house.office.start()
        status, made = await save(house, "queue.conf", TEXT, token=WANG)
        assert status == 200
        assert (tmp_path / "dialplans/site/queue.conf").read_text(encoding="utf-8") == TEXT
        _, told = await house.ask("GET", f"{V1}/dialplans", token=WANG)
        assert (told["draft"]["author"], told["draft"]["published"], told["current"]) == ("wang", False, 1)
        assert "queue.conf" in [one["name"] for one in told["draft"]["files"]]
        known = f'"{made["file"]["hash"]}"'
        assert (await save(house, "queue.conf", f"; more\n{TEXT}", known, token=WANG))[0] == 200
        status, refused = await save(house, "queue.conf", "late", known, token=WANG)
        assert (status, refused["error"]["id"]) == (412, "changed_meanwhile")
        _, lines = await house.ask("GET", f"{V1}/dialplans/diff", token=WANG)
        assert "+; more" in lines["diff"]
        assert (await house.ask("DELETE", f"{V1}/dialplans/draft/queue.conf", token=WANG))[0] == 412


async def test_given_changes_over_http_when_the_audit_log_is_read_each_is_there_with_who_and_why(
    tmp_path: Path,
) -> None:
    async with a_house(tmp_path) as house:
        await save(house, "queue.conf", TEXT, token=WANG)
        await house.ask("POST", f"{V1}/dialplans/submit", json={"by": "zhao", "why": "checked"})
        status, told = await house.ask("GET", f"{V1}/audit", token=LI)
        assert status == 200
        assert [(one["who"], one["role"], one["what"], one["why"]) for one in told["entries"]] == [
            ("zhao", "admin", "dialplan.submit", "checked"),
            ("wang", "dialplan_admin", "dialplan.save", ""),
        ]
        _, some = await house.ask("GET", f"{V1}/audit?what=dialplan.save", token=LI)
        assert len(some["entries"]) == 1


@pytest.mark.parametrize(
    ("token", "method", "path", "status"),
    [
        (WANG, "GET", "/dialplans", 200),
        (WANG, "POST", "/dialplans/check", 200),
        (WANG, "GET", "/audit", 403),
        (WANG, "GET", "/calls", 403),
        (LI, "GET", "/audit", 200),
        (LI, "GET", "/dialplans", 403),
        (LI, "POST", "/dialplans/publish", 403),
        ("another-token-0123456789", "GET", "/dialplans", 401),
    ],
)
async def test_given_a_token_with_roles_when_it_is_used_it_opens_what_they_name_and_nothing_else(
    tmp_path: Path, token: str, method: str, path: str, status: int
) -> None:
    async with a_house(tmp_path) as house:
        assert (await house.ask(method, f"{V1}{path}", token=token))[0] == status


async def test_given_a_named_token_when_it_publishes_in_another_name_its_own_counts(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        body = {"why": "tonight's notice", "by": "somebody else"}
        status, made = await house.ask("POST", f"{V1}/dialplans/publish", json=body, token=WANG)
        assert (status, made["version"]["state"]) == (201, "in_force")
        assert house.office.published == [("wang", "tonight's notice", "dialplan_admin", None)]


async def test_given_published_versions_when_asked_for_they_are_told_with_their_files(tmp_path: Path) -> None:
    (tmp_path / "dialplans/site").mkdir(parents=True)
    (tmp_path / "dialplans/site/queue.conf").write_text(TEXT, encoding="utf-8")
    async with a_house(tmp_path) as house:
        house.office.start()
        _, told = await house.ask("GET", f"{V1}/dialplans/versions")
        assert [(one["number"], one["kind"], one["state"]) for one in told["versions"]] == [(1, "start", "in_force")]
        _, one = await house.ask("GET", f"{V1}/dialplans/versions/1")
        assert [file["name"] for file in one["files"]] == ["queue.conf"]
        _, file = await house.ask("GET", f"{V1}/dialplans/versions/1/queue.conf")
        assert file["file"]["text"] == TEXT
        assert (await house.ask("GET", f"{V1}/dialplans/versions/2"))[0] == 404
        assert (await house.ask("GET", f"{V1}/dialplans/core/entry.conf"))[0] == 200
        assert (await house.ask("GET", f"{V1}/dialplans/picture"))[1].startswith("<svg")
        status, refused = await house.ask("POST", f"{V1}/dialplans/rollback", json={"why": "x"})
        assert (status, refused["error"]["id"]) == (409, "nothing_before")
