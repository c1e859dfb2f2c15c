"""Programs that the project uses beside Asterisk: the machine's own where it has one, else fetched like Asterisk.

Fetched once, without root, from the archive of the machine's own distribution into `.tools/<name>`; their libraries
fit the machine's own loader.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ivr.pbx import debian
from ivr.pbx.fetch import tools_dir


@dataclass(frozen=True, slots=True)
class Program:
    """`subprocess.run([program.path, …], env={**os.environ, **program.environment})`."""

    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def dot() -> Program:
    """Graphviz's layout of directed graphs (Debian: graphviz; 27 MB). Raises PackageError."""
    own = installed("dot")
    if own is not None:
        return own
    program = fetched("graphviz", ["graphviz"], "usr/bin/dot", finish=_know_plugins)
    return Program(program.path, {**program.environment, "GVBINDIR": str(_plugins(program.path.parents[2]))})


def faketime() -> Path:
    """The library that shifts a process's clock when it is preloaded (Debian: libfaketime). Raises PackageError."""
    library = f"{platform.machine()}-linux-gnu/faketime/libfaketime.so.1"
    own = Path("/usr/lib") / library
    if own.exists():
        return own
    return fetched("faketime", ["libfaketime"], f"usr/lib/{library}", dependencies=False).path


def _plugins(folder: Path) -> Path:
    return folder / "usr/lib" / triplet() / "graphviz"


def _know_plugins(folder: Path) -> None:
    """What Debian's package does when it is installed: dot writes down which plugins there are."""
    own = {"LD_LIBRARY_PATH": libraries(folder), "GVBINDIR": str(_plugins(folder))}
    command = [str(folder / "usr/bin/dot"), "-c"]
    done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise debian.PackageError("broken_program", f"graphviz does not run on this machine: {done.stderr.strip()}")


def installed(name: str) -> Program | None:
    path = shutil.which(name)
    return Program(Path(path).resolve()) if path else None


def fetched(
    name: str,
    packages: Sequence[str],
    path: str,
    *,
    dependencies: bool = True,
    finish: Callable[[Path], None] = lambda _: None,
    say: debian.Say = lambda _: None,
) -> Program:
    """The program at `path` (a pattern) of `.tools/<name>`, fetched where it is not there. Raises PackageError."""
    folder = tools_dir() / name
    with debian.one_at_a_time(folder):
        if not folder.is_dir():
            fetch = partial(debian.fetch, packages, folder, dependencies=dependencies, finish=finish, say=say)
            _from_own_archive(fetch, packages[0])
    found = sorted(folder.glob(path))
    if not found:
        raise debian.PackageError("no_program", f"{folder} holds no {path}: remove that folder and try again")
    return Program(found[-1], {"LD_LIBRARY_PATH": libraries(folder)})


def triplet() -> str:
    """The folder of this machine's kind of libraries (Debian's multiarch)."""
    return f"{platform.machine()}-linux-gnu"


def libraries(folder: Path) -> str:
    """LD_LIBRARY_PATH of what lies unpacked in a folder."""
    places = [folder / part / triplet() for part in ("usr/lib", "lib")]
    return os.pathsep.join(map(str, filter(Path.is_dir, places)))


def _from_own_archive(fetch: Callable[[debian.Source], None], package: str) -> None:
    system = debian.distribution()
    components = ("main", "universe") if system.family == "ubuntu" else ("main",)
    failures = []
    for archive in debian.archives(debian.own_sources(), system.family, system.codename):
        try:
            fetch(debian.at_suite(archive, system.codename, components))
        except debian.PackageError as failure:
            failures.append(failure.message)
        else:
            return
    why = "; ".join(failures) or "no Debian or Ubuntu archive stands in /etc/apt/sources.list*"
    raise debian.PackageError("fetch_failed", f"{package} could not be fetched ({why}); install the package {package}")
