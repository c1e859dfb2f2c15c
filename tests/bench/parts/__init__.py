"""The parts of a benchmark, by name, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.bench.parts import crowd, growth, keys, load
from tests.bench.stage import Stage

PARTS: Mapping[str, Callable[[Stage], dict[str, Any]]] = {
    "keys": keys.keys,
    "rate": load.rate,
    "cpu": load.cpu,
    "lag": load.lag,
    "store": growth.store,
    "size": growth.size,
    "crowd": crowd.crowd,
}
