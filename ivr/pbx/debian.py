"""Fetch Debian packages into a folder of one's own: no root, no chroot, nothing of the machine changed.

`apt-get` does the work with its own state, cache and sources (apt.conf(5), sources.list(5)); the mirror is the one
that the machine's own sources name, so its proxies, credentials and keyrings hold. Standard library only: the
bootstrap uses this before any dependency is installed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ivr.errors import HotlineError

Say = Callable[[str], None]

_SETTINGS = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Default-Release "";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Get::Assume-Yes "true";
Debug::NoLocking "true";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/own.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
"""


class PackageError(HotlineError):
    """Packages could not be found, fetched or unpacked; nothing was left behind."""


@dataclass(frozen=True, slots=True)
class Source:
    """One apt source. `options` are deb822 fields such as `Signed-By`, as written (a key may stand there whole)."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)

    def stanza(self) -> str:
        fields = {"Types": "deb", "URIs": " ".join(self.uris), "Suites": " ".join(self.suites)}
        fields |= {"Components": " ".join(self.components)} | dict(self.options)
        return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


@dataclass(frozen=True, slots=True)
class Distribution:
    """What /etc/os-release says (os-release(5)): family is `debian`, `ubuntu` or `` for anything else."""

    family: str
    codename: str
    version: str


def distribution(os_release: Path = Path("/etc/os-release")) -> Distribution:
    text = os_release.read_text(encoding="utf-8") if os_release.exists() else ""
    words = dict(word.split("=", 1) for word in shlex.split(text, comments=True) if "=" in word)
    kin = (words.get("ID", ""), *words.get("ID_LIKE", "").split())
    family = next((name for name in ("ubuntu", "debian") if name in kin), "")
    codename = words.get("UBUNTU_CODENAME") or words.get("VERSION_CODENAME", "")
    return Distribution(family, codename, words.get("VERSION_ID", ""))


def own_sources(folder: Path = Path("/etc/apt")) -> tuple[Source, ...]:
    """Every binary source that the machine itself has switched on, in apt's order."""
    found: list[Source] = []
    main = folder / "sources.list"
    parts = sorted((folder / "sources.list.d").glob("*")) if (folder / "sources.list.d").is_dir() else []
    for path in [main, *parts]:
        if path.is_file() and path.suffix in {".list", ".sources"}:
            parse = parse_one_line if path.suffix == ".list" else parse_deb822
            found.extend(parse(path.read_text(encoding="utf-8", errors="replace")))
    return tuple(found)


def parse_one_line(text: str) -> Iterator[Source]:
    """`deb [signed-by=… arch=…] URI SUITE COMPONENT…`, one a line."""
    for raw in text.splitlines():
        line = raw.split("#", 1)[0].strip()
        if not line.startswith(("deb ", "deb\t", "deb[")):
            continue
        rest, options = line[3:].strip(), {}
        if rest.startswith("["):
            inside, _, rest = rest[1:].partition("]")
            options = {
                _field_name(k): v.replace(",", " ") for k, _, v in (word.partition("=") for word in inside.split())
            }
        words = rest.split()
        if len(words) >= 2:
            yield Source((words[0],), (words[1],), tuple(words[2:]), _kept(options))


