"""What can go wrong with the call log's database, in the project's family of errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import asyncpg
from sqlalchemy import exc

from ivr.errors import HotlineError


class DatabaseDownError(HotlineError):
    """Locked, full, gone or not yet there: the same order succeeds later."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            "database_unavailable",
            f"The database {url} does not answer: {reason}. Check that it runs, that its disk has room, "
            "and that [database] url in hotline.toml is right.",
            {"url": url, "reason": reason},
            503,
        )


class DatabaseTooNewError(HotlineError):
    """Its tables were made by a newer release."""

    def __init__(self, url: str, found: str, known: str) -> None:
        super().__init__(
            "database_too_new",
            f"The database {url} has revision {found}, this release knows {known} at most: start the newer one again, "
            f"or take the tables back with it (`ivr db downgrade {known}`) before you start this one.",
            {"url": url, "found": found, "known": known},
            500,
        )


class DatabaseTooOldError(HotlineError):
    """Its tables are an older release's, whose controller still runs: they are not changed under it."""

    def __init__(self, url: str, found: str, wanted: str) -> None:
        super().__init__(
            "database_too_old",
            f"The database {url} has revision {found}, this release wants {wanted}, and a controller of the older "
            "release uses it: end `ivr up` and start it again, which brings the tables into shape.",
            {"url": url, "found": found, "wanted": wanted},
            409,
        )


class CallRefusedError(HotlineError):
    """The database cannot hold what the projection says: a fault of ours, the journal still has the rows."""

    def __init__(self, calls: Sequence[str], reason: str) -> None:
        super().__init__(
            "call_refused",
            f"The database refuses {', '.join(calls) or 'the position'}: {reason}. "
            "The journal keeps the rows; `ivr calls rebuild` takes them up once the fault is mended.",
            {"calls": list(calls), "reason": reason},
            500,
        )


class AmbiguousCallError(HotlineError):
    """A shortened id that fits several calls."""

    def __init__(self, prefix: str, fits: Sequence[str]) -> None:
        super().__init__(
            "ambiguous_call",
            f"Several calls begin with {prefix}: {', '.join(fits)} … Give more of the id.",
            {"prefix": prefix, "fits": list(fits)},
            409,
        )


def _reason(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    words = str(cause).strip().splitlines()
    return words[0] if words else type(cause).__name__


def _is_about_the_data(error: Exception) -> bool:
    """True where trying again cannot help (SQLSTATE classes 22 data and 23 integrity, values no column takes)."""
    if not isinstance(error, exc.DBAPIError):
        return True  # raised while the values were prepared
    cause = error.orig.__cause__ if error.orig else None
    state = getattr(error.orig, "sqlstate", None) or ""
    return (
        isinstance(error, exc.IntegrityError | exc.DataError)
        or isinstance(cause, asyncpg.DataError)
        or state[:2] in {"22", "23"}
    )


@contextmanager
def mapped(url: str, calls: Sequence[str] = ()) -> Iterator[None]:
    """Turn what SQLAlchemy and the drivers raise into ours. `url` is shown, so it must carry no password."""
    try:
        yield
    except (exc.StatementError, OverflowError, ValueError, TypeError, AttributeError) as error:
        if _is_about_the_data(error):
            raise CallRefusedError(calls, _reason(error)) from error
        raise DatabaseDownError(url, _reason(error)) from error
    except (exc.TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise DatabaseDownError(url, _reason(error)) from error
