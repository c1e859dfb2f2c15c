"""The pages' files: one shell for every address, nothing from another host, both languages complete."""

from __future__ import annotations

import hashlib
import json
import re

import aiohttp
import pytest
from multidict import CIMultiDictProxy
from yarl import URL

from ivr.web.pages import ADDRESSES, STATIC
from tests.web.house import House

FOREIGN = re.compile(r"""["'(](?:https?:)?//[\w-]""")
OURS = sorted(
    path for path in STATIC.rglob("*") if "vendor" not in path.parts and path.suffix in {".js", ".css", ".html"}
)
WORDS = sorted(path for path in OURS if path.name.endswith("words.js") and path.parent.name != "shell")
WORDS += [STATIC / "shell/shell-words.js"]


def name(path: object) -> str:
    return str(path).removeprefix(f"{STATIC}/")


def keys(path: object, language: str) -> list[str]:
    """The dictionary's keys, by its plain form: `zh: {` on a line of its own, then a key a line, then `},`."""
    text = (STATIC / name(path)).read_text(encoding="utf-8")
    part = re.search(rf"^  {language}: \{{\n(.*?)^  \}},?$", text, re.MULTILINE | re.DOTALL)
    assert part is not None, f"{name(path)} has no {language}"
    return re.findall(r'^    "([^"]+)":', part[1], re.MULTILINE)


async def get(house: House, path: str, **headers: str) -> tuple[int, CIMultiDictProxy[str], bytes]:
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.get(URL(f"http://127.0.0.1:{house.server.port}{path}", encoded=True), headers=headers) as answer,
    ):
        return answer.status, answer.headers, await answer.read()


@pytest.mark.parametrize("address", ADDRESSES)
async def test_given_any_address_of_a_page_then_the_shell_comes_and_runs_only_our_own(
    house: House, address: str
) -> None:
    status, headers, body = await get(house, address.format(id="c-1", section="prompts"))
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    about = re.search(rb'name="hotline" content="([^"]+)"', body)
    assert about is not None
    assert json.loads(about[1].replace(b"&quot;", b'"'))["number"] == house.services.site.hotline.number


async def test_given_a_file_when_it_is_asked_for_again_then_nothing_is_sent_twice(house: House) -> None:
    status, headers, body = await get(house, "/static/shell/app.js", **{"Accept-Encoding": "gzip"})
    assert (status, headers["Content-Encoding"], headers["Content-Type"]) == (
        200,
        "gzip",
        "text/javascript",
    )
    assert len(body) < (STATIC / "shell/app.js").stat().st_size
    again, _, nothing = await get(house, "/static/shell/app.js", **{"If-None-Match": headers["ETag"]})
    assert (again, nothing) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "%2e%2e/app.py",
        "shell/%2e%2e/%2e%2e/app.py",
        "/etc/passwd",
        "shell",
        "vendor/bundling/package.json",
        "nothing.js",
    ],
)
async def test_given_a_path_that_is_no_page_file_then_it_is_refused(house: House, path: str) -> None:
    status, _, body = await get(house, f"/static/{path}")
    assert (status, json.loads(body)["error"]["id"]) in {(404, "not_found"), (422, "invalid_request")}


@pytest.mark.parametrize("path", OURS, ids=name)
def test_given_a_file_of_ours_then_it_names_no_other_host_and_stays_small(path: object) -> None:
    text = (STATIC / name(path)).read_text(encoding="utf-8")
    foreign = [line for line in text.splitlines() if FOREIGN.search(line) and "www.w3.org" not in line]
    assert foreign == []
    assert len(text.splitlines()) <= 400


@pytest.mark.parametrize("path", WORDS, ids=name)
def test_given_a_dictionary_then_chinese_and_english_have_the_same_keys(path: object) -> None:
    chinese, english = keys(path, "zh"), keys(path, "en")
    assert chinese
    assert sorted(set(chinese)) == sorted(chinese)
    assert sorted(chinese) == sorted(english)


def test_given_the_bundled_libraries_then_they_are_what_was_bundled_with_their_licences() -> None:
    hashes = json.loads((STATIC / "vendor/hashes.json").read_text())
    found = {file: hashlib.sha256((STATIC / "vendor" / file).read_bytes()).hexdigest() for file in hashes}
    assert found == hashes
    wanted = json.loads((STATIC / "vendor/bundling/package.json").read_text())["dependencies"]
    licences = (STATIC / "vendor/LICENSES.txt").read_text()
    assert [package for package, version in wanted.items() if f"{package} {version} (" not in licences] == []
