"""A citizen without a login asks how far his matter is: step and time, or nothing."""

from __future__ import annotations

from tests.web.house import House

CITIZEN = "13800138000"


async def test_given_no_login_when_both_numbers_fit_then_the_step_is_told_and_nothing_else(house: House) -> None:
    known = await house.services.cases.open("1001", "phone", {"caller": CITIZEN, "cause": "路灯不亮"})
    ask = f"/api/v1/progress?number={CITIZEN}&case="
    status, told = await house.ask("GET", ask + known.case.number, token=None)
    assert (status, sorted(told["progress"]), told["progress"]["step"]) == (200, ["at", "step"], "received")
    assert await house.ask("GET", ask + "000099", token=None) == (200, {"progress": None})
    assert await house.ask("GET", "/api/v1/progress", token=None) == (200, {"progress": None})
    for _ in range(6):
        status, told = await house.ask("GET", ask + "000099", token=None)
    assert (status, told["error"]["id"]) == (429, "too_many_tries")
