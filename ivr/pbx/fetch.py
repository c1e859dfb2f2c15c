"""Find an Asterisk that fits: one on PATH, else one fetched from the distribution's archive into `.tools/asterisk`.

Fetched once (110 MB, unpacked 300 MB) without root and without a chroot; it runs by the loader that came with it.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import HotlineError
from ivr.pbx import debian

OLDEST = (20,)
PACKAGES = ("asterisk",)  # prompts and music are our own
# Without these no call gets through; an Asterisk on PATH that lacks one is passed over.
NEEDED = frozenset(
    {
        "chan_pjsip",
        "app_queue",
        "app_dial",
        "app_chanspy",
        "app_originate",
        "cel_custom",
        "res_agi",
        "func_uri",
        "pbx_config",
    }
)
DEBIAN_SUITE = "forky"  # carries 22 LTS; Debian 12 and 13 carry none
UBUNTU_SUITE = "noble"  # the oldest Ubuntu whose Asterisk is 20 or newer


class AsteriskError(HotlineError):
    """No Asterisk that fits could be found or fetched."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An Asterisk that can be run: `[*command, "-C", "asterisk.conf", "-f"]`."""

    command: tuple[str, ...]  # Debian's own loader stands first where Asterisk was fetched
    modules_dir: Path  # astmoddir
    data_dir: Path  # holds documentation/, sounds/, moh/, rest-api/ …
    version: tuple[int, ...]  # (22, 10, 1)
    modules: frozenset[str]  # "chan_pjsip", without .so


def tools_dir() -> Path:
    """Where fetched tools stand: `IVR_TOOLS`, else `.tools` of the checkout."""
    named = os.environ.get("IVR_TOOLS")
    return Path(named).absolute() if named else Path(__file__).resolve().parents[2] / ".tools"


def find(tools: Path | None = None, *, fetch: bool = True, say: debian.Say = print) -> Installation:
    """An Asterisk ≥ 20 on PATH, else the fetched one, else (with `fetch`) fetch it now.

    Raises AsteriskError or PackageError.
    """
    folder = (tools or tools_dir()) / "asterisk"
    installed = on_path()
    if installed is None and not folder.is_dir() and fetch:
        with debian.one_at_a_time(folder):
            if not folder.is_dir():
                _fetch(folder, say)
    found = installed or (unpacked(folder) if folder.is_dir() else None)
    if found is None:
        raise AsteriskError(
            "no_asterisk", f"no Asterisk ≥ {OLDEST[0]} on PATH and none in {folder}; `ivr up` fetches one"
        )
    return found


def on_path() -> Installation | None:
    """The machine's own Asterisk if it is new enough and has the modules that calls need."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    binary = shutil.which("asterisk", path=path)
    if binary is None:
        return None
    own = _own_directories(Path("/etc/asterisk/asterisk.conf"))
    prefix = Path(binary).resolve().parents[1]
    libraries = [prefix / "lib" / f"{platform.machine()}-linux-gnu", prefix / "lib64", prefix / "lib"]
    modules = _first([own.get("astmoddir"), *(library / "asterisk/modules" for library in libraries)], "chan_pjsip.so")
    data = _first(
        [own.get("astdatadir"), prefix / "share/asterisk", Path("/usr/share/asterisk"), Path("/var/lib/asterisk")],
        "documentation",
    )
    if modules is None or data is None:
        return None
    try:
        found = _installation((binary,), modules, data)
    except AsteriskError:
        return None
    return found if found.version >= OLDEST and found.modules >= NEEDED else None


def unpacked(folder: Path) -> Installation:
    """The Asterisk whose packages lie unpacked in `folder`; it runs by its own loader and libraries."""
    machine = f"{platform.machine()}-linux-gnu"
    libraries = [path for path in (folder / "usr/lib" / machine, folder / "lib" / machine) if path.is_dir()]
    loaders = [
        path
        for where in [*libraries, folder / "usr/lib", folder / "lib"]
        for path in sorted(where.glob("ld-linux*.so*"))
    ]
    modules = _first([library / "asterisk/modules" for library in libraries], "chan_pjsip.so")
    binary = folder / "usr/sbin/asterisk"
    if not loaders or modules is None or not binary.is_file():
        raise AsteriskError(
            "broken_asterisk",
            f"{folder} holds no whole Asterisk; remove that folder and start again, it will be fetched anew",
        )
    command = (str(loaders[0]), "--library-path", os.pathsep.join(map(str, libraries)), str(binary))
    return _installation(command, modules, folder / "usr/share/asterisk")


def _fetch(folder: Path, say: debian.Say) -> None:
    system = debian.distribution()
    newest = system.family == "ubuntu" and system.version >= "24.04"
    suite = system.codename if newest else UBUNTU_SUITE if system.family == "ubuntu" else DEBIAN_SUITE
    components = ("main", "universe") if system.family == "ubuntu" else ("main",)
    candidates = debian.archives(debian.own_sources(), system.family, system.codename)
    if not system.family or not candidates:
        raise AsteriskError(
            "no_archive",
            "no Debian or Ubuntu archive stands in /etc/apt/sources.list*: "
            "install an Asterisk ≥ 20 so that `asterisk` is on PATH",
        )
    say(f"no Asterisk ≥ {OLDEST[0]} on PATH: fetching one into {folder} (once, about 110 MB)")
    failures = []
    for archive in candidates:
        try:
            debian.fetch(PACKAGES, folder, debian.at_suite(archive, suite, components), finish=_mend, say=say)
        except debian.PackageError as failure:
            failures.append(failure.message)
        else:
            say(f"Asterisk {'.'.join(map(str, unpacked(folder).version))} is ready")
            return
    raise AsteriskError("fetch_failed", f"Asterisk could not be fetched: {'; '.join(failures)}", {"suite": suite})


def _mend(folder: Path) -> None:
    """Debian's `sounds/en` points into /etc/alternatives, which is not ours: every prompt would fail silently."""
    sounds = folder / "usr/share/asterisk/sounds"
    english = sounds / "en"
    voices = sorted(path.name for path in sounds.glob("en_*") if path.is_dir())
    if voices and not english.exists():
        english.unlink(missing_ok=True)
        english.symlink_to(voices[0])


def _installation(command: tuple[str, ...], modules: Path, data: Path) -> Installation:
    try:
        said = subprocess.run([*command, "-V"], capture_output=True, text=True, check=True, timeout=20).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError) as failure:
        raise AsteriskError("broken_asterisk", f"{command[-1]} does not run on this machine: {failure}") from failure
    return Installation(
        command, modules, data, parse_version(said), frozenset(path.stem for path in modules.glob("*.so"))
    )


def parse_version(said: str) -> tuple[int, ...]:
    """`Asterisk 22.10.1+dfsg+~cs6…` → (22, 10, 1); `Asterisk certified/20.7-cert2` → (20, 7); nothing found → ()."""
    match = re.search(r"Asterisk \D*(\d+(?:\.\d+)*)", said)
    return tuple(map(int, match[1].split("."))) if match else ()


def _own_directories(conf: Path) -> dict[str, Path]:
    """The directories that an installed Asterisk was told of in its asterisk.conf."""
    try:
        text = conf.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return {name: Path(value) for name, value in re.findall(r"^\s*(ast\w+dir)\s*=>?\s*(\S+)", text, re.MULTILINE)}


def _first(folders: Iterable[Path | None], holding: str) -> Path | None:
    return next((folder for folder in folders if folder is not None and (folder / holding).exists()), None)
