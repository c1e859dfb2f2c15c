"""TOML tables → dataclasses, by the dataclasses' own types. Every problem is noted with its key; reading goes on."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from ivr.settings.model import Address

MISSING: Any = object()  # stands for a value that could not be read; the reader has noted why


class Reader:
    """Collects `problems`: one sentence each, opening with the key."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def note(self, where: str, what: str) -> Any:
        self.problems.append(f"{where}: {what}")
        return MISSING

    def table(self, value: object, where: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.note(where, f"expected a table, found {_shown(value)}")
        return {}

    def known(self, table: Mapping[str, Any], names: Iterable[str], where: str) -> None:
        names = list(names)
        for key in table:
            if key not in names:
                near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(names))}"
                self.note(_join(where, key), f"unknown key; {hint}")

    def build(self, kind: type[Any], value: object, where: str, **given: object) -> Any:
        """One dataclass from one table. `given` fields come from elsewhere (the table's own name) and are no keys."""
        table = self.table(value, where)
        hints = typing.get_type_hints(kind)
        fields = {field.name: field for field in dataclasses.fields(kind) if field.name not in given}
        self.known(table, fields, where)
        read: dict[str, object] = dict(given)
        for name, field in fields.items():
            if name in table:
                read[name] = self.convert(hints[name], table[name], _join(where, name))
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                read[name] = self.note(_join(where, name), f"is missing; expected {_expected(hints[name])}")
        return MISSING if MISSING in read.values() else kind(**read)

    def convert(self, hint: Any, value: object, where: str) -> Any:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is types.UnionType:  # X | None: TOML has no null, so it is an X
            return self.convert(arguments[0], value, where)
        if dataclasses.is_dataclass(hint) and hint is not Address:
            return self.build(typing.cast("type[Any]", hint), value, where)
        if hint == tuple[int, int]:
            return self._range(value, where)
        if origin is tuple and isinstance(value, list):
            items = [self.convert(arguments[0], item, f"{where}[{n}]") for n, item in enumerate(value)]
            return MISSING if MISSING in items else tuple(items)
        if origin is Mapping and isinstance(value, dict):
            pairs = {key: self.convert(arguments[1], item, _join(where, key)) for key, item in value.items()}
            return MISSING if MISSING in pairs.values() else pairs
        return self._plain(hint, value, where)

    def _plain(self, hint: Any, value: object, where: str) -> Any:
        if hint is Address and isinstance(value, str):
            return self._address(value, where)
        if hint is str and isinstance(value, str):
            if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
                return self.note(where, "has a control character (a line break?) in it; one line of text is expected")
            return value
        if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if hint in {int, bool} and type(value) is hint:
            return value
        return self.note(where, f"expected {_expected(hint)}, found {_shown(value)}")

    def _address(self, value: str, where: str) -> Any:
        host, _, port = value.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            return self.note(where, f"expected {_expected(Address)}, found {_shown(value)}")
        return Address(host, int(port))

    def _range(self, value: object, where: str) -> Any:
        low, _, high = value.partition("-") if isinstance(value, str) else ("", "", "")
        if not (low.isascii() and low.isdigit() and high.isascii() and high.isdigit()):
            return self.note(where, f"expected {_expected(tuple[int, int])}, found {_shown(value)}")
        return int(low), int(high)


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _shown(value: object) -> str:
    return "a table" if isinstance(value, dict) else repr(value)


def _expected(hint: Any) -> str:
    words = {
        str: "a text in quotes",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        Address: 'an address and port such as "127.0.0.1:5060"',
        tuple[int, int]: 'a range of ports such as "10000-10999"',
    }
    origin = typing.get_origin(hint)
    if origin is tuple and hint not in words:
        return 'a list of texts such as ["a", "b"]'
    return words.get(hint, 'a table such as {zh = "…", en = "…"}')
