"""The call log's database: tables, migrations, and the one way in and out of it."""

from ivr.store.errors import (
    AmbiguousCallError,
    CallRefusedError,
    DatabaseDownError,
    DatabaseTooNewError,
    DatabaseTooOldError,
)
from ivr.store.store import Position, Store

__all__ = [
    "AmbiguousCallError",
    "CallRefusedError",
    "DatabaseDownError",
    "DatabaseTooNewError",
    "DatabaseTooOldError",
    "Position",
    "Store",
]
