"""Asterisk's configuration from a site's settings: `asterisk_conf/*.j2` → `{var}/etc/*.conf`, at each start of it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ivr.calls import live_journal, live_world, numbers
from ivr.credentials import Credentials
from ivr.pbx import drain, own, skills, zone
from ivr.pbx.fetch import Installation
from ivr.settings import Site, Target, hours

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "asterisk_conf"
DIALPLANS = ROOT / "dialplans"

TODAY = (22, 10)  # the Asterisk that is meant where none is at hand

# Read by Asterisk's core, which complains when they are missing; we have nothing to say in them.
EMPTY = ("acl", "ccss", "pjproject", "queuerules", "udptl", "websocket_client")


def modules() -> frozenset[str]:
    """Every module that `modules.conf.j2` would load."""
    return frozenset(re.findall(r"'(\w+)'", (TEMPLATES / "modules.conf.j2").read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Feature:
    """A key in a call: features.conf's name, the digits, the context that runs on the leg that pressed them."""

    name: str
    digits: str
    context: str
    arguments: tuple[str, ...] = ()


def operator_features(site: Site) -> Iterator[Feature]:
    """The keys of an operator's leg: one a target and mode, then those that hold for every target."""
    for target in site.targets.values():
        for mode, digits in target.keys.items():
            yield Feature(f"{target.key}-{mode}", digits, "transfer-key", (target.key, mode))
    yield Feature("cancel", site.keys.cancel, "transfer-cancel")
    yield Feature("take-back", site.keys.take_back, "take-back")
    yield Feature("join", site.keys.join, "consult-join")


def caller_features(site: Site) -> Iterator[Feature]:
    """The keys of a caller's leg, while a site's hook has it: the emergency key."""
    yield Feature("hook-emergency", site.hotline.emergency_key, "hook-emergency")


def desk_features(target: Target) -> Iterator[Feature]:
    """The keys of a desk's leg."""
    contexts = {"hand_back": "hand-back", "pull_in": "pull-in"}
    for action, digits in target.desk_keys.items():
        yield Feature(f"{target.key}-{action}", digits, contexts[action])


def queues(site: Site) -> Mapping[str, tuple[str, ...]]:
    """Queue name → operator numbers: one a skill, and the overflow with everybody."""
    by_skill = {
        f"q-{skill}": tuple(o.number for o in site.operators.values() if skill in o.skills) for skill in site.skills
    }
    return by_skill | {"q-overflow": tuple(site.operators)}


def render(  # noqa: PLR0917  one caller, all needed
    site: Site,
    var: Path,
    asterisk: Installation,
    credentials: Credentials,
    mark: str,
    ari_port: int,
    run: Path,
    *,
    scratch: bool = False,
    dialplans: Sequence[Path] = (),
) -> Path:
    """Write every file that Asterisk reads (mode 0600) and lay out its folders; returns the path of asterisk.conf.

    `run` is the folder of Asterisk's control socket (a socket's path has 107 bytes). The mark is new at each start.
    `dialplans`: the files that extensions.conf includes; without any, core's and the project's own site's.
    `scratch`: for trials (ivr.dialplan.scratch), where every step is told and phones have no voice.
    """
    var = var.absolute()
    etc = var / "etc"
    for folder in (
        "etc",
        "lib/keys",
        "data",
        "spool",
        "log/asterisk",
        "journal",
        "recordings",
        "prompts",
        "moh",
        "run",
    ):
        (var / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = texts(site, var, asterisk, credentials, mark, ari_port, run, scratch=scratch, dialplans=dialplans)
    _link(var / "log/asterisk/cel-custom", Path("../../journal"))
    _link(var / "data/sounds", Path("../prompts"))
    for shared in ("documentation", "rest-api"):
        if (asterisk.data_dir / shared).exists():
            _link(var / "data" / shared, (asterisk.data_dir / shared).absolute())
    for name, text in made.items():
        write(etc / name, text)
    for stale in set(etc.glob("*.conf")) - {etc / name for name in made}:
        stale.unlink()
    return etc / "asterisk.conf"


def texts(  # noqa: PLR0917  as `render`
    site: Site,
    var: Path,
    asterisk: Installation,
    credentials: Credentials,
    mark: str,
    ari_port: int,
    run: Path,
    *,
    scratch: bool = False,
    dialplans: Sequence[Path] = (),
) -> dict[str, str]:
    """Name → text of every file that Asterisk reads; nothing is written."""
    files = dialplans or [
        *sorted((DIALPLANS / "core").glob("*.conf")),
        *sorted(own_dialplans(site).glob("*.conf")),
    ]
    environment = _environment()
    values = _dialplan_values(site, var, files, asterisk.version) | {
        **({"own": own.Own((), ())} if dialplans else {}),  # they name their own
        "run": run,
        "asterisk": asterisk,
        "credentials": credentials,
        "mark": mark,
        "ari_port": ari_port,
        "scratch": scratch,
        "queues": queues(site),
        "startup": skills.commands(site, var),
        "heard": ("FullyBooted", *sorted(live_world.HANDLERS.keys() - {"CEL"})),
        "heard_cel": live_journal.NOTED,
        "features": (
            *operator_features(site),
            *caller_features(site),
            *(feature for target in site.targets.values() for feature in desk_features(target)),
        ),
    }
    templates = sorted(TEMPLATES.glob("*.j2"))
    made = {one.stem: environment.get_template(one.name).render(values) for one in templates}
    return made | {f"{name}.conf": "; Nothing to say here.\n" for name in EMPTY}


def own_dialplans(site: Site) -> Path:
    """The folder of the site's own dialplans: beside its settings if there is one, else the project's."""
    beside = Path(site.path).parent / "dialplans/site"
    return beside if beside.is_dir() else DIALPLANS / "site"


def extensions(site: Site, var: Path, files: Sequence[Path], version: tuple[int, ...] = TODAY) -> str:
    """The text of `extensions.conf` alone, as Asterisk of this version would be given it with these dialplan files."""
    return _environment().get_template("extensions.conf.j2").render(_dialplan_values(site, var, files, version))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 — no HTML
    )
    environment.filters["normal"] = numbers.normal
    return environment


def _dialplan_values(site: Site, var: Path, files: Sequence[Path], version: tuple[int, ...]) -> dict[str, Any]:
    """What `extensions.conf.j2` names."""
    return {
        "site": site,
        "var": var,
        "root": ROOT,
        "version": version,
        "python": sys.executable,
        "drain": drain.kept(var),
        "operator_features": [feature.name for feature in operator_features(site)],
        "desk_features": {
            target.key: [feature.name for feature in desk_features(target)] for target in site.targets.values()
        },
        "dialplans": files,
        "own": own.of(site, files),
        "hook_seconds": site.hooks.by_name,
        "timezone": zone.rule(site.hotline.timezone),
        "hours_by_weekday": hours.by_weekday(site.hours),
        "special_days": hours.special_days(site.hours),
    }


def _link(path: Path, target: Path) -> None:
    if path.is_symlink() and path.readlink() == target:
        return
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def write(path: Path, text: str) -> None:
    """Replace at once, readable by the owner alone: the files carry passwords."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
