"""A site's hooks on a real Asterisk: whatever a hook does, the caller is not dropped and comes to an operator.

One site's dialplan misbehaves in every way; which way a call meets is told by the caller's own number, so that many
calls can run at once: 139<hook><way>00000.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.pbx.conftest import finish
from tests.pbx.hotline import Hotline

WAYS = {
    "01": ("Return", "ok"),
    "02": ("Hangup(21)", "failed"),
    "03": ("NoSuchApplication(x)", "failed"),
    "04": ("Goto(nowhere,s,1)", "failed"),
    "05": ("Goto(s,1)", "time_limit"),
    "06": ("Wait(3600)", "time_limit"),
    "07": ("Set(TIMEOUT(absolute)=0)", "ok"),
    "08": ("StackPop()", "failed"),
    "09": ("AGI(/no/such/program)", "ok"),
}
HOOKS = {"1": "before-greeting", "2": "before-queue"}
LIMIT = 2  # seconds


def dialplan() -> str:
    lines = []
    for digit, hook in HOOKS.items():
        lines += [
            f"[site-{hook}]",
            f'exten => s,1,GotoIf($["${{CALLERID(num):3:1}}"!="{digit}"]?done)',
            " same => n,Goto(site-way-${FILTER(0-9,${CALLERID(num):4:2})},s,1)",
            " same => n(done),Return()",
            "",
        ]
    for way, (step, _) in WAYS.items():
        lines += [f"[site-way-{way}]", f"exten => s,1,{step}", " same => n,Return()", ""]
    lines += ["[site-broken", "exten => s,1,NoOp(", "nonsense", "exten = s,x,NoOp()", ""]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    folder = tmp_path_factory.mktemp("hooks")
    own = folder / "dialplans/site"
    own.mkdir(parents=True)
    (own / "misbehaves.conf").write_text(dialplan(), encoding="utf-8")
    hotline = Hotline(folder, {"hooks": {"before_greeting": LIMIT, "before_queue": LIMIT}})
    try:
        yield hotline.start()
    finally:
        hotline.stop()


@pytest.fixture
def mischief(site: Hotline, request: pytest.FixtureRequest) -> Iterator[Hotline]:
    yield site
    finish(site, request.node)


def hooks_of(hotline: Hotline, number: str) -> list[str]:
    return [step.value for step in hotline.call_of(number).steps if step.step == "hook"]


@pytest.mark.parametrize("hook", HOOKS)
def test_given_a_hook_that_misbehaves_when_a_citizen_calls_then_he_comes_to_an_operator(
    mischief: Hotline, hook: str
) -> None:
    operator = mischief.operator("1001")
    for way, (step, result) in WAYS.items():
        number = f"139{hook}{way}00000"
        citizen = mischief.caller(number)
        began = time.time()
        citizen.call(mischief.uri, from_user=number)
        citizen.wait_heard(operator.tone, timeout=10)
        print(step, time.time() - began)
        citizen.hangup()
        citizen.wait_for("disconnected")
        assert f"{HOOKS[hook]}:{result}" in hooks_of(mischief, number), (step, hooks_of(mischief, number))
        assert mischief.call_of(number).outcome == "answered"
        citizen.close()
