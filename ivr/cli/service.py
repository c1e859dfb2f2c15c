"""`ivr up`, `ivr doctor`, and `ivr controller` (which `up` starts as a child)."""

from __future__ import annotations

import asyncio
import faulthandler
import json as json_words
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ivr import credentials, machine, supervisor, system
from ivr import doctor as examination
from ivr.cli import telling
from ivr.cli.context import PROBLEM, Context
from ivr.cli.language import language
from ivr.credentials import Credentials
from ivr.errors import HotlineError
from ivr.facts import facts
from ivr.findings import Finding
from ivr.pbx import drain, fetch, prompts, state
from ivr.settings import Site
from ivr.settings.channels import web_channel

FOLLOW_SECONDS = 60.0  # for a new program to be loaded and to read the settings
ANEW = "HOTLINE_ANEW"  # in the environment of an `ivr up` that another one began anew as
MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}


class UnfitError(HotlineError):
    """The system cannot be started as things are."""


def up(context: typer.Context) -> None:
    """Start the hotline and keep it running until Ctrl-C.

    SIGUSR1 makes it begin anew with the program as it is on disk now: calls go on, only the controller is replaced.

    Example: ivr --site hotline.toml --var var up
    """
    start: Context = context.obj
    site, var = start.site, start.var
    anew = os.environ.pop(ANEW, None) is not None
    var.mkdir(parents=True, exist_ok=True, mode=0o700)
    supervisor.hold_back()  # who holds the folder may be told to begin anew
    with supervisor.alone(var / "run"):
        asterisk = fetch.find(say=_say)
        os.umask(0o077)  # whatever we and our children write from here on is ours alone
        _refuse_if_unfit(list(machine.secrets(var)))  # told before they are mended
        secrets, new = credentials.ensure(var, site)
        _refuse_if_unfit(examination.planned(site, var, asterisk))
        if prompts.ensure(site, var, _say):
            _refuse_if_unfit(examination.sounding(site, var))
        if system.find_asterisk(var) is not None:
            _refuse_if_unfit(list(examination.outdated(site, var)))
        else:
            drain.keep(var, drain.Stage.OPEN)  # whoever starts it wants calls
        supervisor.raise_limits()
        hotline = system.System(site, var, asterisk, secrets, _started_with(var))
        told = telling.Telling(var / "log/supervisor.log", _say)
        keeping = supervisor.Supervisor(
            hotline.services, told.say, told.alarm, lambda: _unfit_to_follow(start), anew=anew
        )
        asyncio.run(keeping.run(hotline.is_ready, lambda: _say(welcome(site, start, secrets if new else None))))
    if keeping.again:
        os.environ[ANEW] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  the same command line as before


def _started_with(var: Path) -> str:
    """Of the Asterisk that runs and is taken over; nothing where none does."""
    return state.read(var).started_with if system.find_asterisk(var) is not None else ""


def _unfit_to_follow(start: Context) -> str | None:
    """Why the program and the settings that are on disk now cannot take over; a process of its own tries them."""
    code = "import sys, ivr.cli.service, ivr.controller; from ivr import settings; settings.load(*sys.argv[1:])"
    command = [sys.executable, "-c", code, str(start.site_path), str(start.var)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FOLLOW_SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as failure:
        return str(failure)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no word of why"])[-1]


def fetch_asterisk() -> None:
    """Fetch an Asterisk into .tools where none on PATH fits; `ivr up` does this too.

    Example: ivr fetch
    """
    found = fetch.find(say=_say)
    _say(f"Asterisk {'.'.join(map(str, found.version))}: {found.command[-1]}")


def console(
    context: typer.Context,
    command: Annotated[str | None, typer.Argument(help="One command; without it, the console until `exit`.")] = None,
) -> None:
    """Ask the running Asterisk, with no need to know where it stands and where its files are.

    Example: ivr console "queue show"
    """
    start: Context = context.obj
    found = fetch.find(fetch=False)
    ask = ["-r"] if command is None else ["-rx", command]
    words = [*found.command, "-C", str(system.asterisk_conf(start.var)), *ask]
    os.execv(words[0], words)  # noqa: S606


def controller(context: typer.Context) -> None:
    """Run the controller alone; `ivr up` does this."""
    import uvloop  # noqa: PLC0415  only here

    from ivr.controller import run  # noqa: PLC0415  all of the system, which `up` need not load

    start: Context = context.obj
    file = system.controller_pid_file(start.var)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_text(f"{os.getpid()}\n", encoding="utf-8")
    faulthandler.register(signal.SIGUSR2)  # `ivr up` asks a hung one where it hangs
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(system.in_force(start.file, start.var), start.var))


def doctor(
    context: typer.Context, json: Annotated[bool, typer.Option("--json", help="Print JSON, both languages.")] = False
) -> None:
    """Say in plain words what is wrong and how to mend it; exit code 1 where there is a problem.

    Example: ivr doctor
    """
    start: Context = context.obj
    findings = examination.examine(start.site, start.var)
    if json:
        told = {"findings": [asdict(finding) for finding in findings], "facts": facts(start.site, start.var)}
        typer.echo(json_words.dumps(told, ensure_ascii=False))
    else:
        typer.echo("\n".join(_line(finding, language()) for finding in findings))
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(PROBLEM)


def _line(finding: Finding, code: str) -> str:
    mend = f"\n    → {finding.mend[code]}" if finding.mend else ""
    return f"{MARKS[finding.level]} {finding.words[code]}{mend}"


def _refuse_if_unfit(findings: list[Finding]) -> None:
    for finding in findings:
        if finding.level == "warning":
            _say(_line(finding, language()))
    problems = [_line(finding, language()) for finding in findings if finding.level == "problem"]
    if problems:
        raise UnfitError("unfit", "\n".join(problems), {"problems": [f.id for f in findings if f.level == "problem"]})


def welcome(site: Site, start: Context, first: Credentials | None) -> str:
    sip = site.listen.sip
    secure = {"TLS": site.listen.sip_tls, "mutual TLS": site.listen.sip_mtls}
    names = dict.fromkeys(site.hotline.name.get(code, "") for code in ("zh", "en"))
    rows = [
        ("网页 web", f"{site.web_url}/"),
        *((("公众页 public form", f"{site.web_url}/report"),) if web_channel(site.channels) else ()),
        ("电话 SIP", f"{sip.host}:{sip.port} (UDP)"),
        *(("电话 SIP", f"{door.host}:{door.port} ({name})") for name, door in secure.items() if door is not None),
        ("密码文件 secrets", str(credentials.path_in(start.var))),
        ("日志与录音 logs, recordings", str(start.var)),
    ]
    if first is not None:
        rows[1:1] = [
            ("首次登录 first login", f"{first.admin_user} / {first.admin_password}"),
            *((label, f"{number} / {first.passwords[number]}") for label, number in _people(site)),
        ]
    lines = "\n".join(f"  {label}: {value}" for label, value in rows)
    return f"{' · '.join(filter(None, names))}\n{lines}\n已就绪，按 Ctrl-C 停止 / ready, Ctrl-C stops it"


def _people(site: Site) -> Iterator[tuple[str, str]]:
    """Who may log in at once, one of each kind: rather those whose phone is the browser."""
    for label, persons in (("坐席 operator", site.operators), ("班长 supervisor", site.supervisors)):
        browser = (number for number, person in persons.items() if person.transport == "wss")
        number = next(browser, next(iter(persons), None))
        if number is not None:
            yield label, number


def _say(words: str) -> None:
    typer.echo(words)
