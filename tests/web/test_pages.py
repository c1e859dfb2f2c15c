"""The pages' files: one shell for every address, nothing from another host, both languages complete."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from multidict import CIMultiDictProxy
from yarl import URL

from ivr.settings.channels import Channel
from ivr.settings.checks import ACCENTS
from ivr.settings.model import Desk
from ivr.web.pages import ADDRESSES, STATIC, about
from tests.web.house import House, a_site

FOREIGN = re.compile(r"""["'(](?:https?:)?//[\w-]""")
OURS = sorted(
    path for path in STATIC.rglob("*") if "vendor" not in path.parts and path.suffix in {".js", ".css", ".html"}
)
WORDS = sorted(path for path in OURS if path.name.endswith("words.js") and path.parent.name != "shell")
POLICE = STATIC / "shell/police-words.js"
WORDS += [STATIC / "shell/shell-words.js", POLICE]


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


@pytest.mark.parametrize(
    ("desk", "settings", "looks"),
    [
        ("12345", Desk(), {"words": "hotline", "accent": "blue"}),
        ("110", Desk(), {"words": "police", "accent": "violet"}),
        ("110", Desk(words="hotline"), {"words": "hotline", "accent": "blue"}),
        ("shiju", Desk(words="police", accent="teal"), {"words": "police", "accent": "teal"}),
    ],
)
def test_given_a_desk_then_its_pages_have_words_and_a_colour_of_their_own(
    tmp_path: Path, desk: str, settings: Desk, looks: dict[str, str]
) -> None:
    site = a_site(tmp_path)
    site = replace(site, hotline=replace(site.hotline, desk=desk), desk=settings)
    assert about(site)["desk"] == looks


def test_given_a_public_form_then_the_login_page_is_told_of_it(tmp_path: Path) -> None:
    site = replace(a_site(tmp_path), channels={})
    assert about(site)["report"] is False
    assert about(replace(site, channels={"net": Channel("net", "web")}))["report"] is True


@pytest.mark.parametrize("language", ["zh", "en"])
def test_given_words_of_police_then_each_stands_for_one_of_the_pages(language: str) -> None:
    others = {key for path in WORDS if path != POLICE for key in keys(path, language)}
    assert set(keys(POLICE, language)) <= others


def test_given_every_accent_then_it_is_read_on_each_ground_and_named_in_the_settings() -> None:
    """WCAG 2.2, 1.4.3: 4.5 : 1."""
    theme = (STATIC / "shell/theme.css").read_text(encoding="utf-8")
    light, dark = (dict(_COLOUR.findall(part)) for part in theme.split('[data-theme="dark"]'))
    accents = _ACCENT.findall((STATIC / "shell/accents.css").read_text(encoding="utf-8"))
    assert {"blue", *(name for name, _, _ in accents)} == set(ACCENTS)
    for name, at_night, rules in accents:
        look = {**light, **(dark if at_night else {}), **dict(_COLOUR.findall(rules))}
        pairs = [("accent", ground) for ground in ("surface", "bg", "raised", "accent-soft")]
        pairs += [("on-accent", "accent"), ("text", "accent-soft"), ("muted", "accent-soft")]
        for ink, ground in pairs:
            assert _contrast(look[ink], look[ground]) >= 4.5, f"{name} {at_night}: {ink} on {ground}"


_COLOUR = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
_ACCENT = re.compile(r'\[data-accent="([a-z]+)"\](\[data-theme="dark"\])? \{([^}]+)\}')


def _contrast(one: str, other: str) -> float:
    dim, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
