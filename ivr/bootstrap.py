"""Make `.venv`: the pinned dependencies, this checkout on its path, the command `ivr`. Needs no root.

Run by the Makefile (`python3 -m ivr.bootstrap`) before anything is installed, so by the standard library alone. A
second run finds its mark and ends at once; an interrupted one is taken up where it stopped.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import subprocess
import sys
import venv
from pathlib import Path

from ivr.errors import HotlineError
from ivr.pbx import debian

ROOT = Path(__file__).resolve().parents[1]
COMMAND = """#!/bin/sh
exec {python} -P -m ivr "$@"
"""


class BootstrapError(HotlineError):
    """Something is missing that cannot be installed from here; the message names the command that installs it."""


def main() -> int:
    try:
        prepare(ROOT, Path(os.environ.get("IVR_TOOLS") or ROOT / ".tools"))
    except (HotlineError, OSError) as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


def prepare(root: Path, tools: Path) -> None:
    """Everything, unless the mark says that it was done with this lock file and this Python. Raises BootstrapError."""
    home, lock = root / ".venv", root / "requirements.lock"
    mark, wanted = home / ".ready", fingerprint(lock)
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted and (home / "bin/ivr").is_file():
        mark.touch()  # make looks at its time
        return
    if not runs(home / "bin/python"):
        make_venv(home, tools)
    tell(f"installing {count(lock)} pinned packages (once) …")
    install(home, lock)
    link(home, root)
    mark.write_text(wanted, encoding="utf-8")
    tell("the Python environment is ready")


def fingerprint(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()


def count(lock: Path) -> int:
    """How many packages a lock file pins."""
    return sum(
        "==" in line and not line.startswith((" ", "#")) for line in lock.read_text(encoding="utf-8").splitlines()
    )


def runs(python: Path) -> bool:
    """Is there a Python of this version with pip? Not so after an upgrade of Python or a broken start."""
    if not python.exists():
        return False
    wanted = f"import pip, sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])!r})"
    return subprocess.run([str(python), "-c", wanted], capture_output=True, check=False).returncode == 0  # noqa: S603


def make_venv(home: Path, tools: Path) -> None:
    """Debian and Ubuntu leave pip's wheel to python3-venv; where that is not installed, the wheel alone is fetched."""
    tell(f"making {home} …")
    if importlib.util.find_spec("ensurepip") is not None:
        venv.create(home, clear=True, with_pip=True, symlinks=True)
        return
    wheel = pip_wheel(tools)
    venv.create(home, clear=True, with_pip=False, symlinks=True)
    run([str(home / "bin/python"), f"{wheel}/pip", "install", "-q", "--no-index", str(wheel)])


def pip_wheel(tools: Path) -> Path:
    """pip's wheel out of the package python3-pip-whl of this distribution."""
    folder, package = tools / "pip", "python3-pip-whl"
    mend = "install it by: apt-get install python3-venv"
    if not folder.is_dir():
        tell("python3-venv is not installed: fetching pip for this project alone …")
        here = debian.distribution()
        archives = debian.archives(debian.own_sources(), here.family, here.codename)
        if not archives:
            raise BootstrapError("no_pip", f"this Python cannot make virtual environments with pip; {mend}")
        components = ("main", "universe") if here.family == "ubuntu" else ("main",)
        source = debian.at_suite(archives[0], here.codename or archives[0].suites[0], components)
        with debian.one_at_a_time(folder):
            debian.fetch([package], folder, source, dependencies=False, say=tell)
    wheel = next(folder.glob("usr/share/python-wheels/pip-*.whl"), None)
    if wheel is None:
        raise BootstrapError("no_pip", f"{folder} holds no pip wheel; remove that folder, or {mend}")
    return wheel


def install(home: Path, lock: Path) -> None:
    """Exactly what the lock file pins, every file checked by its hash."""
    pip = [str(home / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "--no-input"]
    run([*pip, "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(lock)])


def link(home: Path, root: Path) -> None:
    """The checkout itself is what runs, nothing is built: a .pth file (site, Python's documentation) and a command."""
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (home / "lib" / python / "site-packages/hotline.pth").write_text(f"{root}\n", encoding="utf-8")
    command = home / "bin/ivr"
    command.write_text(COMMAND.format(python=shlex.quote(str(home / "bin/python"))), encoding="utf-8")
    command.chmod(0o755)


def run(command: list[str]) -> None:
    """Run with its own output shown as progress. Raises BootstrapError."""
    done = subprocess.run(command, check=False)  # noqa: S603
    if done.returncode:
        raise BootstrapError("install_failed", f"failed: {shlex.join(command)}; mend what it says and run make again")


def tell(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
