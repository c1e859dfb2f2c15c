"""The live state, case by case: queues, overflow, hand-over, after-call work, look-ups, changes."""

from __future__ import annotations

from itertools import pairwise

from ivr.calls.live_views import changes, when
from tests.unit.live_streams import Event, fed, live

A, B = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
DESK, TRUNK = "PJSIP/desk-110-0000000a", "PJSIP/trunk-public-0000000b"


def channel(name: str, at: float, call: str = "", uniqueid: str = "", channel: str = "", **more: str) -> Event:
    """One channel event `name`; the unique id is made from the channel's name unless given."""
    id = uniqueid or f"hotline-1763.{channel}"
    shown = {"Uniqueid": id, "Linkedid": id, "Channel": channel, "ChannelState": "6", "CallerIDNum": "13800138000"}
    return {"Event": name, "Timestamp": f"{at:.6f}", **shown, "ChanVariable": f"CALL_ID={call}", **more}


def joins(at: float, call: str, position: int = 1, queue: str = "q-general", **more: str) -> Event:
    name = f"PJSIP/trunk-public-{call[:8]}"
    return channel("QueueCallerJoin", at, call, channel=name, Queue=queue, Position=str(position), **more)


def leaves(at: float, call: str, queue: str = "q-general") -> Event:
    return channel("QueueCallerLeave", at, call, channel=f"PJSIP/trunk-public-{call[:8]}", Queue=queue)


def enters(at: float, call: str, name: str, bridge: str = "b1", **more: str) -> Event:
    return channel("BridgeEnter", at, call, channel=name, BridgeUniqueid=bridge, **more)


def status(at: float, number: str = "1001", status: str = "1", queue: str = "q-general", **more: str) -> Event:
    head = {"Event": "QueueMemberStatus", "Timestamp": f"{at:.6f}", "Queue": queue, "Interface": f"PJSIP/{number}"}
    return {**head, "Status": status, "Paused": "0", "LastCall": "0", **more}


def test_given_two_wait_when_a_third_comes_in_before_them_then_positions_move() -> None:
    third = "33333333-3333-4333-8333-333333333333"
    state = fed([joins(1, A), joins(2, B, 2), joins(3, third, 1)])
    waiting = state.snapshot().queues["q-general"].waiting
    assert [(one.position, one.call) for one in waiting] == [(1, third), (2, A), (3, B)]


def test_given_two_wait_when_the_first_leaves_then_the_second_is_next() -> None:
    state = fed([joins(1, A), joins(2, B, 2), leaves(3, A)])
    waiting = state.snapshot().queues["q-general"].waiting
    assert [(one.position, one.call, one.since) for one in waiting] == [(1, B, when(2))]


def test_given_a_wait_that_overflows_then_since_stays_and_the_caller_goes_before_others() -> None:
    state = fed([joins(1, A), leaves(16, A), joins(17, A, queue="q-overflow")])
    queues = state.snapshot().queues
    assert queues["q-general"].waiting == ()
    [one] = queues["q-overflow"].waiting
    assert (one.since, one.priority) == (when(1), True)


def test_given_a_talk_then_a_later_wait_counts_from_its_own_start() -> None:
    caller = f"PJSIP/trunk-public-{A[:8]}"
    state = fed([joins(1, A), leaves(5, A), enters(6, A, caller), joins(60, A)])
    [one] = state.snapshot().queues["q-general"].waiting
    assert (one.since, one.priority) == (when(60), False)


def test_given_a_partner_hands_a_caller_over_then_the_desk_is_the_caller_with_priority() -> None:
    came = channel("Newchannel", 1, A, channel=DESK, ChannelState="4")
    state = fed([came, channel("QueueCallerJoin", 2, A, channel=DESK, Queue="q-general", Position="1")])
    call = state.call(A)
    assert call is not None
    assert (call.handed_over_by, call.caller_channel, call.legs[0].role) == ("110", DESK, "caller")
    assert state.snapshot().queues["q-general"].waiting[0].priority is True


