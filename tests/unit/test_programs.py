"""Programs beside Asterisk: the machine's own first, else what was fetched; an error says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.pbx import debian, programs


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IVR_TOOLS", str(tmp_path / "tools"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "tools"


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_given_a_program_on_path_when_asked_for_then_it_is_used_and_nothing_fetched(
    tools: Path, tmp_path: Path
) -> None:
    own = program(tmp_path / "bin/dot")
    assert programs.dot() == programs.Program(own)
    assert not tools.exists()


def test_given_a_fetched_program_when_asked_for_then_it_runs_with_its_own_libraries_and_plugins(tools: Path) -> None:
    fetched = program(tools / "graphviz/usr/bin/dot")
    (tools / "graphviz/usr/lib" / programs.triplet()).mkdir(parents=True)
    found = programs.dot()
    assert found.path == fetched
    assert found.environment["LD_LIBRARY_PATH"].startswith(str(tools / "graphviz/usr/lib"))
    assert found.environment["GVBINDIR"].startswith(str(tools / "graphviz/usr/lib"))


def test_given_a_folder_that_lacks_the_program_when_asked_for_then_the_error_says_to_remove_it(tools: Path) -> None:
    (tools / "graphviz").mkdir(parents=True)
    with pytest.raises(debian.PackageError, match="remove that folder and try again"):
        programs.dot()


def test_given_no_archive_that_has_it_when_fetched_then_the_error_names_the_package(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "own_sources", lambda: ())
    with pytest.raises(debian.PackageError, match="install the package graphviz"):
        programs.dot()
    assert not (tools / "graphviz").exists()
