"""The set-up of a fresh machine: made once, taken up where it stopped, and possible where Debian has split pip off."""

from __future__ import annotations

import ensurepip
import importlib.util
import re
import shutil
import subprocess
import tomllib
import venv
from pathlib import Path

import pytest

from ivr import bootstrap
from ivr.bootstrap import BootstrapError


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose lock file pins nothing."""
    root = tmp_path / "check out"
    (root / "ivr").mkdir(parents=True)
    (root / "ivr/__init__.py").touch()
    (root / "ivr/__main__.py").write_text("import sys; print('ivr', *sys.argv[1:])\n")
    (root / "requirements.lock").write_text("# nothing\n")
    return root


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """No pip, which takes seconds to make; gives the lock files that would have been installed."""
    installed: list[Path] = []
    monkeypatch.setattr(bootstrap, "make_venv", lambda home, _: venv.create(home, symlinks=True))
    monkeypatch.setattr(bootstrap, "runs", Path.exists)
    monkeypatch.setattr(bootstrap, "install", lambda home, lock: installed.append(lock))
    return installed


def pips_wheel() -> Path:
    """The wheel that this machine's Python brings, standing for the one in Debian's package python3-pip-whl."""
    places = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]
    return next(wheel for place in places for wheel in sorted(place.glob("pip-*.whl")))


@pytest.mark.usefixtures("quick")
def test_given_a_fresh_checkout_then_its_command_runs_it(checkout: Path) -> None:
    bootstrap.prepare(checkout, checkout / ".tools")
    done = subprocess.run([checkout / ".venv/bin/ivr", "up", "--x y"], capture_output=True, text=True, check=True)
    assert done.stdout == "ivr up --x y\n"


def test_given_a_second_run_then_nothing_is_installed(checkout: Path, quick: list[Path]) -> None:
    bootstrap.prepare(checkout, checkout / ".tools")
    bootstrap.prepare(checkout, checkout / ".tools")
    assert len(quick) == 1
    (checkout / "requirements.lock").write_text("# something else\n")
    bootstrap.prepare(checkout, checkout / ".tools")
    assert len(quick) == 2


@pytest.mark.usefixtures("quick")
def test_given_an_install_that_failed_then_the_next_run_tries_again(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(home: Path, lock: Path) -> None:
        raise BootstrapError("install_failed", "no network")

    with monkeypatch.context() as broken, pytest.raises(BootstrapError):
        broken.setattr(bootstrap, "install", fail)
        bootstrap.prepare(checkout, checkout / ".tools")
    assert not (checkout / ".venv/.ready").exists()
    bootstrap.prepare(checkout, checkout / ".tools")
    assert (checkout / ".venv/.ready").exists()


def test_given_no_ensurepip_then_pips_own_wheel_is_fetched_and_used(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, bool]] = []

    def fetch(packages: list[str], folder: Path, source: object, *, dependencies: bool, say: object) -> None:
        asked.extend((package, dependencies) for package in packages)
        wheels = folder / "usr/share/python-wheels"
        wheels.mkdir(parents=True)
        shutil.copy(pips_wheel(), wheels)

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else found(name))
    monkeypatch.setattr("ivr.pbx.debian.archives", lambda *_: ["the machine's own"])
    monkeypatch.setattr("ivr.pbx.debian.at_suite", lambda source, *_: source)
    monkeypatch.setattr("ivr.pbx.debian.fetch", fetch)
    bootstrap.prepare(checkout, checkout / ".tools")
    assert asked == [("python3-pip-whl", False)]
    assert bootstrap.runs(checkout / ".venv/bin/python")


def test_given_no_ensurepip_and_no_apt_then_the_command_that_mends_it_is_told(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.pbx.debian.archives", lambda *_: [])
    with pytest.raises(BootstrapError, match="apt-get install python3-venv"):
        bootstrap.pip_wheel(checkout / ".tools")


def test_every_pinned_package_has_its_hash() -> None:
    lock = Path(bootstrap.ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = bootstrap.count(bootstrap.ROOT / "requirements.lock")
    packages = [block for block in lock.replace("\\\n", "").splitlines() if "==" in block.split("--hash")[0]]
    assert len(packages) == pinned > 40
    assert all("--hash=sha256:" in package for package in packages)


def test_the_lock_file_knows_every_dependency() -> None:
    """Else `make lock` was forgotten."""
    project = tomllib.loads((bootstrap.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {re.split(r"[^A-Za-z0-9_.-]", line)[0].lower() for line in wanted}
    lock = (bootstrap.ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert names <= {line.split("==")[0] for line in lock.splitlines() if "==" in line}
