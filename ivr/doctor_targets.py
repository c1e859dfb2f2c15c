"""The doctor's look at the targets: does each answer Asterisk's OPTIONS, by every route that it has?

A warning, never a problem: the hotline starts and serves all the same, and an operator is told at once why a transfer
fails. Before it is needed is the time to hear that 110 cannot be reached.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from ivr.findings import Finding, bad, ok
from ivr.settings import Site, Target

CONTACTS = "pjsip show contacts"
AWAY = "Unavail"
DIGITS = 10  # of a contact's digest, as the console shows it


def targets(site: Site, contacts: str) -> Iterator[Finding]:
    """`contacts`: what Asterisk's console answers to CONTACTS."""
    said = _states(contacts)
    called = [target for target in site.targets.values() if target.routes]
    lost = [finding for target in called for finding in _target(target, said)]
    yield from lost
    if called and said and not lost:
        yield ok("targets", "转接目标的每一路都可达", "every route of every target answers")


def _states(contacts: str) -> dict[tuple[str, str], str]:
    """(AOR, digest of the URI) → state. The console cuts long URIs off, their digests it does not."""
    lines = (line.split() for line in contacts.splitlines())
    return {
        (words[1].partition("/")[0], words[2]): words[3] for words in lines if words[:1] == ["Contact:"] and words[4:]
    }


def _target(target: Target, said: Mapping[tuple[str, str], str]) -> Iterator[Finding]:
    away = [uri for uri in target.uris if said.get((target.endpoint, _digest(uri))) == AWAY]
    if not away:
        return
    name, routes = {**{"zh": target.key, "en": target.key}, **target.name}, ", ".join(away)
    mend = (
        "检查对方平台、线路和防火墙；它须应答 SIP OPTIONS",
        "see to their platform, the line and the firewall; it has to answer SIP's OPTIONS",
    )
    if len(away) < len(target.uris):
        words = (
            f"{name['zh']}（{target.key}）有 {len(away)} 路不可达，还剩 {len(target.uris) - len(away)} 路：{routes}",
            f"{name['en']} ({target.key}): {len(away)} of {len(target.uris)} routes do not answer: {routes}",
        )
    else:
        words = (
            f"{name['zh']}（{target.key}）不可达，转接会失败：{routes}",
            f"{name['en']} ({target.key}) cannot be reached, transfers will fail: {routes}",
        )
    yield bad(f"target-{target.key}", words, mend, "warning")


def _digest(uri: str) -> str:
    return hashlib.md5(uri.encode(), usedforsecurity=False).hexdigest()[:DIGITS]
