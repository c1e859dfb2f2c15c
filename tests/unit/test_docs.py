"""What the pages for people name is there: commands, routes, files, headings; and both languages name the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from ivr.cli import app
from ivr.settings.load import TABLES
from ivr.web.table import ROUTES

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
COMMAND = re.compile(r"`(?:\.venv/bin/)?ivr ([a-z][a-z-]*)(?: ([a-z][a-z-]+)(?=[ `]))?")
ROUTE = re.compile(r"(?<![\w.>])/(?:api/v1|exchange/v1|report|healthz|metrics)[\w/{}<>.-]*(?!/?…)\b")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
TABLE = re.compile(r"`\[+([a-z_]+)(?:\.[^\]]*)?\]+`")  # of hotline.toml or credentials.toml
NOT_OURS = {"page", "general"}  # contexts of Asterisk's own files
FENCE = re.compile(r"```.*?```", re.DOTALL)
GROUPS = {
    name: command for name, command in typer.main.get_command(app).commands.items() if hasattr(command, "commands")
}  # type: ignore[attr-defined]


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """As a reader of the repository's pages makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_given_a_page_then_every_command_route_and_link_that_it_names_is_there(page: Path) -> None:
    text = text_of(page)
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    named = COMMAND.findall(text)
    assert [command for command, _ in named if command not in known] == []
    wrong = [(one, two) for one, two in named if two and one in GROUPS and two not in GROUPS[one].commands]
    assert wrong == []
    paths = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route.path))) for route in ROUTES]
    asked = {re.sub(r"<\w+>", "x", path).rstrip("./") for path in ROUTE.findall(text)} - {"/api/v1", "/exchange/v1"}
    assert [path for path in asked if not any(one.fullmatch(path) for one in paths)] == []
    for file, anchor in LINK.findall(text):
        found = page.parent / file if file else page
        assert found.exists(), file
        assert not anchor or anchor in anchors(found), f"{file}#{anchor}"


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_given_the_readme_then_it_names_every_table_of_the_settings(page: str) -> None:
    assert set(TABLES) <= set(TABLE.findall(text_of(ROOT / page)))


@pytest.mark.parametrize("page", [page for page in PAGES if page.name.endswith(".zh.md")], ids=lambda page: page.name)
def test_given_a_page_in_both_languages_then_both_show_the_same_settings_and_commands(page: Path) -> None:
    other = text_of(page.with_name(page.name.replace(".zh.md", ".md")))
    chinese = text_of(page)
    for shown in (TABLE, COMMAND):
        ours = set(shown.findall(other)) - NOT_OURS
        assert set(shown.findall(chinese)) - NOT_OURS == ours, shown.pattern
