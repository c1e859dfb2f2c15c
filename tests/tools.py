"""Programs that tests and benchmarks want beside the phones: SIPp, libfaketime, a PostgreSQL server, systemd-analyze.

One that the machine has is used. Otherwise it is fetched once, without root, from the archive of the machine's own
distribution into `.tools/<name>`; its libraries fit the machine's own loader.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ivr.pbx import debian
from ivr.pbx.fetch import tools_dir


@dataclass(frozen=True, slots=True)
class Program:
    """`subprocess.run([program.path, …], env={**os.environ, **program.environment})`."""

    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def sipp() -> Program:
    """SIPp, the SIP load generator (Debian: sip-tester)."""
    return _installed("sipp") or _fetched("sipp", ["sip-tester"], "usr/bin/sipp")


def faketime() -> Path:
    """The library that shifts a process's clock when it is preloaded (Debian: libfaketime)."""
    library = f"{platform.machine()}-linux-gnu/faketime/libfaketime.so.1"
    installed = Path("/usr/lib") / library
    if installed.exists():
        return installed
    return _fetched("faketime", ["libfaketime"], f"usr/lib/{library}", dependencies=False).path


def postgresql(name: str) -> Program:
    """One of PostgreSQL's own programs: initdb, pg_ctl, createdb, psql, pg_dump, pg_restore …"""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists() and (folder / name).exists():
            return Program(folder / name)
    server = _installed("initdb")
    if server is not None and (server.path.parent / name).exists():
        return Program(server.path.parent / name)
    return _fetched("postgresql", ["postgresql"], f"usr/lib/postgresql/*/bin/{name}")


def systemd_analyze() -> Program:
    """What judges a systemd unit, whether or not systemd runs here (Debian: systemd)."""
    installed = _installed("systemd-analyze")
    if installed is not None:
        return installed
    fetched = _fetched("systemd", ["systemd"], "usr/bin/systemd-analyze")
    libraries = [fetched.environment["LD_LIBRARY_PATH"], *map(str, (tools_dir() / "systemd").glob("**/systemd"))]
    units = (tools_dir() / "systemd").glob("**/systemd/system")
    return Program(
        fetched.path,
        {"LD_LIBRARY_PATH": os.pathsep.join(libraries), "SYSTEMD_UNIT_PATH": os.pathsep.join(map(str, units))},
    )


def _installed(name: str) -> Program | None:
    path = shutil.which(name)
    return Program(Path(path).resolve()) if path else None


def _fetched(name: str, packages: Sequence[str], path: str, dependencies: bool = True) -> Program:
    """Raises PackageError."""
    folder = tools_dir() / name
    with debian.one_at_a_time(folder):
        if not folder.is_dir():
            _fetch(name, packages, folder, dependencies)
    found = sorted(folder.glob(path))
    if not found:
        raise debian.PackageError("no_program", f"{folder} holds no {path}: remove that folder and try again")
    libraries = [folder / part / f"{platform.machine()}-linux-gnu" for part in ("usr/lib", "lib")]
    return Program(found[-1], {"LD_LIBRARY_PATH": os.pathsep.join(map(str, filter(Path.is_dir, libraries)))})


def _fetch(name: str, packages: Sequence[str], folder: Path, dependencies: bool) -> None:
    system = debian.distribution()
    components = ("main", "universe") if system.family == "ubuntu" else ("main",)
    failures = []
    for archive in debian.archives(debian.own_sources(), system.family, system.codename):
        try:
            source = debian.at_suite(archive, system.codename, components)
            debian.fetch(packages, folder, source, dependencies=dependencies)
        except debian.PackageError as failure:
            failures.append(failure.message)
        else:
            return
    why = "; ".join(failures) or "no Debian or Ubuntu archive stands in /etc/apt/sources.list*"
    raise debian.PackageError("fetch_failed", f"{name} could not be fetched ({why}); install {packages[0]}")


def fetch_all() -> None:
    """So that no test has to wait for it."""
    sipp()
    faketime()
    postgresql("initdb")
    systemd_analyze()


if __name__ == "__main__":
    fetch_all()
