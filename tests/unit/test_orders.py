"""What is asked of Asterisk for each order, and what is refused before anything is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from ivr.errors import HotlineError
from ivr.pbx.ari import ReferRequest
from ivr.pbx.manager import AmiDownError, AmiFailedError, AmiLostError
from ivr.pbx.orders import OrderError, Orders
from ivr.pbx.refers import Refers
from ivr.settings import Operator, Target
from tests.unit.test_agi_routing import SITE as ROUTING_SITE

CALL = "11111111-2222-3333-4444-555555555555"
CALLER, OPERATOR, DESK = "PJSIP/trunk-public-00000000", "PJSIP/1001-00000001", "PJSIP/desk-110-00000002"
HELPER = "Local/s@transfer-whisper-00000001;1"
ROUTES = ("sip:x@127.0.0.110",)
SITE = replace(
    ROUTING_SITE,
    targets={
        "110": Target("110", {"zh": "110"}, ROUTES, emergency=True),
        "gas": Target("gas", {"zh": "燃气"}, ROUTES, role="department"),
        "survey": Target("survey", {"zh": "满意度"}, flow="survey"),
    },
    operators={"1001": Operator("1001", "一号")},
)


class FakeAmi:
    """Remembers what was asked; knows some channels and their variables."""

    def __init__(self, error: HotlineError | None = None) -> None:
        self.asked: list[dict[str, str | Sequence[str]]] = []
        self.error = error
        self.variables: dict[tuple[str, str], str] = {}

    def channel(self, name: str, **variables: str) -> None:
        self.variables[name, "CHANNEL(name)"] = name
        for key, value in variables.items():
            self.variables[name, key] = value

    async def action(self, headers: Mapping[str, str | Sequence[str]]) -> list[dict[str, str]]:
        name, channel = str(headers["Action"]), str(headers.get("Channel", ""))
        if name == "Getvar":
            if (channel, "CHANNEL(name)") not in self.variables:
                raise AmiFailedError(name, "No such channel")
            return [{"Value": self.variables.get((channel, str(headers["Variable"])), "")}]
        self.asked.append(dict(headers))
        if self.error is not None:
            raise self.error
        return [{"Response": "Success"}]

    def private_id(self, uniqueid: str) -> str:
        return uniqueid.replace("hotline-", "m01-")


@dataclass(frozen=True, slots=True)
class Leg:
    id: str
    channel: str


@dataclass(frozen=True, slots=True)
class Transfer:
    id: str | None
    state: str
    result: str | None
    reason: str | None = None


@dataclass(slots=True)
class Call:
    legs: tuple[Leg, ...] = (Leg("hotline-1.0", CALLER), Leg("hotline-1.1", OPERATOR))
    caller_channel: str | None = CALLER
    operator_channels: tuple[str, ...] = (OPERATOR,)
    transfers: list[Transfer] = field(default_factory=list)

    def operator(self, number: str) -> Leg | None:
        return Leg("hotline-1.1", OPERATOR) if number == "1001" and self.operator_channels else None


class Live:
    def __init__(self, call: Call | None = None) -> None:
        self.running = call
        self.muted: list[tuple[str, bool]] = []

    def note_muted(self, leg: str, muted: bool) -> None:
        self.muted.append((leg, muted))

    def call(self, call_id: str) -> Call | None:
        return self.running if call_id == CALL else None


@pytest.fixture
def ami() -> FakeAmi:
    ami = FakeAmi()
    ami.channel(CALLER)
    ami.channel(OPERATOR, CALL_ID=CALL, CALLER=CALLER)
    ami.channel(DESK, TARGET="110")
    ami.channel(HELPER)
    return ami


@pytest.fixture
def call() -> Call:
    return Call()


@pytest.fixture
def orders(ami: FakeAmi, call: Call) -> Orders:
    return Orders(ami, Live(call), SITE)


def variables(order: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    told = order["Variable"]
    assert not isinstance(told, str)
    return dict(pair.removeprefix("__").split("=", 1) for pair in told)


async def test_a_transfer_starts_the_same_helper_as_the_operators_key(ami: FakeAmi, orders: Orders) -> None:
    id = await orders.transfer(CALL, "110", "transfer", "api", by="1001")
    (order,) = ami.asked
    assert (order["Action"], order["Async"]) == ("Originate", "true")
    assert (order["Channel"], order["Context"]) == ("Local/s@transfer-whisper/n", "transfer-leg")
    assert order["Exten"] == "110"
    assert variables(order) == {
        "OPERATOR": OPERATOR,
        "CALLER": CALLER,
        "CALL_ID": CALL,
        "TRANSFER_ID": id,
        "TARGET": "110",
        "MODE": "transfer",
        "TRIGGER": "api",
        "ASKED_BY": "m01-1.1",
    }


async def test_without_an_operator_named_the_first_in_the_call_is_released_but_nobodys_leg_asked(
    ami: FakeAmi, orders: Orders
) -> None:
    await orders.transfer(CALL, "110", "conference", "api")
    told = variables(ami.asked[0])
    assert (told["OPERATOR"], told["ASKED_BY"]) == (OPERATOR, "")


async def test_a_flow_is_a_suspend(ami: FakeAmi, orders: Orders) -> None:
    await orders.transfer(CALL, "survey", "suspend", "api")
    assert (ami.asked[0]["Channel"], ami.asked[0]["Context"]) == ("Local/s@suspend-idle/n", "suspend-helper")


@pytest.mark.parametrize(
    ("call_id", "target", "mode", "by", "id"),
    [
        ("nobody", "110", "transfer", None, "unknown_call"),
        (CALL, "911", "transfer", None, "unknown_target"),
        (CALL, "110", "blind", None, "bad_mode"),
        (CALL, "110", "suspend", None, "bad_mode"),
        (CALL, "110", "throw", None, "bad_mode"),
        (CALL, "survey", "transfer", None, "bad_mode"),
        (CALL, "110", "transfer", "1002", "not_in_call"),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_is_asked(
    ami: FakeAmi, orders: Orders, call_id: str, target: str, mode: str, by: str | None, id: str
) -> None:
    with pytest.raises(OrderError) as refused:
        await orders.transfer(call_id, target, mode, "api", by=by)
    assert refused.value.id == id
    assert ami.asked == []


async def test_a_target_that_is_no_emergency_may_be_reached_blind(ami: FakeAmi, orders: Orders) -> None:
    await orders.transfer(CALL, "gas", "blind", "api")
    assert variables(ami.asked[0])["MODE"] == "blind"


async def test_given_a_caller_who_is_gone_or_an_operator_who_is_not_there_nothing_is_asked(
    ami: FakeAmi, call: Call, orders: Orders
) -> None:
    call.operator_channels = ()
    with pytest.raises(OrderError, match="no operator"):
        await orders.transfer(CALL, "110", "transfer", "api")
    call.caller_channel = None
    with pytest.raises(OrderError, match="no call"):
        await orders.transfer(CALL, "110", "transfer", "api")
    assert ami.asked == []


async def test_an_order_with_an_id_that_was_given_is_not_given_again(ami: FakeAmi, orders: Orders) -> None:
    ids = [await orders.transfer(CALL, "110", "transfer", "api", transfer_id="one") for _ in range(3)]
    assert ids == ["one"] * 3
    assert len(ami.asked) == 1


@pytest.mark.parametrize(
    ("error", "asked"),
    [(AmiDownError("Originate", "down"), 2), (AmiFailedError("Originate", "no"), 2), (AmiLostError("Originate"), 1)],
)
async def test_an_order_that_surely_was_not_carried_out_may_be_given_again_and_no_other(
    ami: FakeAmi, orders: Orders, error: HotlineError, asked: int
) -> None:
    ami.error = error
    with pytest.raises(type(error)):
        await orders.transfer(CALL, "110", "transfer", "api", transfer_id="one")
    ami.error = None
    await orders.transfer(CALL, "110", "transfer", "api", transfer_id="one")
    assert len(ami.asked) == asked


async def test_cancel_sends_the_running_attempt_to_its_end(ami: FakeAmi, orders: Orders) -> None:
    ami.channel(CALLER, **{"SHARED(ATTEMPT)": HELPER})
    await orders.cancel(CALL)
    (order,) = ami.asked
    assert (order["Action"], order["Channel"], order["Context"]) == ("Redirect", HELPER, "transfer-cancelled")


async def test_whoever_is_muted_is_known_to_be_so_whatever_dies_between_two_actions(ami: FakeAmi, call: Call) -> None:
    live = Live(call)
    orders = Orders(ami, live, SITE)
    for muted in (True, False):
        await orders.mute(CALL, "hotline-1.0", muted)
    assert [(asked["Action"], asked.get("State", asked.get("Value"))) for asked in ami.asked] == [
        ("Setvar", "1"),
        ("MuteAudio", "on"),
        ("MuteAudio", "off"),
        ("Setvar", ""),
    ]
    assert live.muted == [("hotline-1.0", True), ("hotline-1.0", False)]
    with pytest.raises(OrderError) as refused:
        await orders.mute(CALL, "hotline-9.9", True)
    assert refused.value.id == "unknown_leg"
    ami.error = AmiFailedError("Setvar", "No such channel")
    with pytest.raises(OrderError) as refused:
        await orders.mute(CALL, "hotline-1.0", True)
    assert (refused.value.id, len(live.muted)) == ("unknown_leg", 2)


async def test_a_page_that_has_gone_lets_the_dialplan_see_whether_the_caller_hears_nothing(
    ami: FakeAmi, orders: Orders
) -> None:
    await orders.page_gone(CALL, "1001")
    (asked,) = ami.asked
    assert (asked["Action"], asked["Channel"]) == ("Originate", "Local/s@page-gone/n")
    assert asked["Context"] == "page-gone-words"
    told = {"OPERATOR": OPERATOR, "CALLER": CALLER, "CALL_ID": CALL, "ASKED_BY": "1001"}
    assert variables(asked) == told
    await orders.page_gone(CALL, "1009")  # who talks no more
    assert len(ami.asked) == 1


@pytest.mark.parametrize("attempt", ["", "none", "Local/s@transfer-whisper-000000ff;1"])
async def test_without_a_running_attempt_there_is_nothing_to_cancel(ami: FakeAmi, orders: Orders, attempt: str) -> None:
    ami.channel(CALLER, **{"SHARED(ATTEMPT)": attempt})
    with pytest.raises(OrderError) as refused:
        await orders.cancel(CALL)
    assert refused.value.id == "no_transfer"
    assert ami.asked == []


async def test_take_back_cancels_what_runs_and_else_lets_the_last_party_leave(ami: FakeAmi, orders: Orders) -> None:
    ami.channel(CALLER, **{"SHARED(ATTEMPT)": HELPER, "SHARED(LAST_JOINED)": DESK})
    await orders.take_back(CALL)
    ami.channel(CALLER, **{"SHARED(ATTEMPT)": "none"})
    await orders.take_back(CALL)
    assert [(order["Action"], order["Channel"]) for order in ami.asked] == [("Redirect", HELPER), ("Hangup", DESK)]


async def test_take_back_leaves_no_caller_alone_without_an_operator(ami: FakeAmi, call: Call, orders: Orders) -> None:
    ami.channel(CALLER, **{"SHARED(LAST_JOINED)": DESK})
    call.operator_channels = ()
    with pytest.raises(OrderError) as refused:
        await orders.take_back(CALL)
    assert refused.value.id == "no_operator"


async def test_join_brings_the_caller_into_the_private_talk(ami: FakeAmi, orders: Orders) -> None:
    with pytest.raises(OrderError):
        await orders.join(CALL)
    ami.channel(CALLER, **{"SHARED(CONSULT)": DESK})
    await orders.join(CALL)
    noted, moved = ami.asked
    assert (noted["Variable"], noted["Value"]) == ("SHARED(THREE_WITH_110)", "1")
    assert (moved["Channel"], moved["Context"], moved["Exten"]) == (CALLER, "consult-caller", "join")


async def test_an_operators_state_holds_for_every_queue(ami: FakeAmi, orders: Orders) -> None:
    await orders.pause("1001", "午餐")
    await orders.wrap_up("1001")
    await orders.ready("1001")
    assert [(order["Paused"], order["Reason"]) for order in ami.asked] == [
        ("true", "午餐"),
        ("true", "wrap-up"),
        ("false", ""),
    ]
    assert all("Queue" not in order and order["Interface"] == "PJSIP/1001" for order in ami.asked)
    with pytest.raises(OrderError) as refused:
        await orders.ready("9999")
    assert refused.value.id == "unknown_operator"


def refers(ami: FakeAmi, call: Call) -> Refers:
    return Refers(asyncio.Queue(), Orders(ami, Live(call), SITE), ami, Live(call))


async def test_a_blind_refer_becomes_a_supervised_transfer(ami: FakeAmi, call: Call) -> None:
    request = ReferRequest("blind", OPERATOR, "m01-1.1", "110")
    call_id, transfer_id = await refers(ami, call).order(request)
    told = variables(ami.asked[0])
    assert (call_id, told["TRANSFER_ID"]) == (CALL, transfer_id)
    assert (told["MODE"], told["TRIGGER"], told["OPERATOR"]) == ("transfer", "refer", OPERATOR)
    assert told["ASKED_BY"] == "m01-1.1"


async def test_an_attended_refer_takes_the_target_that_has_answered(ami: FakeAmi, call: Call) -> None:
    request = ReferRequest("attended", OPERATOR, "m01-1.1", "110", "PJSIP/1001-00000009", DESK)
    await refers(ami, call).order(request)
    (order,) = ami.asked
    assert order["Context"] == "attended-leg"
    told = variables(order)
    assert (told["DESK"], told["TRIGGER"]) == (DESK, "attended_refer")


async def test_an_attended_refer_while_the_target_rings_gives_that_line_up_and_calls_anew(
    ami: FakeAmi, call: Call
) -> None:
    await refers(ami, call).order(ReferRequest("attended", OPERATOR, "m01-1.1", "110", "PJSIP/1001-00000009"))
    assert [(order["Action"], order.get("Channel")) for order in ami.asked] == [
        ("Hangup", "PJSIP/1001-00000009"),
        ("Originate", "Local/s@transfer-whisper/n"),
    ]


@pytest.mark.parametrize(
    ("exten", "channel", "status"),
    [("13800138000", OPERATOR, "404 Not Found"), ("110", "PJSIP/1001-000000ff", "503 Service Unavailable")],
)
async def test_a_refer_that_cannot_be_is_answered_to_the_phone(
    ami: FakeAmi, call: Call, exten: str, channel: str, status: str
) -> None:
    await refers(ami, call).serve(ReferRequest("blind", channel, "m01-1.1", exten))
    (order,) = ami.asked
    assert (order["Action"], order["Channel"]) == ("PJSIPNotify", channel)
    assert f"Content=SIP/2.0 {status}" in order["Variable"]


@pytest.mark.parametrize(
    ("state", "result", "reason", "status"),
    [
        ("joined", None, None, "200 OK"),
        ("ended", "completed", None, "200 OK"),
        ("ended", "failed", "busy", "486 Busy Here"),
        ("ended", "failed", "unreachable", "503 Service Unavailable"),
        ("ended", "cancelled", None, "503 Service Unavailable"),
    ],
)
async def test_the_phone_is_told_how_its_transfer_went(
    ami: FakeAmi,
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    result: str | None,
    reason: str | None,
    status: str,
) -> None:
    served = refers(ami, call)
    ordered = served.order

    async def order(request: ReferRequest) -> tuple[str, str]:
        ids = await ordered(request)
        call.transfers = [Transfer("another", "ended", "failed"), Transfer(ids[1], state, result, reason)]
        return ids

    monkeypatch.setattr(served, "order", order)
    await served.serve(ReferRequest("blind", OPERATOR, "m01-1.1", "110"))
    (told,) = [order["Variable"] for order in ami.asked if order["Action"] == "PJSIPNotify"]
    assert f"Content=SIP/2.0 {status}" in told


async def test_given_the_call_is_over_before_the_transfer_the_phone_is_left_alone(ami: FakeAmi, call: Call) -> None:
    served = Refers(asyncio.Queue(), Orders(ami, Live(call), SITE), ami, Live(None))
    await served.serve(ReferRequest("blind", OPERATOR, "m01-1.1", "110"))
    assert [order["Action"] for order in ami.asked] == ["Originate"]
