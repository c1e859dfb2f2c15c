"""The part of JSON Schema that judges requests."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from ivr.web import schema
from ivr.web.schema import BOOLEAN, NUMBER, TIME, InvalidRequestError, array, integer, mapping, nullable, obj, string

PERSON = obj({"name": string("[a-z]+", 5)}, {"age": nullable(integer(0, 150)), "tags": array(string())})


@pytest.mark.parametrize(
    "value",
    [{"name": "li"}, {"name": "li", "age": None}, {"name": "li", "age": 150, "tags": ["a", ""]}],
)
def test_given_what_is_described_then_nothing_is_said(value: object) -> None:
    schema.check(PERSON, value)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, "body.name"),
        ({"name": "Li"}, "body.name"),
        ({"name": "li\n"}, "body.name"),
        ({"name": "lilili"}, "body.name"),
        ({"name": "li", "age": 151}, "body.age"),
        ({"name": "li", "age": True}, "body.age"),
        ({"name": "li", "age": 1.5}, "body.age"),
        ({"name": "li", "tags": ["a", 1]}, "body.tags[1]"),
        ({"name": "li", "x": 1}, "body.x"),
        ([], "body"),
    ],
)
def test_given_anything_else_then_the_first_wrong_place_is_named(value: object, field: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        schema.check(PERSON, value)
    assert refusal.value.details["field"] == field


def test_given_other_kinds_then_they_are_judged_too() -> None:
    schema.check(mapping(BOOLEAN), {"a": True})
    schema.check(NUMBER, 1.5)
    schema.check({}, object())
    for wrong in (mapping(BOOLEAN), {"a": 1}), (NUMBER, "1"), (NUMBER, False), (TIME, "2026-11-22"):
        with pytest.raises(InvalidRequestError):
            schema.check(*wrong)


def test_given_a_pattern_of_either_or_then_whoever_reads_the_schema_takes_it_for_the_whole_text_too() -> None:
    either = string("none|[0-9]{2,4}")
    texts = ("none", "0601", "none-", "0none", "x0601", "06011")
    ours = {text for text in texts if not _refused(either, text)}
    theirs = {text for text in texts if re.search(either["pattern"], text)}  # JSON Schema: found anywhere
    assert ours == theirs == {"none", "0601"}


def _refused(described: schema.Schema, value: object) -> bool:
    try:
        schema.check(described, value)
    except InvalidRequestError:
        return True
    return False


def test_given_a_query_then_its_text_becomes_what_is_described() -> None:
    assert schema.from_query(integer(1, 500), "50", "limit") == 50
    eight = datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert schema.from_query(TIME, "2026-11-22T16:00:00+08:00", "since") == eight
    assert schema.from_query(string(), "138*", "caller") == "138*"
    for text in ("", "1.0", "1e3", "٣", "+5"):
        with pytest.raises(InvalidRequestError):
            schema.from_query(integer(1, 500), text, "limit")


SHAPES = schema.by_word("kind", {"cat": obj({"lives": integer(0, 9)}), "fish": obj({}, {"wet": BOOLEAN})})


@pytest.mark.parametrize("value", [{"kind": "cat", "lives": 9}, {"kind": "fish"}, {"kind": "fish", "wet": True}])
def test_given_an_object_of_the_shape_that_its_word_names_then_nothing_is_said(value: object) -> None:
    schema.check(SHAPES, value)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"kind": "dog"}, "body.kind"),
        ({}, "body.kind"),
        ([], "body.kind"),
        ({"kind": ["cat"]}, "body.kind"),
        ({"kind": "cat"}, "body.lives"),
        ({"kind": "fish", "lives": 1}, "body.lives"),
    ],
)
def test_given_another_shape_than_the_word_names_then_the_field_is_told(value: object, field: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        schema.check(SHAPES, value)
    assert refusal.value.details["field"] == field


@pytest.mark.parametrize(("items", "right"), [([], False), ([1], True), ([1, 2, 3], False)])
def test_given_too_few_or_too_many_items_then_it_is_told(items: list[int], right: bool) -> None:
    few = {**array(integer(0, 9)), "minItems": 1, "maxItems": 2}
    if right:
        schema.check(few, items)
        return
    with pytest.raises(InvalidRequestError, match="1 to 2 items"):
        schema.check(few, items)
