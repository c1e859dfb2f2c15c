"""Programs that tests and benchmarks want beside the phones: SIPp, libfaketime, a PostgreSQL server,
systemd-analyze, a browser.

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


def dovecot() -> Program:
    """A mailbox's server (Debian: dovecot-imapd); `tests/unit/imap_server.py` runs it."""
    own = Path("/usr/lib/dovecot/imap")
    if own.exists():
        return Program(own)
    program = fetched("dovecot", ["dovecot-imapd"], "usr/lib/dovecot/imap")
    inside = program.path.parent
    libraries = os.pathsep.join([program.environment["LD_LIBRARY_PATH"], str(inside), str(inside / "modules")])
    return Program(program.path, {"LD_LIBRARY_PATH": libraries})


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


def chromium() -> Program:
    """A browser (Debian: chromium; Ubuntu's own package is a snap's shell, so there another has to be installed)."""
    own = installed("chromium") or installed("chromium-browser") or installed("google-chrome")
    if own is not None:
        return own
    program = fetched("chromium", ["chromium"], "usr/lib/chromium/chromium")
    return Program(program.path, {**program.environment, "CHROME_WRAPPER": str(program.path)})


def fonts() -> dict[str, str]:
    """What lets a browser find a Chinese font: nothing where the machine has one, else fontconfig's own file."""
    if any(Path("/usr/share/fonts").glob("**/NotoSansCJK*")):
        return {}
    folder = fetched("fonts", ["fonts-noto-cjk"], "usr/share/fonts", dependencies=False).path
    config = tools_dir() / "fonts/fonts.conf"
    if not config.exists():
        rows = f"<dir>{folder}</dir><dir>/usr/share/fonts</dir><cachedir>{tools_dir() / 'fonts/cache'}</cachedir>"
        config.write_text(f'<?xml version="1.0"?><fontconfig>{rows}</fontconfig>\n', encoding="utf-8")
    return {"FONTCONFIG_FILE": str(config)}


def fetch_all() -> None:
    """So that no test has to wait for it."""
    sipp()
    faketime()
    postgresql("initdb")
    dovecot()
    systemd_analyze()
    dot()
    chromium()
    fonts()


if __name__ == "__main__":
    fetch_all()
