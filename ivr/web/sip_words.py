"""What of a browser's SIP the proxy reads: whose a message claims to be (RFC 3261). Pure."""

from __future__ import annotations

import re

_START = re.compile(r"[A-Z]{3,16} sips?:[^ \r\n]+ SIP/2\.0\r\n")
_TAG = re.compile(r";\s*tag\s*=", re.IGNORECASE)
_USER = re.compile(r"sips?:([^@;>\s]+)@", re.IGNORECASE)
_NAMES = {"from": "from", "f": "from", "to": "to", "t": "to"}  # RFC 3261 7.3.3: compact forms


def is_own(message: str, user: str) -> bool:
    """Whether a browser whose endpoint is `user` may send this.

    A request that opens something names its sender in From. Answers and what belongs to a running dialog (a To tag)
    are judged by Asterisk: their From may be a contact's random name.
    """
    if message.strip("\r\n") == "":
        return True  # keep-alive (RFC 5626 3.5.1)
    if message.startswith("SIP/2.0 "):
        return True
    if not _START.match(message):
        return False
    head = message.partition("\r\n\r\n")[0]
    found: dict[str, list[str]] = {"from": [], "to": []}
    for line in re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")[1:]:
        name, _, value = line.partition(":")
        known = _NAMES.get(name.strip().lower())
        if known:
            found[known].append(value)
    if len(found["from"]) != 1 or len(found["to"]) != 1:
        return False
    if _TAG.search(found["to"][0]):
        return True
    claimed = _USER.findall(found["from"][0])
    return claimed == [user]
