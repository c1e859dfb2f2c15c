"""Run a command's work with an open store. Errors of ours end the command in `ivr.cli.main`."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog

from ivr.calls.ladder_text import shown
from ivr.calls.model import Call
from ivr.cli.context import Context
from ivr.errors import HotlineError
from ivr.store import Store
from ivr.store.writer import has_writer

T = TypeVar("T")


class NoSuchCallError(HotlineError):
    """No call's id begins like that."""

    def __init__(self, id: str) -> None:
        super().__init__(
            "unknown_call",
            f"No call's id begins with {shown(id)}: look it up with `ivr calls list`.",
            {"call": id},
            404,
        )


def with_store(context: Context, work: Callable[[Store], Awaitable[T]]) -> T:
    """What `work` returns for the site's call log."""

    async def opened() -> T:
        store = Store(context.site.database_url)
        await store.open(may_migrate=not has_writer(context.journal))
        try:
            return await work(store)
        finally:
            await store.close()

    with _quiet():
        return asyncio.run(opened())


@contextmanager
def _quiet() -> Iterator[None]:
    """What a command prints is its own words, or JSON: what goes well is not logged, the rest to stderr."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def the_call(context: Context, id: str) -> Call:
    """The call whose id begins so. Raises NoSuchCallError, AmbiguousCallError."""
    found = with_store(context, lambda store: store.call(id))
    if found is None:
        raise NoSuchCallError(id)
    return found