def test_given_a_called_desk_then_it_is_not_the_caller() -> None:
    dialled = channel("Newstate", 1, A, channel=DESK, Linkedid="hotline-1762.9", ChannelState="5")
    state = fed([channel("Newstate", 1, A, channel=TRUNK), dialled])
    call = state.call(A)
    assert call is not None
    assert call.caller_channel == TRUNK
    assert [(one.target, one.state, one.id) for one in call.transfers] == [("110", "ringing", None)]


def test_given_the_caller_is_gone_and_two_talk_on_then_the_call_is_still_shown_without_caller() -> None:
    operator = "PJSIP/1001-00000001"
    state = fed(
        [
            channel("Newstate", 1, A, channel=TRUNK),
            enters(2, A, operator),
            enters(3, A, DESK, Linkedid="x"),
            channel("Hangup", 4, A, channel=TRUNK),
        ]
    )
    call = state.call(A)
    assert call is not None
    assert (call.state, call.caller_channel, call.caller) == ("caller_gone", None, "13800138000")
    assert [leg.role for leg in call.legs] == ["operator", "desk"]


def test_given_a_hang_up_when_older_events_come_late_then_no_ghost_appears() -> None:
    late = channel("Newstate", 1, A, channel=TRUNK)
    state = fed([late, channel("Hangup", 2, A, channel=TRUNK), late, enters(1.5, A, TRUNK)])
    assert state.snapshot().calls == {}


def test_given_local_and_foreign_channels_then_they_are_no_parties() -> None:
    state = fed([channel("Newstate", 1, A, channel="Local/s@transfer-00000001;1"), enters(2, A, "Surrogate/x")])
    assert state.snapshot().calls == {}


def test_given_a_channel_that_is_renamed_then_orders_get_the_new_name() -> None:
    state = fed([channel("Newstate", 1, A, uniqueid="hotline-1.1", channel=TRUNK)])
    state.apply({"Event": "Rename", "Uniqueid": "hotline-1.1", "Newname": "PJSIP/trunk-public-0000000c"})
    call = state.call(A)
    assert call is not None
    assert call.caller_channel == "PJSIP/trunk-public-0000000c"


def test_given_an_operator_in_a_call_then_orders_find_the_answered_leg_only() -> None:
    ringing = channel("Newstate", 2, A, channel="PJSIP/1002-00000002", ChannelState="5")
    state = fed([channel("Newstate", 1, A, channel=TRUNK), enters(2, A, "PJSIP/1001-00000001"), ringing])
    call = state.call(A)
    assert call is not None
    leg = call.operator("1001")
    assert leg is not None
    assert leg.channel == "PJSIP/1001-00000001"
    assert call.operator("1002") is None
    assert call.operator_channels == ("PJSIP/1001-00000001",)
    assert state.calls_of_operator("1001") == (call,)
    assert state.calls_of_operator("1002") == ()


def test_given_after_call_work_then_it_ends_by_the_clock() -> None:
    state = fed([status(100, LastCall="100")], wrap_up=15)
    assert state.snapshot().operators["1001"].state == "wrap-up"
    state.tick(114)
    assert state.snapshot().operators["1001"].state == "wrap-up"
    state.tick(120)
    operator = state.snapshot().operators["1001"]
    assert (operator.state, operator.since) == ("available", when(115))


def test_given_a_pause_for_after_call_work_then_the_state_says_so() -> None:
    state = fed([status(1, Paused="1", PausedReason="wrap-up"), status(1, "1002", Paused="1", PausedReason="会议")])
    operators = state.snapshot().operators
    assert (operators["1001"].state, operators["1001"].reason) == ("wrap-up", None)
    assert (operators["1002"].state, operators["1002"].reason) == ("paused", "会议")


def test_given_a_pause_in_one_queue_when_the_other_queues_event_is_older_then_the_pause_stays() -> None:
    paused = status(5, queue="q-gas", Paused="1", PausedReason="x")
    assert fed([paused, status(4, queue="q-gas")]).snapshot().operators["1001"].state == "paused"


