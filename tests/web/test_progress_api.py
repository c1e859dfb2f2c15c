"""A citizen without a login asks how far his matter is: step and time, or nothing."""

from __future__ import annotations

from dataclasses import replace

from ivr.web.progress_words import WORDS
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


async def test_given_the_public_page_when_both_numbers_fit_then_it_shows_the_step_and_otherwise_says_what_to_do(
    house: House,
) -> None:
    case = (await house.services.cases.open("1001", "phone", {"caller": CITIZEN, "cause": "路灯不亮"})).case
    for wrong, status, words in (
        ({"number": CITIZEN, "case": ""}, 422, "请填写电话号码和诉求编号"),
        ({"number": CITIZEN, "case": "<b>"}, 404, "没有查到"),
    ):
        answer = await asked_by_page(house, wrong)
        assert (answer[0], words in answer[1], "<b>" in answer[1]) == (status, True, False)
    status, text = await asked_by_page(house, {"number": "138 0013 8000", "case": f" {case.number[-6:]} "})
    assert (status, "已登记，正在等待受理" in text, "路灯" in text) == (200, True, False)
    status, text = await asked_by_page(house, {"number": CITIZEN, "case": case.number}, "en")
    assert (status, "it waits to be accepted" in text) == (200, True)
    for _ in range(6):
        status, text = await asked_by_page(house, {"number": CITIZEN, "case": "000099"})
    assert (status, "查询次数过多：请 10 分钟后再试" in text) == (429, True)


async def test_given_a_hotline_without_a_public_form_then_there_is_no_such_page(house: House) -> None:
    async with house.client.get("/report/progress") as response:
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")
        text = await response.text()
    assert 'action="/report/progress?lang=' in text
    closed = replace(house.services.site, channels={})
    object.__setattr__(house.services, "site", closed)
    async with house.client.get("/report/progress") as response:
        assert response.status == 404


async def asked_by_page(house: House, form: dict[str, str], language: str = "zh") -> tuple[int, str]:
    async with house.client.post(f"/report/progress?lang={language}", data=form) as response:
        return response.status, await response.text()


def test_the_page_has_the_same_words_in_both_languages() -> None:
    assert set(WORDS["zh"]) == set(WORDS["en"])
