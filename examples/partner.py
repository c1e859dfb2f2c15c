"""A partner desk with another system: everything that a hotline's exchange asks of it, in one file (docs/exchange.md).

It needs Python and `cryptography`, nothing of the hotline's. It keeps cases in an SQLite file, takes what the hotline
tells it, and tells the hotline what it does itself: accepted, handled, returned …

    partner.py key                          # a private key, and the public one for the hotline's [exchange.110] key
    partner.py serve --desk 110 --key … --hotline 12345 --hotline-key … --hotline-url http://127.0.0.1:8080
    partner.py tell --case 0b5b0c1e-… --kind accepted
    partner.py tell --case 0b5b0c1e-… --kind handled --data '{"result": "dispatched", "words": "已出警"}'

`serve` and `tell` share the file (`--file`): `tell` writes an event and its message in one transaction, `serve` sends.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import secrets
import sqlite3
import threading
import time
import urllib.error
import urllib.request
import uuid
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PATH = "/exchange/v1/messages"
COVERED = ("@method", "@path", "content-type", "content-digest")
GOOD, CLOCKS = 300, 330  # seconds that a signature is good for; that the two clocks may be apart
MOST_BODY = 1024 * 1024  # bytes

TABLES = """
CREATE TABLE IF NOT EXISTS event (
    case_id TEXT, origin TEXT, seq INTEGER, clock INTEGER, said TEXT, PRIMARY KEY (case_id, origin, seq));
CREATE TABLE IF NOT EXISTS early (case_id TEXT, seq INTEGER, clock INTEGER, said TEXT, PRIMARY KEY (case_id, seq));
CREATE TABLE IF NOT EXISTS came (id TEXT PRIMARY KEY, digest TEXT);
CREATE TABLE IF NOT EXISTS nonce (nonce TEXT PRIMARY KEY, until REAL);
CREATE TABLE IF NOT EXISTS outbox (
    place INTEGER PRIMARY KEY, id TEXT, case_id TEXT, body BLOB, done INTEGER DEFAULT 0, told TEXT DEFAULT '');
