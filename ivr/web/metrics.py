"""What Prometheus reads at /metrics. Numbers only: no caller, no id.

Counters count from the controller's start; gauges are read when they are asked for.
"""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ivr.calls.live import Live
from ivr.calls.live_views import CALL_STATES, OPERATOR_STATES
from ivr.calls.model import Call

disable_created_metrics()  # type: ignore[no-untyped-call]  # a time beside each number, which nobody asks for

_COUNTED = 50_000  # calls whose end is remembered, so that none is counted twice

Read = Callable[[], float]
Counts = Callable[[], Mapping[str, int] | Mapping[tuple[str, str], int]]


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.calls = self._counter("hotline_calls", "Calls that have ended, by outcome.", "outcome")
        self.transfers = self._counter("hotline_transfers", "Transfers that have ended.", "target", "mode", "result")
        self.requests = self._counter("hotline_http_requests", "Answers given, by route and status.", "route", "status")
        self.answer_seconds = Histogram(
            "hotline_answer_seconds",
            "From a call's arrival to the first human, of calls that were answered; the goal is 15 s.",
            buckets=(2, 5, 10, 15, 20, 30, 45, 60, 120, 300),
            registry=self.registry,
        )
        self.agi_seconds = Histogram(
            "hotline_agi_seconds",
            "What a question of the dialplan took.",
            ["script"],
            buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.5),
            registry=self.registry,
        )
        self._counted: OrderedDict[str, None] = OrderedDict()

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(name, told, labels, registry=self.registry)

    def watch(
        self,
        live: Live,
        gauges: Mapping[str, tuple[str, Read]],
        tallies: Mapping[str, tuple[str, tuple[str, ...], Counts]],
    ) -> None:
        """Read these when asked. `gauges`: name → (words, value); `tallies`: name → (words, labels, counts)."""
        self.registry.register(_Watched(live, gauges, tallies))

    def count(self, calls: Iterable[Call]) -> None:
        """Take calls as they are saved; each counts once, when it has ended."""
        for call in calls:
            if call.ended_at is None or call.id in self._counted:
                continue
            self._counted[call.id] = None
            if len(self._counted) > _COUNTED:
                self._counted.popitem(last=False)
            self.calls.labels(call.outcome or "unknown").inc()
            if call.answered_at is not None:
                self.answer_seconds.observe((call.answered_at - call.entered_at).total_seconds())
            for transfer in call.transfers:
                self.transfers.labels(transfer.target, transfer.mode, transfer.result or "unknown").inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)


class _Watched(Collector):
    def __init__(
        self,
        live: Live,
        gauges: Mapping[str, tuple[str, Read]],
        tallies: Mapping[str, tuple[str, tuple[str, ...], Counts]],
    ) -> None:
        self._live, self._gauges, self._tallies = live, gauges, tallies

    def collect(self) -> Iterable[Metric]:
        state, now = self._live.snapshot(), time.time()
        running = Tally(call.state for call in state.calls.values())
        yield _gauge("hotline_calls_running", "Running calls by state.", "state", {s: running[s] for s in CALL_STATES})
        at = Tally(operator.state for operator in state.operators.values())
        yield _gauge("hotline_operators", "Operators by state.", "state", {s: at[s] for s in OPERATOR_STATES})
        waiting = {queue.name: queue.waiting for queue in state.queues.values()}
        told = "Callers who wait."
        yield _gauge("hotline_callers_waiting", told, "queue", {name: len(who) for name, who in waiting.items()})
        longest = {
            name: max((now - one.since.timestamp() for one in who), default=0.0) for name, who in waiting.items()
        }
        yield _gauge("hotline_longest_wait_seconds", "Of those who wait now.", "queue", longest)
        reachable = {t.key: float(t.reachable) for t in state.targets.values() if t.reachable is not None}
        yield _gauge("hotline_target_reachable", "1 where at least one route answers.", "target", reachable)
        for name, (told, read) in self._gauges.items():
            yield GaugeMetricFamily(name, told, read())
        for name, (told, labels, counts) in self._tallies.items():
            family = CounterMetricFamily(name, told, labels=labels)
            for key, count in list(counts().items()):
                family.add_metric([key] if isinstance(key, str) else list(key), count)
            yield family


def _gauge(name: str, told: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
