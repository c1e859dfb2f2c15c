"""What of `ivr.schema` the API uses, and how a query parameter's text becomes a value."""

from __future__ import annotations

import re
from typing import Any

from ivr.schema import (
    BOOLEAN,
    NUMBER,
    TEXT,
    TIME,
    InvalidRequestError,
    Schema,
    array,
    by_word,
    check,
    integer,
    mapping,
    nullable,
    obj,
    one_of,
    string,
    time,
)

__all__ = (
    "BOOLEAN",
    "NUMBER",
    "TEXT",
    "TIME",
    "InvalidRequestError",
    "Schema",
    "array",
    "by_word",
    "check",
    "from_query",
    "integer",
    "mapping",
    "nullable",
    "obj",
    "one_of",
    "string",
)


def from_query(schema: Schema, text: str, field: str) -> Any:
    """A query parameter's text as `schema` wants it: an integer, an aware datetime, or the string."""
    if schema["type"] == "integer":
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise InvalidRequestError(field, "an integer")
        check(schema, int(text), field)
        return int(text)
    check(schema, text, field)
    return time(text, field) if schema.get("format") == "date-time" else text
