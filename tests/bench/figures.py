"""Numbers of a run, and the design's goals beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Results = dict[str, Any]  # part → its figures; plain JSON


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def spread(values: Sequence[float], digits: int = 1) -> dict[str, float]:
    """`n`, `p50`, `p99`, `max`."""
    return {
        "n": len(values),
        "p50": round(percentile(values, 0.5), digits),
        "p99": round(percentile(values, 0.99), digits),
        "max": round(max(values, default=0.0), digits),
    }


@dataclass(frozen=True, slots=True)
class Goal:
    """One row of the table: what is wanted, what came out. `measured` raises KeyError where it was not measured."""

    what: str
    goal: str
    measured: Callable[[Results], str]
    met: Callable[[Results], bool]


def _sustained(results: Results) -> float:
    """The highest rate at which no call failed and set-up p99 stayed within 20 ms."""
    held = [
        float(rate)
        for rate, figures in results["rate"]["hotline"].items()
        if not figures["failed"] and figures["setup_ms"]["p99"] <= 20
    ]
    return max(held, default=0.0)


def _lost(results: Results) -> int:
    crowd = results["crowd"]["at_once"]
    return int(crowd["dropped"] + crowd["missing_in_the_log"] + crowd["without_an_end"])


def _worst_key(results: Results) -> float:
    return max(figures["p99"] for figures in results["keys"]["to_invite_ms"].values())


def _keys(results: Results) -> str:
    told = (
        f"{how} {figures['p50']:g} / {figures['p99']:g}" for how, figures in results["keys"]["to_invite_ms"].items()
    )
    return "p50 / p99: " + ", ".join(told) + " ms"


GOALS: Sequence[Goal] = (
    Goal(
        "caller hears nobody at the moment of a transfer",
        "≤ 20 ms (one frame; measured to 1 ms)",
        lambda results: "at most {max:g} ms in {n} transfers".format(**results["keys"]["gap_ms"]),
        lambda results: results["keys"]["gap_ms"]["max"] < 21,
    ),
    Goal("key or click → INVITE to 110", "p99 ≤ 30 ms", _keys, lambda results: _worst_key(results) <= 30),
    Goal(
        "journal row → database, at 100 calls/s",
        "p99 ≤ 300 ms",
        lambda results: f"p50 {results['lag']['journal_ms']['p50']:g}, p99 {results['lag']['journal_ms']['p99']:g} ms",
        lambda results: results["lag"]["journal_ms"]["p99"] <= 300,
    ),
    Goal(
        "CPU of Asterisk + controller per call, against the same recorded call in bare dialplan",
        "≤ 1.5×",
        lambda results: (
            f"{results['cpu']['whole']['ratio_recorded']:.2f}× "
            f"(who hangs up in the greeting: {results['cpu']['greeted']['ratio_recorded']:.2f}×)"
        ),
        lambda results: results["cpu"]["whole"]["ratio_recorded"] <= 1.5,
    ),
    Goal(
        "call set-up rate with greeting and log on this machine, at set-up p99 ≤ 20 ms",
        "≥ 400/s",
        lambda results: f"{_sustained(results):g}/s",
        lambda results: _sustained(results) >= 400,
    ),
    Goal(
        "400 calls at once and a burst of 3.5 × 1.5 calls/s on top of them (R66): dropped, or not whole in the log",
        "0",
        lambda results: f"{_lost(results)} of {results['crowd']['at_once']['calls']}",
        lambda results: _lost(results) == 0,
    ),
)


def goals(results: Results) -> list[Mapping[str, Any]]:
    """`what`, `goal`, `measured`, `met` (None: not measured in this run)."""
    rows = []
    for goal in GOALS:
        try:
            rows.append(
                {"what": goal.what, "goal": goal.goal, "measured": goal.measured(results), "met": goal.met(results)}
            )
        except KeyError:
            rows.append({"what": goal.what, "goal": goal.goal, "measured": "not measured", "met": None})
    return rows