def parse_deb822(text: str) -> Iterator[Source]:
    """Stanzas of `Field: value`, parted by blank lines; a line that opens with a blank goes on with the field above."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in "\n".join(lines).split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line[:1] in {" ", "\t"} and name:
                fields[name] += "\n" + line
            elif ":" in line:
                name, value = line.split(":", 1)
                name = _field_name(name)
                fields[name] = value.strip()
        off = fields.get("Enabled", "yes").lower() in {"no", "false", "0"}
        if "deb" in fields.get("Types", "").split() and "Uris" in fields and not off:
            uris, suites, components = (tuple(fields.get(key, "").split()) for key in ("Uris", "Suites", "Components"))
            yield Source(uris, suites, components, _kept(fields))


def _field_name(name: str) -> str:
    return "-".join(part.capitalize() for part in name.strip().split("-"))


def _kept(options: Mapping[str, str]) -> dict[str, str]:
    return {name: options[name] for name in ("Signed-By", "Trusted") if name in options}


def archives(sources: Iterable[Source], family: str, codename: str) -> tuple[Source, ...]:
    """The sources that can be the distribution's own archive, the likeliest first.

    Likely: the path ends in the family's name and the suite is ours (others also offer a `main` for our suite).
    """
    aliases = {codename, "stable", "oldstable", "testing", "unstable", "sid"}
    fitting = {
        (uri, source.options.get("Signed-By", "")): replace(source, uris=(uri,))
        for source in sources
        for uri in source.uris
        if "main" in source.components and aliases & set(source.suites)
    }

    def unlikely(source: Source) -> tuple[bool, bool]:
        path = source.uris[0].rstrip("/")
        return not path.endswith((family, f"{family}-ports", f"{family}.list")), codename not in source.suites

    return tuple(sorted(fitting.values(), key=unlikely))


def at_suite(source: Source, suite: str, components: Sequence[str]) -> Source:
    """The same archive, another suite. An old mirror is better than none: its age is not checked, its signature is."""
    own = {"Architectures": _output("dpkg", "--print-architecture").strip(), "Check-Valid-Until": "no"}
    return replace(source, suites=(suite,), components=tuple(components), options={**source.options, **own})


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Two starts at once fetch once: the second waits for the first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetch(
    packages: Sequence[str],
    folder: Path,
    source: Source,
    *,
    dependencies: bool = True,
    finish: Callable[[Path], None] = lambda _: None,
    say: Say = print,
) -> None:
    """Fetch `packages` from `source` and unpack them as `folder`, which appears whole or not at all.

    All that they depend on comes along unless `dependencies` is false; `finish` sees the folder before it gets its
    name. Raises PackageError with apt's own last words.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise PackageError(
                "no_apt",
                f"{tool} is not on this machine, so {packages[0]} cannot be fetched; install it by other means",
            )
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f".{folder.name}.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.new-", dir=folder.parent) as work:
        place = Path(work)
        config = _prepare(place, source)
        say(f"reading the package list of {source.suites[0]} …")
        _apt(config, ["update"], place, say)
        say(f"fetching {packages[0]} …")
        if dependencies:
            _apt(config, ["--download-only", "install", *packages], place, say)
        else:
            _apt(config, ["download", *packages], place / "cache/archives", say)
        unpacked = place / "unpacked"
        debs = sorted((place / "cache/archives").glob("*.deb"))
        size = sum(deb.stat().st_size for deb in debs) // 1_000_000
        say(f"unpacking {len(debs)} packages ({size} MB) …")
        for deb in debs:
            _run(["dpkg-deb", "-x", str(deb), str(unpacked)])
        finish(unpacked)
        if folder.exists():
            shutil.rmtree(folder)
        unpacked.rename(folder)


def _prepare(place: Path, source: Source) -> Path:
    for part in ("state/lists/partial", "cache/archives/partial", "unpacked"):
        (place / part).mkdir(parents=True)
    (place / "status").touch()
    (place / "own.sources").write_text(source.stanza(), encoding="utf-8")
    config = place / "apt.conf"
    config.write_text(_SETTINGS.format(folder=place), encoding="utf-8")
    return config


def _apt(config: Path, arguments: Sequence[str], cwd: Path, say: Say) -> None:
    """Run apt-get and say every tenth of what it fetches (its status lines: `dlstatus:<n>:<percent>:<words>`)."""
    reading, writing = os.pipe()
    with (config.parent / "apt.log").open("w+", encoding="utf-8") as log:
        command = ["apt-get", "-q", "-c", str(config), "-o", f"APT::Status-Fd={writing}", *arguments]
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        with subprocess.Popen(  # noqa: S603
            command, cwd=cwd, stdout=log, stderr=log, stdin=subprocess.DEVNULL, pass_fds=[writing], env=environment
        ) as process:
            os.close(writing)
            said = 0
            with os.fdopen(reading, encoding="utf-8", errors="replace") as status:
                for line in status:
                    kind, _, rest = line.partition(":")
                    tenth = int(float(rest.split(":")[1])) // 10 if kind == "dlstatus" else 0
                    if tenth > said and "update" not in arguments:
                        said = tenth
                        say(f"  {tenth * 10} %")
        if process.returncode:
            log.seek(0)
            raise PackageError("fetch_failed", f"apt-get {arguments[0]} failed: {_last_words(log.read())}")


def _last_words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    complaints = [line for line in lines if line.startswith("E:")] or lines
    return " ".join(complaints[-3:]) or "it said nothing"


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise PackageError("unpack_failed", f"{' '.join(command[:2])} failed: {_last_words(done.stderr)}")


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
