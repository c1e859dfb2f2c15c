"""What a running Asterisk cannot be given: it holds what it was started with until its next start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

from ivr.settings.load import problems
from ivr.settings.model import Site

AT_START = ("listen", "tls", "database_url")  # fields of Site; and hotline.node, which is part of every id
FIRST_BROWSER = 'transport = "wss"'  # of the first person with a browser: what it needs is loaded at a start
NAMES = {"database_url": "database.url"}  # as the file calls them


def until_restart(site: Site, started: Site) -> Site:
    """The site as it can be in force beside an Asterisk that was started with `started`."""
    kept = {name: getattr(started, name) for name in AT_START}
    return replace(site, hotline=replace(site.hotline, node=started.hotline.node), **kept)


def waiting(site: Site, started: Site) -> tuple[str, ...]:
    """Keys whose new values wait for Asterisk's next start, as the file calls them."""
    found = [key for name in AT_START for key in _unlike(getattr(site, name), getattr(started, name), name)]
    found += _unlike(site.hotline.node, started.hotline.node, "hotline.node")
    found += [FIRST_BROWSER] if site.browsers and not started.browsers else []
    return tuple(NAMES.get(key, key) for key in found)


def faults(site: Site, started: Site) -> list[str]:
    """What would be wrong if all but the waiting keys were in force; empty where nothing waits."""
    if not waiting(site, started):
        return []
    return problems(until_restart(site, started))


def _unlike(one: object, other: object, where: str) -> Iterator[str]:
    if one == other:
        return
    if type(one) is not type(other) or not is_dataclass(one) or where.count("."):
        yield where
        return
    for field in fields(one):
        yield from _unlike(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
