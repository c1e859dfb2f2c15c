"""A real mailbox: Dovecot's IMAP on a free port of loopback, everything in a folder of its own.

Its login process finds its parts only where Debian installs them, so the login is ours: thirty lines, and then Dovecot
speaks.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from imapclient import IMAPClient

from tests.tools import Program, dovecot

USER, PASSWORD = "12345@city.example", "p@ss w0rd$"
_CONF = """
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/run
libexec_dir = {inside}
mail_plugin_dir = {inside}/modules
log_path = {folder}/log
ssl = no
mail_location = maildir:{folder}/mail
mail_uid = {user}
mail_gid = {group}
stats_writer_socket_path =
"""


class ImapServer:
    """`put` mails; `drop` ends every connection, `renumber` makes every UID mean nothing.

    Its folder is none of pytest's: those are closed to everybody else, and Dovecot is somebody else where we are root.
    """

    def __init__(self) -> None:
        self._program = dovecot()
        self._temporary = tempfile.TemporaryDirectory(prefix="imap-")
        self.folder = Path(self._temporary.name)
        self._connections: list[tuple[socket.socket, subprocess.Popen[bytes]]] = []
        # Dovecot gives no mail to root.
        self._user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        if os.getuid() == 0:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
            assert self._may("-w", self.folder), f"{self._user.pw_name} cannot reach {self.folder}: set TMPDIR"
            self._program = self._reachable(self._program)
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._door())
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.url = f"imap://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _reachable(self, program: Program) -> Program:
        """Where `nobody` can run it."""
        if self._may("-x", program.path):
            return program
        root = next(folder.parent for folder in program.path.parents if folder.name == "usr")
        shutil.copytree(root, self.folder / "programs", symlinks=True)
        moved = str(self.folder / "programs")
        return Program(
            Path(str(program.path).replace(str(root), moved)),
            {name: value.replace(str(root), moved) for name, value in program.environment.items()},
        )

    def _may(self, what: str, path: Path) -> bool:
        return subprocess.run(["test", what, str(path)], check=False, **self._whom).returncode == 0

    @property
    def _whom(self) -> Any:
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.drop()
        self._temporary.cleanup()

    def drop(self) -> None:
        for connection, process in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            process.kill()
            process.wait(10)
        self._connections.clear()

    def renumber(self) -> None:
        """As after a restore: the same mails, another UIDVALIDITY."""
        self.drop()
        for path in (self.folder / "mail").glob("dovecot.index*"):
            path.unlink()
        numbers = self.folder / "mail/dovecot-uidlist"
        numbers.write_text(re.sub(r" V(\d+)", lambda found: f" V{int(found[1]) + 1}", numbers.read_text(), count=1))

    def _door(self) -> type[socketserver.BaseRequestHandler]:
        outer = self

        class Door(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"* OK ready\r\n")
                while line := self.rfile.readline(10_000):
                    tag, _, rest = line.strip().partition(b" ")
                    said = re.fullmatch(rb'LOGIN "?([^" ]+)"? "(.*)"', rest)
                    if rest == b"CAPABILITY":
                        self.wfile.write(b"* CAPABILITY IMAP4rev1 IDLE\r\n%b OK done\r\n" % tag)
                    elif said and said.groups() == (USER.encode(), PASSWORD.encode()):
                        outer._speak(self.connection, b"%b OK in\r\n" % tag)
                        return
                    else:
                        self.wfile.write(b"%b NO wrong name or password\r\n" % tag)

        return Door

    def _speak(self, connection: socket.socket, welcome: bytes) -> None:
        """From here on it is Dovecot."""
        conf, inside = self.folder / "dovecot.conf", self._program.path.parent
        group = str(self._user.pw_gid)
        text = _CONF.format(folder=self.folder, inside=inside, user=self._user.pw_uid, group=group)
        conf.write_text(text)
        reader = inside.parents[1] / "bin/doveconf"
        command = [str(reader), "-f", "service=imap", "-c", str(conf), "-m", "imap", "-e", str(self._program.path)]
        environment = {**os.environ, **self._program.environment, "USER": "box", "HOME": str(self.folder)}
        ours, theirs = socket.socketpair()
        process = subprocess.Popen(
            command, env=environment, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, **self._whom
        )
        theirs.close()
        self._connections.append((connection, process))
        greeting = ours.makefile("rb").readline()
        assert greeting.startswith(b"* PREAUTH"), greeting
        connection.sendall(welcome)
        threading.Thread(target=_pipe, args=(ours, connection), daemon=True).start()
        _pipe(connection, ours)

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=60) as client:
            client.login(USER, PASSWORD)
            yield client

    def put(self, *mails: bytes, flags: tuple[bytes, ...] = ()) -> None:
        with self.client() as client:
            for mail in mails:
                client.append("INBOX", mail, flags)


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
