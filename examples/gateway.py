"""A gateway of text messages, as small as one can be: a start for whoever connects a supplier's own interface.

It takes what the hotline's `[sms] url` is sent, believes only what is signed with the secret of `credentials.toml`
(`[webhooks] sms`), takes each message once, and prints the text in the place of sending it. Python's own library alone:

    HOTLINE_SECRET='whsec_…' python examples/gateway.py 9000

Signatures are those of the Standard Webhooks specification: HMAC-SHA256 over `id.timestamp.body`, in base64.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import sys
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

WINDOW = 300  # seconds that the two clocks may be apart
MOST_BODY = 64 * 1024  # bytes


def believed(headers: dict[str, str], body: bytes, secrets: Sequence[str], now: float) -> bool:
    """Did somebody who knows one of the secrets sign this, just now?"""
    id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isascii() or not stamp.isdigit() or abs(now - int(stamp)) > WINDOW:
        return False
    given = headers.get("webhook-signature", "").split()
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mac = hmac.digest(key, f"{id}.{stamp}.".encode() + body, "sha256")
        wanted = "v1," + base64.b64encode(mac).decode()
        if any(hmac.compare_digest(wanted.encode(), one.encode()) for one in given):
            return True
    return False


class Gateway(BaseHTTPRequestHandler):
    secrets: Sequence[str] = ()
    taken: ClassVar[set[str]] = set()  # ids; a real gateway keeps them for some days, over its own restarts

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= MOST_BODY:
            self._answer(413)
            return
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not believed(headers, body, self.secrets, time.time()):
            self._answer(401)  # the hotline tries again: the clock or the secret may be put right
            return
        message = json.loads(body)
        if message["type"] == "sms.send" and headers["webhook-id"] not in self.taken:
            self.send_text(**message["data"])
        self.taken.add(headers["webhook-id"])
        self._answer(200)

    def send_text(self, to: str, text: str, language: str) -> None:
        """Here the supplier's own interface is called; what fails answers 503, and the hotline sends it again."""
        print(json.dumps({"to": to, "language": language, "text": text}, ensure_ascii=False), flush=True)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Numbers of citizens belong into no log."""


def main() -> None:
    Gateway.secrets = os.environ["HOTLINE_SECRET"].split(",")  # two while one is changed for another
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    server = ThreadingHTTPServer(("127.0.0.1", port), Gateway)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
