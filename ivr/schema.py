"""The part of JSON Schema that the API speaks: the same dicts describe it in openapi.json and judge what comes in.

Objects refuse unknown fields. `InvalidRequestError` names the field and what was expected there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ivr.errors import HotlineError

Schema = Mapping[str, Any]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


class InvalidRequestError(HotlineError):
    def __init__(self, field: str, expected: str) -> None:
        message = f"{field}: expected {expected}; openapi.json tells what each request takes"
        super().__init__("invalid_request", message, {"field": field, "expected": expected}, 422)


def obj(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    optional = optional or {}
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def string(pattern: str | None = None, longest: int = 128, **more: Any) -> Schema:
    """`pattern` is the whole text's; JSON Schema's own would be found anywhere in it, so it is told with its ends."""
    whole = f"(?:{pattern})" if pattern and "|" in pattern else pattern
    return {"type": "string", "maxLength": longest, **({"pattern": f"^{whole}$"} if pattern else {}), **more}


def one_of(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


def integer(least: int, most: int, **more: Any) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, **more}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def mapping(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def by_word(name: str, schemas: Mapping[str, Schema]) -> Schema:
    """An object of one of several shapes, told apart by the word in its field `name` (OpenAPI's discriminator)."""
    shapes = [
        {**schema, "properties": {name: one_of(word), **schema["properties"]}, "required": [name, *schema["required"]]}
        for word, schema in schemas.items()
    ]
    return {"anyOf": shapes, "required": [name], "discriminator": {"propertyName": name}}


BOOLEAN: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
TIME: Schema = {"type": "string", "format": "date-time", "maxLength": 40}
TEXT: Schema = {"type": "string"}


def check(schema: Schema, value: object, field: str = "body") -> None:
    """Raises InvalidRequestError at the first place where `value` is not what `schema` says."""
    if "discriminator" in schema:
        _check_by_word(schema["discriminator"]["propertyName"], schema["anyOf"], value, field)
        return
    if "anyOf" in schema:
        _check_any(schema["anyOf"], value, field)
        return
    if not schema:
        return  # anything
    kind = schema["type"]
    whole = kind == "integer" and isinstance(value, float) and value.is_integer()  # JSON Schema: 2.0 is an integer
    if not (whole or isinstance(value, _TYPES[kind])) or (isinstance(value, bool) and kind != "boolean"):
        raise InvalidRequestError(field, f"{_article(kind)} {kind}")
    if isinstance(value, str):
        _check_string(schema, value, field)
    elif isinstance(value, dict):
        _check_object(schema, value, field)
    elif isinstance(value, list):
        least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
        if not least <= len(value) <= most:
            raise InvalidRequestError(field, f"{least} to {most} items" if "maxItems" in schema else f"{least} items")
        for position, item in enumerate(value):
            check(schema["items"], item, f"{field}[{position}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        least, most = schema.get("minimum"), schema.get("maximum")
        if (least is not None and value < least) or (most is not None and value > most):
            raise InvalidRequestError(field, f"{least} to {most}")


def _check_by_word(name: str, schemas: list[Schema], value: object, field: str) -> None:
    words = {schema["properties"][name]["enum"][0]: schema for schema in schemas}
    word = value.get(name) if isinstance(value, dict) else None
    if not isinstance(word, str) or word not in words:
        raise InvalidRequestError(f"{field}.{name}", f"one of {', '.join(words)}")
    check(words[word], value, field)


def _check_any(schemas: list[Schema], value: object, field: str) -> None:
    for schema in schemas:
        try:
            check(schema, value, field)
        except InvalidRequestError as refusal:
            last = refusal
        else:
            return
    raise last


def _check_string(schema: Schema, value: str, field: str) -> None:
    if "enum" in schema and value not in schema["enum"]:
        raise InvalidRequestError(field, f"one of {', '.join(schema['enum'])}")
    if len(value) > schema.get("maxLength", len(value)):
        raise InvalidRequestError(field, f"at most {schema['maxLength']} characters")
    if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        raise InvalidRequestError(field, str(schema.get("description", f"a match of {schema['pattern']}")))
    if schema.get("format") == "date-time":
        time(value, field)


def _check_object(schema: Schema, value: Mapping[str, object], field: str) -> None:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", False)
    for name, part in value.items():
        if name in known:
            check(known[name], part, f"{field}.{name}")
        elif others is False:
            raise InvalidRequestError(f"{field}.{name[:64]}", f"none but {', '.join(known) or 'an empty object'}")
        else:
            check(others, part, f"{field}.{name}")
    for name in schema.get("required", ()):
        if name not in value:
            raise InvalidRequestError(f"{field}.{name}", "a value, and there is none")


def time(text: str, field: str) -> datetime:
    """Raises InvalidRequestError where the text is no time with its zone."""
    expected = "an ISO 8601 time with its zone, such as 2026-11-22T08:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no time at all; one that is before the year 1 in UTC
        pass
    raise InvalidRequestError(field, expected)


def _article(word: str) -> str:
    return "an" if word[0] in "aeio" else "a"
