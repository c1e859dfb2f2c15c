"""hotline.toml over HTTP: what a form is given, what it is refused, and what stays of the file."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from ivr.apply import ApplyError
from ivr.settings import edit, kept, load
from ivr.web.auth import COOKIE
from tests.web.house import House

SETTINGS = "/api/v1/settings"
NINTH = {"number": "1009", "name": "九号坐席", "skills": ["general"]}


def file_of(house: House) -> Path:
    return Path(house.services.site.path)


async def now(house: House) -> dict[str, Any]:
    status, found = await house.ask("GET", SETTINGS)
    assert status == 200
    return dict(found["settings"])


def put(revision: str, *changes: tuple[list[str], Any], why: str = "夜班加人") -> dict[str, Any]:
    return {"revision": revision, "why": why, "changes": [{"path": path, "value": value} for path, value in changes]}


async def test_given_the_file_when_it_is_read_then_its_values_and_defaults_are_told_and_no_secret(house: House) -> None:
    url = "sqlite+aiosqlite:///{var}/ivr.db"
    file_of(house).write_text(
        file_of(house).read_text().replace(url, "postgresql+asyncpg://ivr:secret@db/ivr"), encoding="utf-8"
    )
    found = await now(house)
    assert found["values"]["targets"]["110"]["ring"] == 20
    assert found["values"]["database"] == {"url": "…"}
    assert "secret" not in str(found)
    assert found["defaults"]["target"]["stay"] == 3
    assert found["choices"]["ranges"]["target.ring"] == [1, 180]
    assert not found["in_force"]


async def test_given_an_operator_put_in_when_it_is_applied_then_he_is_in_the_file_with_its_comments_and_on_record(
    house: House,
) -> None:
    revision = (await now(house))["revision"]
    body = put(revision, (["operators", "+"], NINTH), (["queue"], {"wrap_up": 20, "ring": None}))
    status, tried = await house.ask("POST", f"{SETTINGS}/draft", json={k: body[k] for k in ("revision", "changes")})
    assert (status, tried["draft"]["problems"]) == (200, [])
    assert '+number = "1009"' in tried["draft"]["diff"]
    assert (await now(house))["revision"] == revision, "nothing was written"

    status, found = await house.ask("PUT", SETTINGS, json=body)
    assert status == 200, found
    assert "# The sandbox site" in file_of(house).read_text(encoding="utf-8")
    site = load(file_of(house), house.services.var)
    assert site.operators["1009"].name == "九号坐席"
    assert site.queue.wrap_up == 20
    status, applied = await house.ask("POST", f"{SETTINGS}/apply", json={"revision": found["settings"]["revision"]})
    assert (status, applied["applied"]["renewed"]) == (202, True)
    assert (await now(house))["in_force"]
    assert house.services.settings.applied[-1].source == site.source  # type: ignore[attr-defined]

    _, audit = await house.ask("GET", "/api/v1/audit?what=settings.")
    assert {one["what"] for one in audit["entries"]} == {"settings.change", "settings.apply"}
    change = next(one for one in audit["entries"] if one["what"] == "settings.change")
    assert change["why"] == "夜班加人"
    assert "1009" in change["details"]["diff"]
    _, history = await house.ask("GET", f"{SETTINGS}/history")
    assert [(one["number"], one["before"]) for one in history["changes"]] == [(1, revision)]
    assert "# The sandbox site" in (house.services.var / "settings/1.toml").read_text(encoding="utf-8")


async def test_given_a_change_that_cannot_be_written_or_applied_then_the_record_says_that_it_was_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, revision = file_of(house).read_bytes(), (await now(house))["revision"]
    body = put(revision, (["queue", "wrap_up"], 20))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for module, name in ((edit.tempfile, "mkstemp"), (kept, "keep")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, full)
            status, refused = await house.ask("PUT", SETTINGS, json=body)
        assert (status, refused["error"]["id"]) == (409, "site_read_only")
    assert file_of(house).read_bytes() == before
    house.services.settings.refuse = ApplyError("not_applied", "Asterisk does not know 1009", {}, 502)  # type: ignore[attr-defined]
    status, refused = await house.ask("POST", f"{SETTINGS}/apply", json={"revision": revision, "why": "夜班"})
    assert (status, refused["error"]["id"]) == (502, "not_applied")
    _, audit = await house.ask("GET", "/api/v1/audit?what=settings.")
    told = ["settings.apply.failed", "settings.apply", *["settings.change.failed", "settings.change"] * 2]
    assert [one["what"] for one in audit["entries"]] == told
    assert audit["entries"][0]["why"] == "Asterisk does not know 1009"
    assert "No space left" in audit["entries"][2]["why"]


async def test_given_a_change_that_cannot_be_listed_then_it_is_made_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kept, "note", full)
    body = put((await now(house))["revision"], (["queue", "wrap_up"], 20))
    assert (await house.ask("PUT", SETTINGS, json=body))[0] == 200
    assert load(file_of(house), house.services.var).queue.wrap_up == 20


async def test_given_typing_errors_when_they_are_saved_then_each_is_told_beside_its_field_and_nothing_is_written(
    house: House,
) -> None:
    before = file_of(house).read_bytes()
    revision = (await now(house))["revision"]
    body = put(
        revision,
        (["targets", "110", "routes"], ["sip:110@127.0.0.1 12"]),
        (["operators", "+"], {**NINTH, "number": "1 009"}),
        (["hours", "sunday"], ["09:00-25:00"]),
    )
    status, refused = await house.ask("PUT", SETTINGS, json=body, headers={"Accept-Language": "zh"})
    assert (status, refused["error"]["id"]) == (422, "settings_refused")
    found = {one["path"]: one["message"]["zh"] for one in refused["error"]["details"]["problems"]}
    assert set(found) == {"targets.110.routes[0]", "operators[2].number", "hours.sunday[0]"}
    assert all("应为" in words for words in found.values())
    assert file_of(house).read_bytes() == before
    _, audit = await house.ask("GET", "/api/v1/audit?what=settings.")
    assert audit["entries"] == []


async def test_given_somebody_edits_the_file_by_hand_when_a_form_is_saved_then_he_loses_nothing_and_it_is_told(
    house: House,
) -> None:
    revision = (await now(house))["revision"]
    file_of(house).write_text(
        file_of(house).read_text(encoding="utf-8").replace("ring = 20 ", "ring = 31 "), encoding="utf-8"
    )
    for method, path in (("PUT", SETTINGS), ("POST", f"{SETTINGS}/draft"), ("POST", f"{SETTINGS}/apply")):
        body = put(revision, (["queue", "wrap_up"], 20))
        wanted = {"PUT": {*body}, "POST": {"revision", "changes"}}[method] - (
            {"changes"} if path.endswith("apply") else set()
        )
        status, refused = await house.ask(method, path, json={key: body[key] for key in wanted})
        assert (status, refused["error"]["id"]) == (409, "settings_changed")
        assert "+ring = 31" in refused["error"]["details"]["changed"]
    assert load(file_of(house), house.services.var).targets["110"].ring == 31


async def test_given_a_closed_key_or_a_path_that_leads_nowhere_when_it_is_changed_then_it_is_refused(
    house: House,
) -> None:
    revision = (await now(house))["revision"]
    for path, value in ((["database", "url"], "sqlite+aiosqlite:///x"), (["operators", "4711"], None), ([], 1)):
        status, refused = await house.ask("PUT", SETTINGS, json=put(revision, (path, value)))
        assert (status, refused["error"]["id"]) == (422, "settings_refused"), refused


async def test_given_a_file_that_does_not_load_when_it_is_read_then_it_is_told_what_is_wrong_in_it(
    house: House,
) -> None:
    file_of(house).write_text(
        file_of(house).read_text(encoding="utf-8").replace("ring = 20 ", "ring = 0 "), encoding="utf-8"
    )
    found = await now(house)
    assert [one["path"] for one in found["problems"]] == ["targets.110.ring"]
    status, refused = await house.ask("POST", f"{SETTINGS}/apply", json={"revision": found["revision"]})
    assert (status, refused["error"]["id"]) == (422, "settings_refused")
    mended = put(found["revision"], (["targets", "110", "ring"], 20))
    assert (await house.ask("PUT", SETTINGS, json=mended))[0] == 200


async def test_given_a_file_that_is_no_toml_when_it_is_changed_then_a_form_does_not_touch_it(house: House) -> None:
    file_of(house).write_text("[queue\n", encoding="utf-8")
    found = await now(house)
    assert found["values"] == {}
    assert "TOML" in found["problems"][0]["message"]["zh"]
    status, refused = await house.ask("PUT", SETTINGS, json=put(found["revision"], (["queue", "ring"], 12)))
    assert (status, refused["error"]["id"]) == (409, "settings_unreadable")
    assert file_of(house).read_text() == "[queue\n"


async def test_given_a_controller_that_has_just_begun_when_a_browser_asks_then_it_is_told_to_wait_and_not_to_log_in(
    house: House,
) -> None:
    house.services.sessions.loaded = False
    cookie = {"Cookie": f"{COOKIE}=of-a-session-that-goes-on"}
    status, refused = await house.ask("GET", "/api/v1/session", token=None, headers=cookie)
    assert (status, refused["error"]["id"]) == (503, "starting")
    house.services.sessions.loaded = True
    assert (await house.ask("GET", "/api/v1/session", token=None, headers=cookie))[0] == 401