def test_given_one_route_is_lost_but_the_device_is_there_then_the_target_is_reachable() -> None:
    contact = {"Event": "ContactStatus", "Timestamp": "2", "AOR": "desk-110", "URI": "sip:110@127.0.0.112:5060"}
    device = {"Event": "DeviceStateChange", "Timestamp": "1", "Device": "PJSIP/desk-110", "State": "NOT_INUSE"}
    target = fed([device, {**contact, "ContactStatus": "Unreachable"}]).snapshot().targets["110"]
    assert (target.reachable, target.routes) == (True, {"sip:110@127.0.0.112:5060": False})


def test_given_a_device_of_nobody_and_headers_that_are_missing_then_nothing_changes() -> None:
    state = live()
    before = state.snapshot()
    for name in ("Newchannel", "Hangup", "BridgeEnter", "CEL", "QueueMember", "ContactStatus", "Unknown", ""):
        state.apply({"Event": name})
    state.apply({"Event": "DeviceStateChange", "Device": "PJSIP/9999", "State": "BUSY"})
    state.apply({"Event": "CEL", "UserDefType": "TRANSFER_ASK", "Extra": "no json"})
    assert state.snapshot() is before


def test_given_nothing_changed_then_the_picture_is_the_same_object() -> None:
    state = fed([status(1)])
    first = state.snapshot()
    state.apply(status(2))
    assert state.snapshot() is first


def test_given_ami_is_lost_then_the_state_says_so_until_it_is_rebuilt() -> None:
    state = fed([{"Event": "Resynchronise"}, {"Event": "ResynchroniseComplete"}])
    seen = [state.snapshot()]
    for name in ("Disconnected", "Resynchronise", "ResynchroniseComplete"):
        state.apply({"Event": name})
        seen.append(state.snapshot())
    assert [picture.connected for picture in seen] == [True, False, False, True]
    assert all(after.version >= before.version for before, after in pairwise(seen))


def test_given_ami_fails_while_we_resynchronise_then_the_old_picture_says_it_is_old() -> None:
    state = fed([{"Event": "Resynchronise"}, {"Event": "ResynchroniseComplete"}, joins(1, A)])
    state.snapshot()
    state.apply({"Event": "Resynchronise"})
    state.apply({"Event": "Disconnected"})
    picture = state.snapshot()
    assert (picture.connected, list(picture.calls)) == (False, [A])


def test_given_two_pictures_then_the_changes_take_a_reader_from_one_to_the_other() -> None:
    state = fed([joins(1, A), joins(2, B, 2)])
    old = state.snapshot()
    for event in (leaves(3, A), channel("Hangup", 4, A, channel=f"PJSIP/trunk-public-{A[:8]}"), status(5)):
        state.apply(event)
    new = state.snapshot()
    delta = changes(old, new)
    assert (delta.since_version, delta.version) == (old.version, new.version)
    assert (delta.calls, delta.calls_gone) == ((), (A,))
    assert [queue.name for queue in delta.queues] == ["q-general"]
    assert [one.number for one in delta.operators] == ["1001"]
    rebuilt = {**{id: call for id, call in old.calls.items() if id not in delta.calls_gone}}
    assert rebuilt == new.calls


def test_given_a_requeue_and_a_refused_transfer_in_the_journal_then_the_call_tells_them() -> None:
    def said(name: str, extra: str) -> Event:
        return {"Event": "CEL", "Timestamp": "9", "UserDefType": name, "Extra": f'{{"extra":"{extra}"}}'}

    state = fed(
        [
            channel("Newstate", 1, A, channel=TRUNK),
            {"Event": "CEL", "EventName": "CALL", "UniqueID": "x", "Extra": f'{{"extra":"id={A}&language=en"}}'},
            said("REQUEUED", f"call={A}&reason=operator_died"),
            said("TRANSFER_ASK", f"id=t1&call={A}&target=110&mode=transfer&trigger=key"),
            said("TRANSFER_REFUSED", f"id=t1&call={A}&reason=ping_pong"),
            said("TRANSFER_JOINED", f"id=t1&call={A}"),  # too late
        ]
    )
    call = state.call(A)
    assert call is not None
    assert (call.requeued, call.language) == ("operator_died", "en")
    [transfer] = call.transfers
    assert (transfer.state, transfer.result, transfer.reason) == ("ended", "refused", "ping_pong")
