"""Programs that tests and benchmarks want beside the phones: SIPp, libfaketime, a PostgreSQL server, systemd-analyze.

Found or fetched as `ivr.pbx.programs` does it.
"""

from __future__ import annotations

import os
from pathlib import Path

from ivr.pbx.fetch import tools_dir
from ivr.pbx.programs import Program, dot, faketime, fetched, installed


def sipp() -> Program:
    """SIPp, the SIP load generator (Debian: sip-tester)."""
    return installed("sipp") or fetched("sipp", ["sip-tester"], "usr/bin/sipp")


def postgresql(name: str) -> Program:
    """One of PostgreSQL's own programs: initdb, pg_ctl, createdb, psql, pg_dump, pg_restore …"""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists() and (folder / name).exists():
            return Program(folder / name)
    server = installed("initdb")
    if server is not None and (server.path.parent / name).exists():
        return Program(server.path.parent / name)
    return fetched("postgresql", ["postgresql"], f"usr/lib/postgresql/*/bin/{name}")


def systemd_analyze() -> Program:
    """What judges a systemd unit, whether or not systemd runs here (Debian: systemd)."""
    own = installed("systemd-analyze")
    if own is not None:
        return own
    program = fetched("systemd", ["systemd"], "usr/bin/systemd-analyze")
    libraries = [program.environment["LD_LIBRARY_PATH"], *map(str, (tools_dir() / "systemd").glob("**/systemd"))]
    units = (tools_dir() / "systemd").glob("**/systemd/system")
    return Program(
        program.path,
        {"LD_LIBRARY_PATH": os.pathsep.join(libraries), "SYSTEMD_UNIT_PATH": os.pathsep.join(map(str, units))},
    )


def fetch_all() -> None:
    """So that no test has to wait for it."""
    sipp()
    faketime()
    postgresql("initdb")
    systemd_analyze()
    dot()


if __name__ == "__main__":
    fetch_all()
