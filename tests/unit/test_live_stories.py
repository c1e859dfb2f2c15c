"""Recorded AMI streams give the story that happened: in order, doubled, swapped, cut by a resynchronisation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.calls.live import Live
from ivr.calls.live_views import LiveState, when
from tests.unit.live_streams import Event, fed, in_words, live, recorded, told

STORIES = {
    "answered_then_declined_and_abandoned": [
        "",
        "entering: 13800138000 up",
        "waiting: 13800138000 up | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1002 dialling | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1002 ringing | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1002 up | waiting 1. 13800138000",
        "apart: 13800138000 up, 1002 up",
        "apart: 13800138000 up, 1002 up in",
        "talking: 13800138000 up in, 1002 up in",
        "apart: 13800138000 up, 1002 up in",
        "apart: 13800138000 up, 1002 up",
        "caller_gone: 1002 up",
        "",
        "entering: 13800138000 up",
        "waiting: 13800138000 up | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1001 dialling | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1001 ringing | waiting 1. 13800138000",
        "waiting: 13800138000 up | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1001 dialling | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1001 ringing | waiting 1. 13800138000",
        "waiting: 13800138000 up | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1001 dialling | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1001 ringing | waiting 1. 13800138000",
        "entering: 13800138000 up, 1001 ringing",
        "caller_gone: 1001 ringing",
        "",
    ],
    "transfer_to_110": [
        "",
        "entering: ? dialling",  # here the CALL event overtook Newchannel
        "entering: 13800138000 ringing",
        "entering: 13800138000 up",
        "waiting: 13800138000 up | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1002 ringing | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1002 up | waiting 1. 13800138000",
        "apart: 13800138000 up, 1002 up",
        "apart: 13800138000 up, 1002 up in",
        "talking: 13800138000 up in, 1002 up in",
        "talking: 13800138000 up in, 1002 up in | transfer 110 asked",
        "talking: 13800138000 up in, 1002 up in | transfer 110 dialling",
        "talking: 13800138000 up in, 1002 up in, 110 dialling | transfer 110 dialling",
        "talking: 13800138000 up in, 1002 up in, 110 ringing | transfer 110 ringing",
        "talking: 13800138000 up in, 1002 up in, 110 up | transfer 110 answered",
        "talking: 13800138000 up in, 1002 up in, 110 up in | transfer 110 answered",
        "talking: 13800138000 up in, 1002 up in, 110 up in | transfer 110 joined",
        "talking: 13800138000 up in, 1002 up, 110 up in | transfer 110 joined",
        "talking: 13800138000 up in, 1002 up, 110 up in | transfer 110 ended completed",
        "talking: 13800138000 up in, 110 up in | transfer 110 ended completed",
    ],
    "transfer_to_110_busy": [
        "",
        "entering: 13800138000 ringing",
        "entering: 13800138000 up",
        "waiting: 13800138000 up | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1001 dialling | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1001 ringing | waiting 1. 13800138000",
        "waiting: 13800138000 up, 1001 up | waiting 1. 13800138000",
        "apart: 13800138000 up, 1001 up",
        "apart: 13800138000 up, 1001 up in",
        "talking: 13800138000 up in, 1001 up in",
        "talking: 13800138000 up in, 1001 up in | transfer 110 asked",
        "talking: 13800138000 up in, 1001 up in | transfer 110 dialling",
        "talking: 13800138000 up in, 1001 up in, 110 dialling | transfer 110 dialling",
        "talking: 13800138000 up in, 1001 up in, 110 ringing | transfer 110 ringing",
        "talking: 13800138000 up in, 1001 up in, 110 ringing | transfer 110 ringing busy",
        "talking: 13800138000 up in, 1001 up in, 110 ringing | transfer 110 ended failed",
        "talking: 13800138000 up in, 1001 up in | transfer 110 ended failed",
        "apart: 13800138000 up, 1001 up in | transfer 110 ended failed",
        "caller_gone: 1001 up in | transfer 110 ended failed",
        "caller_gone: 1001 up | transfer 110 ended failed",
        "",
    ],
}


@pytest.mark.parametrize("story", STORIES)
def test_given_a_recorded_stream_then_the_story_is_told(story: str) -> None:
    assert told(recorded(story)) == STORIES[story]


def test_given_a_recorded_stream_then_operators_change_state_as_it_happened() -> None:
    state, seen = live(), {"1001": [], "1002": []}
    for event in recorded("answered_then_declined_and_abandoned"):
        state.apply(event)
        for one in state.snapshot().operators.values():
            word = f"{one.state} {one.reason or ''}".strip()
            if seen[one.number][-1:] != [word]:
                seen[one.number].append(word)
    declined = ["ringing", "available"]
    assert seen["1001"] == ["unreachable", "available", "paused tea", "available", *declined * 3]
    assert seen["1002"] == ["unreachable", "available", "ringing", "talking", "available", "unreachable"]


def test_given_a_state_then_since_is_the_stamp_of_the_event_that_made_it() -> None:
    events = recorded("transfer_to_110")
    answered = next(i for i, event in enumerate(events) if event.get("DialStatus") == "ANSWER")
    operator = fed(events[: answered + 1]).snapshot().operators["1002"]
    newstate = next(
        event
        for event in events
        if event["Event"] == "Newstate" and "1002" in event["Channel"] and event["ChannelState"] == "6"
    )
    assert (operator.state, operator.since) == ("talking", when(float(newstate["Timestamp"])))


@pytest.mark.parametrize("story", STORIES)
def test_given_every_event_comes_twice_then_the_state_is_the_same_at_every_step(story: str) -> None:
    once, twice = live(), live()
    for event in recorded(story):
        once.apply(event)
        twice.apply(event)
        twice.apply(event)
        assert same(twice) == same(once)


@pytest.mark.parametrize("story", STORIES)
def test_given_any_two_neighbours_are_swapped_then_the_state_after_them_is_the_same(story: str) -> None:
    events = recorded(story)
    for k in range(len(events) - 1):
        straight = fed(events[: k + 2])
        swapped = fed([*events[:k], events[k + 1], events[k]])
        assert without_times(swapped) == without_times(straight), f"events {k} and {k + 1}"


@pytest.mark.parametrize("story", STORIES)
def test_given_a_lost_event_and_a_resynchronisation_then_the_state_is_what_it_would_have_been(story: str) -> None:
    events = recorded(story)
    for k, lost in enumerate(events):
        if lost["Event"] in ("CEL", "ContactStatus"):
            continue  # no listing tells those; the test below covers what stays
        whole, gapped = fed(events[: k + 1]), fed(events[:k])
        for event in (Event(Event="Resynchronise"), *listing(whole), Event(Event="ResynchroniseComplete")):
            gapped.apply(event)
        assert without_times(gapped) == without_times(whole), f"event {k}: {lost}"
        for event in events[k + 1 :]:
            whole.apply(event)
            gapped.apply(event)
        assert without_times(gapped) == without_times(whole), f"the end, without event {k}: {lost}"


def test_given_a_resynchronisation_then_times_and_transfers_of_running_calls_are_kept() -> None:
    whole = fed(recorded("transfer_to_110"))
    before = whole.snapshot()
    for event in (Event(Event="Resynchronise"), *listing(whole), Event(Event="ResynchroniseComplete")):
        whole.apply(event)
    after = whole.snapshot()
    assert after.calls == before.calls
    listed = {number: replace(one, skills=after.operators[number].skills) for number, one in before.operators.items()}
    assert after.operators == listed  # `listing` tells of one queue only


def test_given_a_controller_that_starts_in_mid_call_then_asterisks_own_listing_tells_the_call() -> None:
    events = [
        Event(Event="Resynchronise"),
        *recorded("transfer_to_110_listing"),
        Event(Event="ResynchroniseComplete"),
    ]
    state = fed(events).snapshot()
    assert in_words(state) == "talking: 13800138000 up in, 110 up in"
    assert {one.number: one.state for one in state.operators.values()} == {"1001": "available", "1002": "available"}
    assert state.targets["110"].reachable is True


def test_given_a_resynchronisation_under_way_then_readers_see_the_state_before_it() -> None:
    state = fed(recorded("transfer_to_110"))
    before = state.snapshot()
    state.apply({"Event": "Resynchronise"})
    assert state.snapshot() is before
    state.apply({"Event": "Resynchronise"})  # the first attempt failed half-way
    assert state.snapshot() is before
    state.apply({"Event": "ResynchroniseComplete"})
    assert in_words(state.snapshot()) == ""


def listing(state: Live) -> list[Event]:
    """What Asterisk would list of this state."""
    picture, events = state.snapshot(), []
    for call in picture.calls.values():
        for leg in call.legs:
            events.append(
                Event(
                    Event="CoreShowChannel",
                    Uniqueid=leg.id,
                    Linkedid=leg.id if leg.role == "caller" else "x",
                    Channel=leg.channel,
                    ChannelState={"up": "6", "ringing": "5"}.get(leg.state, "0"),
                    CallerIDNum=leg.party,
                    Language=call.language or "",
                    ChanVariable=f"CALL_ID={call.id}",
                    BridgeId=leg.bridge or "",
                    Duration="00:00:01",
                )
            )
    for queue in picture.queues.values():
        events.append(Event(Event="QueueParams", Queue=queue.name))
        for one in queue.waiting:
            leg = next(leg for leg in picture.calls[one.call].legs if leg.role == "caller")
            entry = Event(Event="QueueEntry", Queue=queue.name, Position=str(one.position), Uniqueid=leg.id)
            events.append({**entry, "Channel": leg.channel, "Wait": "1", "Priority": "0"})
    for one in picture.operators.values():
        events.append(
            Event(
                Event="QueueMember",
                Queue="q-general",
                Location=f"PJSIP/{one.number}",
                Status="5" if one.state == "unreachable" else "1",
                Paused="1" if one.state == "paused" else "0",
                PausedReason=one.reason or "",
            )
        )
    for target in picture.targets.values():
        if target.reachable is not None:
            device = "NOT_INUSE" if target.reachable else "UNAVAILABLE"
            events.append(Event(Event="DeviceStateChange", Device=f"PJSIP/desk-{target.key}", State=device))
    return events


def same(state: Live) -> LiveState:
    return replace(state.snapshot(), version=0)


def without_times(state: Live) -> object:
    picture = state.snapshot()
    operators = [(one.number, one.state, one.reason, one.call) for one in picture.operators.values()]
    legs = [(call.id, leg.id, leg.role, leg.state, leg.bridge) for call in picture.calls.values() for leg in call.legs]
    targets = [(target.key, target.reachable) for target in picture.targets.values()]
    return in_words(picture), operators, sorted(legs), targets