"""


class RefusedError(Exception):
    def __init__(self, status: int, id: str, message: str) -> None:
        super().__init__(message)
        self.status, self.id = status, id


# --- signatures (RFC 9421, RFC 9530) ---------------------------------------------------------------------------------


def base_of(parameters: str, method: str, path: str, media: str, digest: str) -> bytes:
    """What is signed: a line for each covered part, and the parameters last."""
    values = (method, path, media, digest)
    lines = [f'"{name}": {value}' for name, value in zip(COVERED, values, strict=True)]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def digest_of(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signed(body: bytes, path: str, desk: str, key: Ed25519PrivateKey) -> dict[str, str]:
    """The headers of one POST."""
    now, parts = int(time.time()), " ".join(f'"{name}"' for name in COVERED)
    parameters = (
        f'({parts});created={now};expires={now + GOOD};keyid="{desk}";alg="ed25519"'
        f';nonce="{secrets.token_urlsafe(16)}";tag="hotline-exchange"'
    )
    signature = key.sign(base_of(parameters, "POST", path, "application/json", digest_of(body)))
    return {
        "Content-Type": "application/json",
        "Content-Digest": digest_of(body),
        "Signature-Input": f"desk={parameters}",
        "Signature": f"desk=:{base64.b64encode(signature).decode()}:",
    }


def verified(headers: Any, body: bytes, path: str, desk: str, key: Ed25519PublicKey) -> str:
    """The nonce of a good signature of `desk`. Raises RefusedError."""
    label, _, parameters = headers.get("Signature-Input", "").partition("=")
    found = re.fullmatch(re.escape(label) + r"=:([A-Za-z0-9+/=]+):", headers.get("Signature", ""))
    covered = re.match(r"\(([^)]*)\)", parameters)
    said = dict(re.findall(r';([a-z]+)=(?:"([^"]*)"|\d+)', parameters))
    times = {name: int(value) for name, value in re.findall(r";(created|expires)=(\d+)", parameters)}
    wanted = " ".join(f'"{name}"' for name in COVERED)
    if found is None or covered is None or covered[1] != wanted or headers.get("Content-Digest") != digest_of(body):
        raise RefusedError(401, "exchange_signature", "signature, covered parts or digest are not as they should be")
    base = base_of(parameters, "POST", path, headers.get("Content-Type", ""), digest_of(body))
    try:
        key.verify(base64.b64decode(found[1]), base)
    except InvalidSignature:
        raise RefusedError(401, "exchange_signature", "this is not the hotline's signature") from None
    now = time.time()
    if said.get("keyid") != desk or said.get("tag") != "hotline-exchange" or not said.get("nonce"):
        raise RefusedError(401, "exchange_signature", "keyid, tag or nonce are not as they should be")
    if times.get("created", now * 2) > now + CLOCKS or times.get("expires", 0) < now - CLOCKS:
        raise RefusedError(401, "exchange_signature", "it is of another time: compare the clocks")
    return said["nonce"]


# --- cases -----------------------------------------------------------------------------------------------------------


class Desk:
    def __init__(self, file: str, desk: str, hotline: str) -> None:
        self.file, self.desk, self.hotline = file, desk, hotline
        with closing(self.open()) as database, database:
            database.executescript(TABLES)

    def open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.file, timeout=10)
        database.execute("PRAGMA synchronous=FULL")  # what was answered is kept, whatever happens
        return database

    def take(self, body: bytes, nonce: str) -> dict[str, Any]:
        """Keep a message and answer then: all in one transaction."""
        hotline = json.loads(body)["hotline"]
        if (hotline["from"], hotline["to"]) != (self.hotline, self.desk):
            raise RefusedError(422, "exchange_message", f"a message of {self.hotline} to {self.desk} is expected")
        case, digest = hotline["case"], hashlib.sha256(body).hexdigest()
        with closing(self.open()) as database, database:
            database.execute("BEGIN IMMEDIATE")
            now = time.time()
            database.execute("DELETE FROM nonce WHERE until < ?", (now,))
            if database.execute("SELECT 1 FROM nonce WHERE nonce = ?", (nonce,)).fetchone():
                raise RefusedError(409, "exchange_replayed", "this signature was here already")
            database.execute("INSERT INTO nonce VALUES (?, ?)", (nonce, now + GOOD + 2 * CLOCKS))
            came = database.execute("SELECT digest FROM came WHERE id = ?", (hotline["message"],)).fetchone()
            if came is not None and came[0] != digest:
                raise RefusedError(409, "exchange_altered", "this message is known with other contents")
            for event in hotline["events"]:
                self._early(database, case, event)
            database.execute("INSERT OR IGNORE INTO came VALUES (?, ?)", (hotline["message"], digest))
            have = self._move(database, case)
        last = hotline["events"][-1]["seq"]
        state = "waiting" if last > have else "known" if came is not None else "taken"
        return {"message": hotline["message"], "state": state, "have": have}

    def _early(self, database: sqlite3.Connection, case: str, event: dict[str, Any]) -> None:
        """It waits for the ones before it; one that is known says the same."""
        said = json.dumps(event, sort_keys=True, ensure_ascii=False)
        for table in ("event", "early"):
            own = "" if table == "early" else f"AND origin = '{self.hotline}'"
            query = f"SELECT said FROM {table} WHERE case_id = ? AND seq = ? {own}"  # noqa: S608  our own words
            known = database.execute(query, (case, event["seq"])).fetchone()
            if known is not None and known[0] != said:
                raise RefusedError(409, "exchange_altered", f"event {event['seq']} is known with other contents")
            if known is not None:
                return
        database.execute("INSERT INTO early VALUES (?, ?, ?, ?)", (case, event["seq"], event["clock"], said))

    def _move(self, database: sqlite3.Connection, case: str) -> int:
        """What follows without a gap is taken; the greatest number that it goes to."""
        query = "SELECT coalesce(max(seq), 0) FROM event WHERE case_id = ? AND origin = ?"
        have: int = database.execute(query, (case, self.hotline)).fetchone()[0]
        while row := database.execute(
            "DELETE FROM early WHERE case_id = ? AND seq = ? RETURNING clock, said", (case, have + 1)
        ).fetchone():
            have += 1
            database.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?)", (case, self.hotline, have, *row))
        return have

    def tell(self, case: str, kind: str, data: dict[str, Any], by: str = "partner") -> str:
        """An event of ours and the message that tells it, in one transaction; the message's id."""
        with closing(self.open()) as database, database:
            database.execute("BEGIN IMMEDIATE")
            clock = database.execute("SELECT max(clock) FROM event WHERE case_id = ?", (case,)).fetchone()[0]
            query = "SELECT count(*) FROM event WHERE case_id = ? AND origin = ?"
            seq = 1 + database.execute(query, (case, self.desk)).fetchone()[0]
            now = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
            event = {"origin": self.desk, "seq": seq, "clock": (clock or 0) + 1, "at": now, "by": by}
            event |= {"kind": kind, "data": data}
            said = json.dumps(event, sort_keys=True, ensure_ascii=False)
            database.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?)", (case, self.desk, seq, event["clock"], said))
            id = str(uuid.uuid4())
            hotline = {"version": "1.0", "message": id, "from": self.desk, "to": self.hotline, "case": case}
            document = {
                "$id": f"urn:uuid:{case}",
                "eidoVersion": "1.0",
                "eidoExtensionId": ["hotline-exchange-1"],
                "issuingElementIdentification": self.desk,
                "hotline": {**hotline, "sent": now, "events": [event]},
            }
            body = json.dumps(document, ensure_ascii=False).encode()
            database.execute("INSERT INTO outbox (id, case_id, body) VALUES (?, ?, ?)", (id, case, body))
        return id

    def offered(self) -> list[str]:
        """Cases that the hotline offered us and that we have said nothing to."""
        with closing(self.open()) as database:
            rows = database.execute(
                "SELECT case_id, said FROM event WHERE origin = ? AND case_id NOT IN "
                "(SELECT case_id FROM event WHERE origin = ?)",
                (self.hotline, self.desk),
            ).fetchall()
        events = [(case, json.loads(said)) for case, said in rows]
        return sorted({case for case, one in events if one["kind"] == "offered" and one["data"]["to"] == self.desk})

    def send(self, url: str, key: Ed25519PrivateKey) -> bool:
        """Of each case the oldest message that was not taken yet; did all of them go?"""
        with closing(self.open()) as database:
            rows = database.execute(
                "SELECT min(place), body FROM outbox WHERE done = 0 GROUP BY case_id ORDER BY min(place)"
            ).fetchall()
        well = True
        for place, body in rows:
            headers = signed(body, PATH, self.desk, key)
            request = urllib.request.Request(url.rstrip("/") + PATH, body, headers, method="POST")  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310  whom the caller named
                    done, told = 1, answer.read().decode()
            except urllib.error.HTTPError as refusal:
                with refusal:
                    told = refusal.read().decode(errors="replace")
                # 4xx: a person has to look, and what follows in this case waits; these mean: later.
                done = 0 if refusal.code in {401, 403, 404, 408, 409, 425, 429} or refusal.code >= 500 else -1
            except OSError as failure:
                done, told = 0, str(failure)
            well = well and done == 1
            with closing(self.open()) as database, database:
                database.execute("UPDATE outbox SET done = ?, told = ? WHERE place = ?", (done, told, place))
        return well


