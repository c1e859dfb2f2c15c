"""A hotline on this machine: which two services it is made of, and how each is made ready and started."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path

from ivr import ports, processes
from ivr.credentials import Credentials
from ivr.dialplan import at_start
from ivr.errors import HotlineError
from ivr.pbx import journal, render, state
from ivr.pbx.fetch import Installation
from ivr.processes import Process
from ivr.settings import Site, held, read
from ivr.supervisor import Service
from ivr.vitals import AsteriskPulse, ControllerPulse

ASTERISK_PATIENCE = 30.0  # seconds without an answer on its control socket
CONTROLLER_PATIENCE = 40.0  # seconds without a beat; after 10 the dialplan does without it, so nobody's call waits


@dataclass(frozen=True, slots=True)
class System:
    site: Site
    var: Path
    asterisk: Installation
    credentials: Credentials
    started_with: str = ""  # what the Asterisk that is taken over was started with; "": the site's own text

    @property
    def services(self) -> list[Service]:
        """Asterisk first: it starts first and ends first."""
        log = self.var / "log"
        pbx = AsteriskPulse(self.var, self.site)

        def start_asterisk() -> Process:
            pbx.begins(log / "asterisk/messages.log")
            return self.start_asterisk()

        return [
            Service(
                "Asterisk",
                log / "asterisk/messages.log",
                start_asterisk,
                lambda: find_asterisk(self.var),
                explain=pbx.explain,
                pulse=pbx.answers,
                patience=ASTERISK_PATIENCE,
                spare=pbx.spare,
                complain=pbx.complain,
            ),
            Service(
                "controller",
                log / "controller.out",
                self.start_controller,
                lambda: find_controller(self.var),
                pulse=ControllerPulse(self.var, lambda: health(self.site) is not None).answers,
                patience=CONTROLLER_PATIENCE,
                on_hung=ControllerPulse.show_stacks,
            ),
        ]

    def start_asterisk(self) -> Process:
        """Every start has a new mark, so its files are rendered anew; the journal's torn end, if any, is closed off."""
        run = state.run_dir(self.var)
        (self.var / "journal").mkdir(parents=True, exist_ok=True, mode=0o700)
        journal.rotate(self.var / "journal", writer_is_gone=True)
        journal.keep_room(self.var / "journal")
        for left in ("asterisk.ctl", "asterisk.pid"):
            (run / left).unlink(missing_ok=True)
        ari = self.site.listen.ari
        now = state.State(
            mark=state.new_mark(),
            ari_port=ari.port if ari else ports.any_free(),
            run_dir=str(run),
            site_hash=site_hash(self.site),
            started_with=self.started_with or self.site.source,
        )
        conf = render.render(
            self.site,
            self.var,
            self.asterisk,
            self.credentials,
            now.mark,
            now.ari_port,
            run,
            dialplans=at_start.ready(self.site, self.var),
        )
        state.write(self.var, now)
        command = [*self.asterisk.command, "-C", str(conf), "-f"]
        return processes.launch(command, self.var / "log/asterisk/console.log", self.var)

    def start_controller(self) -> Process:
        command = processes.python_module("--site", self.site.path, "--var", str(self.var), "controller")
        process = processes.launch(command, self.var / "log/controller.out", self.var)
        # It says so itself a second later; who takes over from us before must not start another one beside it.
        with contextlib.suppress(OSError):
            controller_pid_file(self.var).write_text(f"{process.pid}\n", encoding="utf-8")
        return process

    def is_ready(self) -> bool:
        """It serves calls, or serves the last ones before a stop."""
        return health(self.site) in {"ok", "draining"}


def asterisk_conf(var: Path) -> Path:
    return var / "etc/asterisk.conf"


def find_asterisk(var: Path) -> Process | None:
    """The Asterisk that runs from this var folder: by its pid file, its command line and its mark."""
    with contextlib.suppress(state.StateError, OSError):
        now = state.read(var)
        if f"systemname = {now.mark}" in asterisk_conf(var).read_text(encoding="utf-8"):
            return processes.left_running(Path(now.run_dir) / "asterisk.pid", "-C", str(asterisk_conf(var)))
    return None


def find_controller(var: Path) -> Process | None:
    return processes.left_running(controller_pid_file(var), "--var", str(var), "controller")


def controller_pid_file(var: Path) -> Path:
    return var / "run/controller.pid"


def site_hash(site: Site) -> str:
    """Of the text that the site was read from, whatever the file says by now."""
    return hashlib.sha256(site.source.encode()).hexdigest()


def in_force(site: Site, var: Path) -> Site:
    """The site as it can be beside the Asterisk that was started last: ports and the like are those of its start."""
    started = started_with(site, var)
    return site if started is None or held.faults(site, started) else held.until_restart(site, started)


def started_with(site: Site, var: Path) -> Site | None:
    """The settings that Asterisk was started with; None where none was, or they cannot be read any more."""
    with contextlib.suppress(HotlineError):
        text = state.read(var).started_with
        return read(text, site.path, var) if text else None
    return None


def health(site: Site) -> str | None:
    """The word of /healthz: ok, draining, failing; None where nobody answers, or somebody else."""
    host, port = reachable(site.listen.web.host), site.listen.web.port
    connection: http.client.HTTPConnection
    if site.tls is not None and site.tls.web:
        context = ssl.create_default_context()  # our own port on this machine: no name to verify
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=2, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return str(json.loads(connection.getresponse().read())["status"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def reachable(host: str) -> str:
    """Where a server that binds to `host` can be reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
