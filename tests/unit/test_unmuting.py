"""Who was muted by an operator is heard again once no operator is in the call, and not before."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr.calls.live import Live
from ivr.calls.live_views import LiveCall
from ivr.errors import HotlineError
from ivr.pbx.unmuting import Unmuting
from tests.unit.live_streams import OPERATORS, TARGETS, recorded


@dataclass
class NotedOrders:
    live: Live
    asked: list[tuple[str, str, bool]] = field(default_factory=list)
    refuse: HotlineError | None = None
    muted_before: set[str] = field(default_factory=set)  # Asterisk knows it, we do not
    recalled: list[str] = field(default_factory=list)

    async def recall_mute(self, channel: str, leg_id: str) -> None:
        self.recalled.append(leg_id)
        if self.refuse is not None:
            raise self.refuse
        if leg_id in self.muted_before:
            self.live.note_muted(leg_id, True)

    async def mute(self, call_id: str, leg_id: str, muted: bool) -> None:
        self.asked.append((call_id, leg_id, muted))
        if self.refuse is not None:
            raise self.refuse
        self.live.note_muted(leg_id, muted)


def leg_of(call: LiveCall, role: str) -> str | None:
    return next((leg.id for leg in call.legs if leg.role == role and leg.state == "up"), None)


async def test_given_110_is_muted_when_the_operator_leaves_then_it_is_heard_again_and_not_before() -> None:
    live = Live(OPERATORS, TARGETS)
    orders = NotedOrders(live)
    unmuting, muted, before = Unmuting(orders, live), None, 0
    for event in recorded("transfer_to_110"):
        live.apply(event)
        calls = list(live.snapshot().calls.values())
        if muted is None and calls and leg_of(calls[0], "desk") and calls[0].operator_channels:
            muted = leg_of(calls[0], "desk")
            assert muted is not None
            live.note_muted(muted, True)
        await unmuting.look()
        if muted is not None and calls and calls[0].operator_channels:
            before += 1
            assert orders.asked == [], "the operator is still there"
    assert before > 0
    assert [(leg, state) for _, leg, state in orders.asked] == [(muted, False)]
    assert live.ears.muted == frozenset()


async def test_given_a_refusal_when_looked_at_again_then_it_is_asked_again() -> None:
    live = Live(OPERATORS, TARGETS)
    orders = NotedOrders(live, refuse=HotlineError("pbx_silent", "no answer", status=503))
    unmuting = Unmuting(orders, live)
    for event in recorded("transfer_to_110"):
        live.apply(event)
        call = next(iter(live.snapshot().calls.values()), None)
        desk = leg_of(call, "desk") if call else None
        if call and desk and not call.operator_channels:
            live.note_muted(desk, True)
            break
    await unmuting.look()
    await unmuting.look()
    assert len(orders.asked) == 2
    orders.refuse = None
    await unmuting.look()
    await unmuting.look()
    assert len(orders.asked) == 3


async def test_given_a_controller_that_starts_anew_when_the_operator_leaves_then_who_was_muted_is_heard_again() -> None:
    live, events = Live(OPERATORS, TARGETS), iter(recorded("transfer_to_110"))
    live.apply({"Event": "Resynchronise"})
    muted = None
    for event in events:  # as if all of it were listed to a controller that has just started
        live.apply(event)
        call = next(iter(live.snapshot().calls.values()), None)
        muted = leg_of(call, "desk") if call else None
        if call and muted and call.operator_channels:
            break
    assert muted is not None
    orders = NotedOrders(live, muted_before={muted})
    unmuting = Unmuting(orders, live)
    live.apply({"Event": "ResynchroniseComplete"})
    await unmuting.look()
    assert (orders.recalled, orders.asked) == ([], []), "the operator is still there"
    for event in events:
        live.apply(event)
        await unmuting.look()
    assert [(leg, state) for _, leg, state in orders.asked] == [(muted, False)]
    assert orders.recalled.count(muted) == 1


async def test_given_a_call_without_an_operator_at_the_start_then_each_leg_is_asked_until_it_answers() -> None:
    live = Live(OPERATORS, TARGETS)
    orders = NotedOrders(live, refuse=HotlineError("pbx_silent", "no answer", status=503))
    unmuting = Unmuting(orders, live)
    await unmuting.look()
    assert orders.recalled == [], "nothing is known yet"
    for event in ({"Event": "Resynchronise"}, *recorded("transfer_to_110_listing"), {"Event": "ResynchroniseComplete"}):
        live.apply(event)
    legs = {leg.id for call in live.snapshot().calls.values() for leg in call.legs}
    assert len(legs) == 2
    await unmuting.look()
    orders.refuse = None
    for _ in range(3):
        await unmuting.look()
    assert sorted(orders.recalled) == sorted([*legs, *legs])
    assert orders.asked == []
