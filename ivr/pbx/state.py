"""`run/state.json`: what the running system is, for whoever must speak to it (controller, doctor, the next supervisor).

The supervisor writes it before it starts Asterisk, so whoever finds a running Asterisk finds its mark here.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ivr.errors import HotlineError

SOCKET_PATH = 100  # bytes; sockaddr_un holds 107 (unix(7)) and Asterisk adds nothing


class StateError(HotlineError):
    """The system does not run, or its run folder cannot be trusted."""


@dataclass(frozen=True, slots=True)
class State:
    mark: str  # Asterisk's systemname, secret: `m` + 24 hex digits
    ari_port: int
    run_dir: str  # Asterisk's control socket and pid file
    site_hash: str  # of the settings in force: those that it was started with, or that were applied since (`ivr apply`)
    started_with: str = ""  # hotline.toml's text at its start: what cannot be applied holds from it until the next


def new_mark() -> str:
    return f"m{secrets.token_hex(12)}"


def path_in(var: Path) -> Path:
    return var / "run/state.json"


def read(var: Path) -> State:
    """The running system's state. Raises StateError where none was started."""
    try:
        found = json.loads(path_in(var).read_text(encoding="utf-8"))
        return State(**{field.name: found[field.name] for field in fields(State) if field.name in found})
    except (OSError, ValueError, TypeError) as failure:  # what a newer release added is left alone
        raise StateError("not_running", f"no system has been started in {var}: `ivr up` starts one") from failure


def write(var: Path, state: State) -> None:
    """Whole or not at all; readable by the owner alone, for the mark is secret."""
    path = path_in(var)
    handle, name = tempfile.mkstemp(prefix=".state-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(state), file)
    Path(name).replace(path)


def run_dir(var: Path) -> Path:
    """Where Asterisk's socket goes: `var/run`, or a short folder of our own where that is too long."""
    own = var / "run"
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    if len(os.fsencode(own / "asterisk.ctl")) <= SOCKET_PATH:
        return own
    name = hashlib.sha256(os.fsencode(own)).hexdigest()[:12]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    short = Path(runtime) if len(runtime) in range(1, 60) and Path(runtime).is_dir() else Path("/tmp")  # noqa: S108
    short = short / f"hotline-{os.getuid()}-{name}"
    short.mkdir(exist_ok=True, mode=0o700)
    found = short.lstat()
    if short.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StateError("run_dir", f"{short} is not ours alone; remove it, or take a shorter --var than {var}")
    return short
