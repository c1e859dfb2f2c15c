"""The order of `make test`'s modules: none is lost, long ones begin first, both kinds are there all the time."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

import pytest

from tests import order

TESTS = Path(__file__).parents[1]
MODULES = [path.relative_to(TESTS).as_posix() for path in sorted(TESTS.glob("*/test_*.py"))]


def test_given_all_modules_then_each_begins_once() -> None:
    assert sorted(order.modules(MODULES)) == MODULES


def test_given_the_table_of_seconds_then_each_module_in_it_exists() -> None:
    assert order.SECONDS.keys() - set(MODULES) == set()


@pytest.mark.parametrize("folders", [order.WAITING, {"unit", "web", "dialplan", "replay"}], ids=["wait", "compute"])
def test_given_one_kind_then_what_takes_longer_begins_first(folders: set[str]) -> None:
    mine = [order.seconds(name) for name in order.modules(MODULES) if name.split("/")[0] in folders]
    assert mine == sorted(mine, reverse=True)


def test_given_a_part_of_the_run_then_both_kinds_have_begun_as_much_of_theirs() -> None:
    """As much, but for the longest module."""
    begun = order.modules(MODULES)
    waits = [order.seconds(name) * (name.split("/")[0] in order.WAITING) for name in begun]
    computes = [order.seconds(name) * (name.split("/")[0] not in order.WAITING) for name in begun]
    apart = [
        abs(waited / sum(waits) - computed / sum(computes))
        for waited, computed in zip(accumulate(waits), accumulate(computes), strict=True)
    ]
    assert max(apart) <= max(waits) / sum(waits) + max(computes) / sum(computes)


@pytest.mark.parametrize("names", [[], ["unit/test_a.py"], ["pbx/test_b.py", "pbx/test_a.py"]])
def test_given_few_modules_then_they_are_all_there(names: list[str]) -> None:
    assert order.modules(names) == sorted(names)
