"""The house stands as its plan says: which room may call on which, and no room is too big to be read in one sitting."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# room of ivr/ → what it may import of ours, besides itself. A room that is not here may import every other but `cli`.
MAY_IMPORT = {
    "errors": set(),
    "schema": {"errors"},
    "calls": set(),
    "desks": {"errors", "schema"},  # pure: cases and what desks tell each other
    "channels": {"credentials", "desks", "errors", "settings", "store", "tasks"},
    "settings": {"errors"},
    "credentials": {"errors", "settings", "webhooks"},
    "findings": {"settings"},
    "ports": {"settings"},
    "notify": set(),
    "processes": {"notify"},
    "supervisor": {"errors", "notify", "processes"},
    "pbx": {"agi_scripts", "calls", "credentials", "errors", "settings"},
    "store": {"calls", "desks", "errors", "settings", "pbx"},  # of pbx, the journal's files
    "dialplan": {"agi_scripts", "calls", "credentials", "errors", "pbx", "ports", "processes", "settings", "store"},
    "bulletin": {"calls", "desks", "errors", "pbx", "settings", "store"},  # of pbx, fonts
    "webhooks": {"errors"},
    "posting": {"desks", "settings"},
    "bootstrap": {"errors", "pbx"},  # of pbx, fetching packages
    "web": {
        "bulletin",  # its job
        "calls",
        "channels",
        "credentials",
        "desks",
        "dialplan",
        "errors",
        "pbx",
        "schema",
        "settings",
        "store",
        "tasks",
        "webhooks",
    },
    "agi_scripts": {"pbx"},
}
STANDARD_LIBRARY_ONLY = (
    "ivr/__init__.py",
    "ivr/errors.py",
    "ivr/bootstrap.py",
    "ivr/pbx/__init__.py",
    "ivr/pbx/debian.py",
)
LONGEST = 400  # lines; most are below 300


def modules() -> list[Path]:
    return sorted(path.relative_to(ROOT) for top in ("ivr", "agi_scripts") for path in (ROOT / top).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            name = node.module or ""
            yield from (f"ivr.{alias.name}" for alias in node.names) if name == "ivr" else (name,)


def room(module: str) -> str | None:
    parts = module.split(".")
    if parts[0] == "agi_scripts":
        return "agi_scripts"
    return parts[1] if parts[0] == "ivr" and len(parts) > 1 else None


@pytest.mark.parametrize("path", modules(), ids=str)
def test_arrows_point_one_way(path: Path) -> None:
    own = room(".".join(path.with_suffix("").parts))
    ours = {name for module in imported(path) if (name := room(module))} - {own}
    if own not in {"__main__", None}:
        assert "cli" not in ours
    if own in MAY_IMPORT:
        assert ours <= MAY_IMPORT[own], f"{own} must not import {sorted(ours - MAY_IMPORT[own])}"


def test_the_rule_would_be_broken_by_an_arrow_that_points_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ivr/calls").mkdir(parents=True)
    (tmp_path / "ivr/calls/bad.py").write_text("from ivr import settings\nfrom ivr.store import Store\n")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    with pytest.raises(AssertionError, match="calls must not import"):
        test_arrows_point_one_way(Path("ivr/calls/bad.py"))


@pytest.mark.parametrize("path", STANDARD_LIBRARY_ONLY)
def test_what_sets_the_machine_up_needs_nothing_installed(path: str) -> None:
    foreign = {name.split(".")[0] for name in imported(Path(path))} - set(sys.stdlib_module_names) - {"ivr"}
    assert not foreign


@pytest.mark.parametrize("path", modules(), ids=str)
def test_every_module_is_read_in_one_sitting(path: Path) -> None:
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_the_projects_files_name_no_registry() -> None:
    """Registries are reached through their clients; a mirror is the machine's own."""
    hosts = ("pypi" + ".org", "files.python" + "hosted", "deb.debian" + ".org", "registry.npm" + "js")
    kinds = {".py", ".toml", ".lock", ".md", ".sh", ".j2", ".conf", ""}
    tops = ("ivr", "agi_scripts", "asterisk_conf", "dialplans", "docs", "prompts", "tests")
    files = [path for top in tops for path in (ROOT / top).rglob("*") if path.suffix in kinds and path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.suffix in kinds]
    guilty = [str(path) for path in files if any(host in path.read_text("utf-8", "replace") for host in hosts)]
    assert not guilty


def test_given_folders_of_tests_that_are_no_packages_then_no_two_modules_have_one_name() -> None:
    """pytest imports such a module by its bare name: one process could not hold both."""
    modules = [path for path in ROOT.glob("tests/*/test_*.py") if not (path.parent / "__init__.py").exists()]
    names = [path.name for path in modules]
    assert {name for name in names if names.count(name) > 1} == set()
