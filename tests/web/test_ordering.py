"""Orders over HTTP: asked once, in the right words, refused where they cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ivr.errors import HotlineError
from tests.web.house import CALL, House, NotedOrders

TRANSFERS = f"/api/v1/calls/{CALL}/transfers"
ORDER = {"target": "110", "mode": "transfer"}


async def test_given_a_running_call_then_a_transfer_is_asked_and_told(house: House) -> None:
    house.in_a_call()
    status, body = await house.ask("POST", TRANSFERS, json={**ORDER, "operator": "1002"})
    assert status == 202
    told = body["transfer"]
    assert {**told, "id": ""} == {"id": "", "call_id": CALL, **ORDER, "state": "asked"}
    assert house.orders.asked == [("transfer", CALL, "110", "transfer", "api", "1002")]


async def test_given_the_same_key_twice_then_one_order_and_the_same_answer(house: House) -> None:
    house.in_a_call()
    first = await house.ask("POST", TRANSFERS, json=ORDER, headers={"Idempotency-Key": "click-1"})
    again = await house.ask("POST", TRANSFERS, json=ORDER, headers={"Idempotency-Key": "click-1"})
    assert first == again
    assert len(house.orders.asked) == 1


async def test_given_ten_at_once_with_one_key_then_one_order(house: House) -> None:
    house.in_a_call()
    asks = (house.ask("POST", TRANSFERS, json=ORDER, headers={"Idempotency-Key": "k"}) for _ in range(10))
    answers = await asyncio.gather(*asks)
    assert len({body["transfer"]["id"] for _, body in answers}) == 1
    assert len(house.orders.asked) == 1


async def test_given_no_key_then_each_request_is_an_order_of_its_own(house: House) -> None:
    house.in_a_call()
    answers = [await house.ask("POST", TRANSFERS, json=ORDER) for _ in range(2)]
    assert len({body["transfer"]["id"] for _, body in answers}) == 2
    assert len(house.orders.asked) == 2


async def test_given_a_key_that_came_with_another_request_then_422(house: House) -> None:
    house.in_a_call()
    await house.ask("POST", TRANSFERS, json=ORDER, headers={"Idempotency-Key": "k"})
    other = {"target": "gas", "mode": "transfer"}
    status, body = await house.ask("POST", TRANSFERS, json=other, headers={"Idempotency-Key": "k"})
    assert (status, body["error"]["id"]) == (422, "idempotency_key_reused")
    assert len(house.orders.asked) == 1


async def test_given_a_refusal_then_the_same_key_may_try_again(house: House) -> None:
    house.in_a_call()
    house.orders.refuse = HotlineError("busy", "a transfer of this call runs already", {"call": CALL}, 409)
    status, body = await house.ask("POST", TRANSFERS, json=ORDER, headers={"Idempotency-Key": "k"})
    assert (status, body["error"]["id"]) == (409, "busy")
    status, _ = await house.ask("POST", TRANSFERS, json=ORDER, headers={"Idempotency-Key": "k"})
    assert status == 202


async def test_given_an_order_that_may_have_been_carried_out_then_the_same_key_never_dials_again(house: House) -> None:
    house.in_a_call()
    house.orders.refuse = HotlineError("pbx_silent", "no answer", {"seconds": 3}, 504)
    first = await house.ask("POST", TRANSFERS, json=ORDER, headers={"Idempotency-Key": "k"})
    again = await house.ask("POST", TRANSFERS, json=ORDER, headers={"Idempotency-Key": "k"})
    assert first[0] == again[0] == 504
    assert len(house.orders.asked) == 1


async def test_given_the_memory_is_lost_but_the_transfer_is_seen_then_it_is_not_asked_again(house: House) -> None:
    house.in_a_call()
    headers = {"Idempotency-Key": "k"}
    _, first = await house.ask("POST", TRANSFERS, json=ORDER, headers=headers)
    extra = f'{{"extra":"id={first["transfer"]["id"]}&call={CALL}&target=110&mode=transfer&trigger=api"}}'
    house.feed({"Event": "CEL", "Timestamp": "1800000000", "UserDefType": "TRANSFER_ASK", "Extra": extra})
    house.services.idempotency._answers.clear()  # as after a restart
    assert (await house.ask("POST", TRANSFERS, json=ORDER, headers=headers))[1] == first
    assert len(house.orders.asked) == 1


async def test_given_a_bad_key_then_422(house: House) -> None:
    house.in_a_call()
    for key in ("", "a b", "x" * 256):
        status, _ = await house.ask("POST", TRANSFERS, json=ORDER, headers={"Idempotency-Key": key})
        assert status == 422
    assert house.orders.asked == []


@pytest.mark.parametrize(
    ("method", "path", "order"),
    [
        ("DELETE", f"{TRANSFERS}/current", ("cancel", CALL)),
        ("POST", f"/api/v1/calls/{CALL}/take-back", ("take_back", CALL)),
        ("POST", f"/api/v1/calls/{CALL}/join", ("join", CALL)),
        ("POST", "/api/v1/operators/1001/ready", ("ready", "1001")),
        ("POST", "/api/v1/operators/1001/wrap-up", ("wrap_up", "1001")),
    ],
)
async def test_given_an_order_then_it_is_passed_on(house: House, method: str, path: str, order: tuple[str]) -> None:
    house.in_a_call()
    status, body = await house.ask(method, path)
    assert (status, body["order"]["state"]) == (202, "asked")
    assert house.orders.asked == [order]


async def test_given_a_pause_then_its_reason_is_passed_on(house: House) -> None:
    assert (await house.ask("POST", "/api/v1/operators/1001/pause", json={"reason": "开会"}))[0] == 202
    assert (await house.ask("POST", "/api/v1/operators/1001/pause"))[0] == 202
    assert house.orders.asked == [("pause", "1001", "开会"), ("pause", "1001", "")]
    status, _ = await house.ask("POST", "/api/v1/operators/1001/pause", json={"reason": "a\r\nAction: Originate"})
    assert status == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", TRANSFERS, ORDER),
        ("DELETE", f"{TRANSFERS}/current", None),
        ("POST", f"/api/v1/calls/{CALL}/take-back", None),
        ("POST", f"/api/v1/calls/{CALL}/join", None),
    ],
)
async def test_given_a_call_that_does_not_run_then_404(house: House, method: str, path: str, body: object) -> None:
    status, answer = await house.ask(method, path, json=body) if body else await house.ask(method, path)
    assert (status, answer["error"]["id"]) == (404, "unknown_call")
    assert house.orders.asked == []


async def test_given_nobody_of_that_number_then_404(house: House) -> None:
    for action in ("ready", "pause", "wrap-up"):
        status, answer = await house.ask("POST", f"/api/v1/operators/2999/{action}")
        assert (status, answer["error"]["id"]) == (404, "unknown_operator")
    assert house.orders.asked == []


async def test_given_the_client_hangs_up_while_the_order_runs_then_the_order_is_still_once(house: House) -> None:
    house.in_a_call()
    begun, go_on = asyncio.Event(), asyncio.Event()
    house.orders._note = _held(house.orders, begun, go_on)
    headers = {"Idempotency-Key": "k"}
    lost = asyncio.create_task(house.ask("POST", TRANSFERS, json=ORDER, headers=headers))
    await begun.wait()
    lost.cancel()
    again = asyncio.create_task(house.ask("POST", TRANSFERS, json=ORDER, headers=headers))
    go_on.set()
    assert (await again)[0] == 202
    assert len(house.orders.asked) == 1


def _held(orders: NotedOrders, begun: asyncio.Event, go_on: asyncio.Event) -> Callable[..., Awaitable[None]]:
    async def note(*order: object) -> None:
        orders.asked.append(order)
        begun.set()
        await go_on.wait()

    return note