# --- the door --------------------------------------------------------------------------------------------------------


def handler(desk: Desk, hotline_key: Ed25519PublicKey) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                body = self.rfile.read(self.length())
                nonce = verified(self.headers, body, self.path, desk.hotline, hotline_key)
                status, answer = 200, desk.take(body, nonce)
            except RefusedError as refusal:
                status, answer = refusal.status, {"error": {"id": refusal.id, "message": str(refusal), "details": {}}}
            except (ValueError, KeyError, TypeError) as failure:
                error = {"id": "exchange_message", "message": f"not of the schema's shape: {failure}", "details": {}}
                status, answer = 422, {"error": error}
            told = json.dumps(answer, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def length(self) -> int:
            length = int(self.headers.get("Content-Length", "0"))
            if self.path != PATH or not 0 < length <= MOST_BODY:
                raise RefusedError(404 if self.path != PATH else 413, "not_found", f"messages are sent to {PATH}")
            return length

        def log_message(self, format: str, *arguments: Any) -> None:
            print(format % arguments, flush=True)

    return Door


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["key", "serve", "tell", "list"])
    parser.add_argument("--file", default="partner.db")
    parser.add_argument("--desk", default="110")
    parser.add_argument("--hotline", default="12345")
    parser.add_argument("--key", default="", help="our private key")
    parser.add_argument("--hotline-key", default="", help="the hotline's public key: ivr exchange keys")
    parser.add_argument("--hotline-url", default="http://127.0.0.1:8080")
    parser.add_argument("--listen", default="127.0.0.1:8110")
    parser.add_argument("--accept", action="store_true", help="accept every case that is offered, by itself")
    parser.add_argument("--case", default="")
    parser.add_argument("--kind", default="accepted")
    parser.add_argument("--data", default="{}")
    options = parser.parse_args()
    if options.what == "key":
        made = Ed25519PrivateKey.generate()
        print("private", base64.b64encode(made.private_bytes_raw()).decode())
        print("public ", base64.b64encode(made.public_key().public_bytes_raw()).decode())
        return
    desk = Desk(options.file, options.desk, options.hotline)
    if options.what == "tell":
        print(desk.tell(options.case, options.kind, json.loads(options.data)))
        return
    if options.what == "list":
        with closing(desk.open()) as database:
            for row in database.execute("SELECT case_id, origin, seq, said FROM event ORDER BY case_id, clock, origin"):
                print(*row)
        return
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(options.key))
    theirs = Ed25519PublicKey.from_public_bytes(base64.b64decode(options.hotline_key))
    host, _, port = options.listen.rpartition(":")
    door = ThreadingHTTPServer((host, int(port)), handler(desk, theirs))
    threading.Thread(target=door.serve_forever, daemon=True).start()
    print(f"{options.desk} listens at http://{options.listen}", flush=True)
    pause = 0.2
    while True:
        for case in desk.offered() if options.accept else []:
            desk.tell(case, "accepted", {})
        pause = 0.2 if desk.send(options.hotline_url, key) else min(pause * 2, 30.0)
        time.sleep(pause)


if __name__ == "__main__":
    main()
