"""What an administrator does to accounts, and what nobody can do to them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pyotp
from aiohttp import WSMsgType

from ivr.web.lockout import Locks
from ivr.web.sessions import OVER
from tests.web.house import PASSWORDS, House
from tests.web.people import ACCOUNTS, PASSWORD, SESSION, Person, enrol, log_in, person


async def account(house: House, user: str) -> dict[str, object]:
    _, told = await house.ask("GET", ACCOUNTS)
    return next(one for one in told["accounts"] if one["user"] == user)


async def next_code(house: House, user: str, secret: str) -> str:
    """One that was not used yet."""
    step = (await house.services.sessions.kept.all())[user].totp_step
    return pyotp.TOTP(secret).generate_otp(step + 1)


async def patch(house: House | Person, user: str, **wanted: object) -> tuple[int, str]:
    status, told = await house.ask("PATCH", f"{ACCOUNTS}/{user}", json=wanted)
    return status, told.get("error", {}).get("id", "")


async def test_given_the_last_administrator_then_no_order_takes_him_away(house: House) -> None:
    for wanted in ({"roles": ["supervisor"]}, {"disabled": True}):
        assert await patch(house, "admin", **wanted) == (409, "last_admin")
    status, told = await house.ask("DELETE", f"{ACCOUNTS}/admin")
    assert (status, told["error"]["id"]) == (409, "last_admin")
    second = await person(house, "admin", user="second")
    assert await patch(house, "admin", disabled=True) == (200, "")
    assert await patch(house, "second", disabled=True) == (409, "last_admin")
    assert await patch(second, "second", roles=["operator"]) == (403, "own_account")
    assert await patch(second, "admin", disabled=False) == (200, "")


async def test_given_a_stolen_login_of_an_administrator_then_it_makes_no_password_and_takes_no_second_factor_away(
    house: House,
) -> None:
    """Who has the cookie alone must not become who has the account."""
    boss = await person(house, "admin", user="boss")
    for wanted in ({"password_reset": True}, {"totp_reset": True}):
        assert await patch(boss, "boss", **wanted) == (403, "own_account")
    assert (await account(house, "boss"))["totp"]
    await log_in(house, "boss", code=await next_code(house, "boss", boss.secret))
    assert await patch(boss, "boss", name="王芳芳", log_out=False) == (200, "")


async def test_given_two_administrators_who_shut_each_other_out_at_once_then_one_stays(house: House) -> None:
    await person(house, "admin", user="second")
    answers = await asyncio.gather(patch(house, "admin", disabled=True), patch(house, "second", roles=["operator"]))
    assert sorted(answers) == [(200, ""), (409, "last_admin")]


async def test_given_an_auditor_then_no_role_that_changes_anything_goes_with_it(house: House) -> None:
    for other in ("admin", "dialplan_admin", "supervisor", "operator"):
        wanted = {"user": "x", "name": "x", "roles": ["auditor", other]}
        status, told = await house.ask("POST", ACCOUNTS, json=wanted)
        assert (status, told["error"]["id"]) == (422, "roles_exclude")
    await person(house, "auditor", "liaison", user="both")
    assert await patch(house, "both", roles=["auditor", "operator"]) == (422, "roles_exclude")


async def test_given_a_person_at_work_when_his_sessions_are_ended_then_he_is_out_and_comes_in_again(
    house: House,
) -> None:
    one = await person(house, "liaison", user="liu")
    assert (await account(house, "liu"))["sessions"] == 1
    assert await patch(house, "liu", log_out=True) == (200, "")
    assert (await account(house, "liu"))["sessions"] == 0
    assert (await one.ask("GET", SESSION))[0] == 401
    await log_in(house, "liu")


async def test_given_a_change_of_what_a_person_may_then_his_old_session_has_it_not(house: House) -> None:
    one = await person(house, "liaison", user="liu")
    for wanted in ({"roles": ["operator"]}, {"disabled": True}):
        assert await patch(house, "liu", **wanted) == (200, "")
        assert (await one.ask("GET", SESSION))[0] == 401
        if not wanted.get("disabled"):
            one = await log_in(house, "liu")
    _, told = await house.ask("POST", SESSION, token=None, json={"user": "liu", "password": PASSWORD})
    assert told["error"]["id"] == "wrong_login"


async def test_given_a_new_first_password_then_the_old_one_opens_nothing_and_the_new_one_must_be_changed(
    house: House,
) -> None:
    await person(house, "operator", user="liu")
    status, told = await house.ask("PATCH", f"{ACCOUNTS}/liu", json={"password_reset": True})
    assert status == 200
    _, wrong = await house.ask("POST", SESSION, token=None, json={"user": "liu", "password": PASSWORD})
    assert wrong["error"]["id"] == "wrong_login"
    again = await log_in(house, "liu", told["password"])
    assert (await again.ask("GET", SESSION))[1]["session"]["must"] == "password"


# --- lock-out --------------------------------------------------------------------------------------------------------


async def guess(house: House, user: str, times: int) -> list[int]:
    wrong = {"user": user, "password": "wrong"}
    return [(await house.ask("POST", SESSION, token=None, json=wrong))[0] for _ in range(times)]


async def test_given_as_many_wrong_passwords_as_are_allowed_then_the_right_one_waits_until_the_time_is_over(
    house: House,
) -> None:
    rules, now = house.services.site.accounts, [1000.0]
    locks = Locks(rules, clock=lambda: now[0])
    object.__setattr__(house.services, "locks", locks)
    right = {"user": "1001", "password": PASSWORDS["1001"]}
    await log_in(house, **right)  # at home: nothing is kept in the database, this clock tells alone
    assert await guess(house, "1001", rules.lock_after) == [401] * rules.lock_after
    status, told = await house.ask("POST", SESSION, token=None, json=right)
    assert (status, told["error"]["id"]) == (429, "locked")
    assert (await account(house, "1001"))["locked_until"] is not None
    now[0] += rules.lock_minutes * 60 - 1
    assert (await house.ask("POST", SESSION, token=None, json=right))[0] == 429
    now[0] += 1
    await log_in(house, **right)
    assert (await account(house, "1001"))["locked_until"] is None


async def test_given_a_locked_account_when_an_administrator_unlocks_it_then_it_opens_and_it_is_on_record(
    house: House,
) -> None:
    admin = await person(house, "admin", user="boss")
    await guess(house, "1001", house.services.site.accounts.lock_after)
    assert await patch(admin, "1001", unlock=True) == (200, "")
    await log_in(house, "1001", PASSWORDS["1001"])
    _, told = await house.ask("GET", "/api/v1/audit?what=account.&limit=50")
    noted = [(entry["what"], entry["who"].split()[0], entry["about"]) for entry in told["entries"]]
    assert ("account.change", "boss", "1001") in noted
    assert [what for what, _, about in noted if about == "1001"].count("account.locked") == 1


async def test_given_a_stranger_who_locks_an_account_then_its_person_comes_in_at_his_own_desk(house: House) -> None:
    rules = house.services.site.accounts
    locks = house.services.locks
    for _ in range(rules.lock_after):
        locks.begin("1001", "203.0.113.9", at_home=False)
    assert locks.left("1001") > 0
    locks.begin("1001", "127.0.0.1", at_home=True)


# --- the second factor -----------------------------------------------------------------------------------------------


async def test_given_a_role_that_needs_a_second_factor_when_logged_in_then_nothing_opens_before_it_is_set_up(
    house: House,
) -> None:
    wanted = {"user": "boss", "name": "王芳", "roles": ["supervisor"], "password": PASSWORD}
    await house.ask("POST", ACCOUNTS, json=wanted)
    boss = await log_in(house, "boss")
    status, told = await boss.ask("GET", "/api/v1/live")
    assert (status, told["error"]["id"]) == (403, "must_totp")
    assert ((await account(house, "boss"))["totp"], (await account(house, "boss"))["totp_wanted"]) == (False, True)
    _, told = await boss.ask("PUT", f"{SESSION}/totp", json={"code": "000000"})
    assert told["error"]["id"] == "totp_not_begun"
    secret = await enrol(boss)
    assert (await boss.ask("GET", "/api/v1/live"))[0] == 200
    status, told = await boss.ask("POST", f"{SESSION}/totp")
    assert (status, told["error"]["id"]) == (409, "totp_exists")

    words = {"user": "boss", "password": PASSWORD}
    status, told = await house.ask("POST", SESSION, token=None, json=words)
    assert (status, told["error"]["id"]) == (401, "code_needed")
    enrolled = pyotp.TOTP(secret).generate_otp((await house.services.sessions.kept.all())["boss"].totp_step)
    for used in (enrolled, "000000"):  # that of the enrolment opens nothing a second time
        status, told = await house.ask("POST", SESSION, token=None, json={**words, "code": used})
        assert (status, told["error"]["id"]) == (401, "wrong_code")


async def test_given_a_code_that_opened_when_it_is_sent_again_then_it_is_refused_and_the_next_one_opens(
    house: House,
) -> None:
    wanted = {"user": "boss", "name": "王芳", "roles": ["supervisor"], "password": PASSWORD}
    await house.ask("POST", ACCOUNTS, json=wanted)
    secret = await enrol(await log_in(house, "boss"))
    await house.services.sessions.change("boss", totp_step=0)  # as if it had been set up long ago
    code = pyotp.TOTP(secret).now()
    await log_in(house, "boss", code=code)
    status, told = await house.ask(
        "POST", SESSION, token=None, json={**{"user": "boss"}, "password": PASSWORD, "code": code}
    )
    assert (status, told["error"]["id"]) == (401, "wrong_code")
    await log_in(house, "boss", code=await next_code(house, "boss", secret))


async def test_given_a_second_factor_when_an_administrator_resets_it_then_it_is_set_up_anew(house: House) -> None:
    boss = await person(house, "supervisor", user="boss")
    assert await patch(house, "boss", totp_reset=True) == (200, "")
    assert (await boss.ask("GET", SESSION))[0] == 401
    again = await log_in(house, "boss")
    assert (await again.ask("GET", SESSION))[1]["session"]["must"] == "totp"


# --- live views ------------------------------------------------------------------------------------------------------


async def test_given_live_views_when_their_session_is_ended_then_each_closes_with_4401_and_lets_nobody_back(
    house: House,
) -> None:
    boss = await person(house, "supervisor", user="boss", number="2001")
    await patch(house, "1001", number=None)
    operator = await person(house, "operator", user="liu", number="1001")
    for one, path in ((boss, "/api/v1/live/stream"), (operator, "/api/v1/desk/stream")):
        async with house.client.ws_connect(path, headers=one.headers) as socket:
            await socket.receive_json(timeout=60)
            assert await patch(house, one.user, log_out=True) == (200, "")
            while (told := await socket.receive(timeout=60)).type is WSMsgType.TEXT:
                pass
        assert (told.type, told.data) == (WSMsgType.CLOSE, OVER)
        async with house.client.get(path, headers=one.headers) as response:
            assert response.status in (400, 401)


async def test_given_a_person_of_a_department_when_he_logs_in_then_his_page_knows_it_and_no_other_role_goes_with_it(
    house: House,
) -> None:
    li = await person(house, "department", user="li")
    _, told = await li.ask("GET", SESSION)
    assert (told["session"]["roles"], told["session"]["department"]) == (["department"], "chengguan")
    for wanted, id in (
        ({"roles": ["department", "operator"], "department": "chengguan"}, "department_alone"),
        ({"roles": ["department"]}, "department_needed"),
        ({"roles": ["operator"], "department": "chengguan"}, "department_unused"),
        ({"roles": ["department"], "department": "nowhere"}, "unknown_department"),
    ):
        about = {"user": "new", "name": "新人", "password": PASSWORD}
        status, refusal = await house.ask("POST", ACCOUNTS, json={**about, **wanted})
        assert (status, refusal["error"]["id"]) == (422, id)
    assert await patch(house, "li", roles=["operator"]) == (422, "department_unused")
    assert await patch(house, "li", department="shuiwu") == (200, "")
    assert (await account(house, "li"))["department"] == "shuiwu"
    assert (await li.ask("GET", SESSION))[0] == 401  # what was open for the other department is over
    assert await patch(house, "li", roles=["operator"], department=None) == (200, "")


async def test_given_a_department_that_the_settings_have_no_more_then_its_people_are_told_so_and_lose_nothing(
    house: House,
) -> None:
    li = await person(house, "department", user="li")
    site = house.services.site
    object.__setattr__(house.services, "site", replace(site, departments={}))
    status, told = await li.ask("GET", SESSION)
    assert (status, told["error"]["id"], told["error"]["details"]) == (
        403,
        "department_gone",
        {"department": "chengguan"},
    )
    for _ in range(site.accounts.lock_after + 1):  # it is no wrong password
        status, told = await house.ask("POST", SESSION, token=None, json={"user": "li", "password": PASSWORD})
        assert (status, told["error"]["id"]) == (403, "department_gone")
    status, told = await house.ask("POST", SESSION, token=None, json={"user": "li", "password": "wrong"})
    assert (status, told["error"]["id"]) == (401, "wrong_login")  # only who knows the password is told
    assert await patch(house, "li", disabled=True) == (200, "")  # an administrator can still put it right
    assert await patch(house, "li", disabled=False) == (200, "")
    object.__setattr__(house.services, "site", site)
    assert (await (await log_in(house, "li")).ask("GET", SESSION))[0] == 200
