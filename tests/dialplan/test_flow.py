"""A dialplan as a graph: where each step leads, for whom, and what comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialplan import expressions, load, parts, source
from ivr.dialplan.flow import OWN, Edge, Flow, Outcome
from ivr.dialplan.model import Step
from ivr.pbx.render import ROOT
from ivr.settings import load as settings

FILE = Path("/site/one.conf")


def flow(text: str) -> Flow:
    return Flow(source.read([FILE], {FILE: text}.get))


def told(edge: Edge) -> tuple[str, str]:
    return edge.kind, edge.target.place if isinstance(edge.target, Step) else str(edge.target)


def ways(text: str, context: str = "a", priority: int = 1) -> list[tuple[str, str]]:
    plan = flow(text)
    step = plan.at(context, "s", priority)
    assert step is not None
    return sorted(told(edge) for edge in plan.out(step))


OTHERS = (
    "[b]\nexten => s,1(in),Return()\nexten => s,2,Return()\nexten => 1,1,Return()\nexten => i,1,Return()\n"
    "[waiting-keys]\nexten => 0,1,Hangup()\n"
)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("NoOp(x)", [("next", "a,s,2")]),
        ("Goto(b,s,in)", [("goto", "b,s,1")]),
        ("Goto(2)", [("goto", "a,s,2")]),
        ("Goto(+1)", [("goto", "a,s,2")]),
        ("Goto(none,s,1)", [("goto", "lost")]),
        ("Goto(${WHERE},s,1)", [("goto", "unknown")]),
        ("GotoIf($[${X}=1]?b,s,1)", [("branch", "b,s,1"), ("next", "a,s,2")]),
        ("GotoIf($[${X}=1]?b,s,1:b,1,1)", [("branch", "b,1,1"), ("branch", "b,s,1")]),
        ("GotoIf($[${X}=1]?:b,1,1)", [("branch", "b,1,1"), ("next", "a,s,2")]),
        ("GotoIfTime(9:00-17:00,mon-fri,*,*?b,s,1)", [("branch", "b,s,1"), ("next", "a,s,2")]),
        ("Gosub(b,s,1(x,y))", [("gosub", "b,s,1"), ("next", "a,s,2")]),
        ("Gosub(c,s,1)", [("gosub", "c,s,1")]),  # [c] never returns
        ("GosubIf($[${X}=1]?c,s,1)", [("gosub", "c,s,1"), ("next", "a,s,2"), ("next", "a,s,2")]),
        ("ExecIf($[${X}=1]?Hangup())", [("next", "a,s,2"), ("next", "hangup")]),
        ("ExecIf($[${X}=1]?Goto(b,s,1):Hangup())", [("goto", "b,s,1"), ("next", "hangup")]),
        ("TryExec(Hangup())", [("next", "a,s,2")]),
        ("Exec(Goto(b,s,1))", [("goto", "b,s,1")]),
        ("Return()", [("return", "return")]),
        ("Hangup(16)", [("next", "hangup")]),
        ("Dial(PJSIP/1001,20,g)", [("next", "a,s,2"), ("next", "human")]),
        ("Dial(PJSIP/1001,20,giU(b^s^1))", [("fork", "b,s,1"), ("next", "a,s,2"), ("next", "human")]),
        ("Dial(PJSIP/1001,20,G(b^s^1))", [("fork", "b,s,2"), ("goto", "b,s,1"), ("next", "a,s,2")]),
        ("Dial(Local/s@b/n,20)", [("fork", "b,s,1"), ("next", "a,s,2"), ("next", "human")]),
        ("Queue(q,ci,,,15,,b)", [("fork", "b,s,1"), ("key", "waiting-keys,0,1"), ("next", "a,s,2"), ("next", "queue")]),
        (
            "Queue(q,ci,,,15,,,b,,1)",
            [("fork", "b,s,1"), ("key", "waiting-keys,0,1"), ("next", "a,s,2"), ("next", "queue")],
        ),
        ("Background(hello,,,b)", [("key", "b,1,1"), ("key", "b,i,1"), ("next", "a,s,2")]),
        ("WaitExten(3)", [("timeout", "hangup")]),
        ("Set(TIMEOUT(absolute)=3)", [("next", "a,s,2"), ("timeout", "hangup")]),
        ("Set(CHANNEL(hangup_handler_push)=b,s,1)", [("hook", "b,s,1"), ("next", "a,s,2")]),
        ("Originate(Local/s@c/n,exten,b,s,1,5)", [("fork", "b,s,1"), ("fork", "c,s,1"), ("next", "a,s,2")]),
        ("ChannelRedirect(${LEG},b,s,1)", [("fork", "b,s,1"), ("next", "a,s,2")]),
        ("Bridge(${LEG},F(b^s^1))", [("fork", "b,s,1"), ("next", "a,s,2"), ("next", "human")]),
        ("Transfer(PJSIP/9)", [("next", "a,s,2"), ("next", "away")]),
    ],
)
def test_given_an_application_when_drawn_then_its_ways_are_those_of_asterisk(
    step: str, expected: list[tuple[str, str]]
) -> None:
    text = f"[a]\nexten => s,1,{step}\n same => n,Return()\n[c]\nexten => s,1,Hangup()\n{OTHERS}"
    assert ways(text) == sorted(expected)


def test_given_no_step_behind_when_a_step_goes_on_then_the_call_ends() -> None:
    assert ways("[a]\nexten => s,1,NoOp()\n") == [("next", "end")]


def test_given_a_gosub_whose_callee_pops_the_stack_when_it_returns_then_the_one_above_goes_on() -> None:
    plan = flow(
        "[a]\nexten => s,1,Gosub(b,s,1)\n same => n,Hangup()\n"
        "[b]\nexten => s,1,Gosub(c,s,1)\n same => n,Wait(1)\n same => n,Hangup()\n"
        "[c]\nexten => s,1,StackPop()\n same => n,Return()\n"
    )
    outer, inner = plan.at("a"), plan.at("b")
    assert outer is not None and inner is not None
    assert [told(edge) for edge in plan.out(outer)] == [("gosub", "b,s,1"), ("next", "a,s,2")]
    assert [told(edge) for edge in plan.out(inner)] == [("gosub", "c,s,1")]


@pytest.mark.parametrize(
    ("setting", "target", "expected"),
    [
        ("Set(X=b)", "${X},s,1", [("goto", "b,s,1")]),
        ("Set(X=${IF($[${Y}=1]?b:waiting-keys)})", "${X},${IF($[${Y}]?s:0)},1", ["b,s,1", "waiting-keys,0,1"]),
        ("Read(X,hello,1)", "${X},s,1", [("goto", "unknown")]),
        ("Read(X,hello,1)", "b,${X},1", ["b,1,1", "b,i,1", "b,s,1"]),  # any extension of the context
    ],
)
def test_given_a_target_with_a_variable_when_its_words_are_evident_then_each_is_a_way(
    setting: str, target: str, expected: list[tuple[str, str] | str]
) -> None:
    found = ways(f"[a]\nexten => s,1,{setting}\n same => n,Goto({target})\n{OTHERS}", priority=2)
    assert found == [one if isinstance(one, tuple) else ("goto", one) for one in expected]


def test_given_gosub_arguments_when_a_place_is_named_by_one_then_all_callers_words_are_ways() -> None:
    text = (
        "[a]\nexten => s,1,Gosub(c,s,1(b))\n same => n,Gosub(c,s,1(waiting-keys))\n same => n,Hangup()\n"
        f"[c]\nexten => s,1,Goto(${{ARG1}},0,1)\n{OTHERS}"
    )
    assert ways(text, "c") == [("goto", "waiting-keys,0,1")]


def test_given_core_when_every_way_is_followed_then_each_step_is_reached_and_no_way_is_lost(tmp_path: Path) -> None:
    site = settings(ROOT / "hotline.toml", tmp_path)
    plan = Flow(load.load(site, tmp_path, ROOT / "dialplans/core", []))
    reached = plan.reach(plan.roots())
    assert [step.place for step in plan.dialplan.steps() if step not in reached] == []
    assert [told(edge) for edge in plan.edges() if edge.target in {Outcome.LOST, Outcome.END}] == []
    callers = {step.context for step in plan.reach(plan.doors(), follow=lambda edge: edge.kind in OWN)}
    assert {"greeting", "waiting", "emergency", "after-talk", "requeue"} <= callers
    assert not {"transfer-leg", "operator-joins", "leg"} & callers  # other legs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('$["${ONE}"="1"]', True),
        ('$["${EMPTY}"="" & "${UNKNOWN}"="x"]', None),
        ('$["${EMPTY}"!="" & "${UNKNOWN}"="x"]', False),
        ('$["${ONE}"="1" | ${UNKNOWN} > 3]', True),
        ("$[0${EMPTY} > 0]", False),
        ("$[(${ONE} + 2) * 3 = 9]", True),
        ("$[10 > 9]", True),
        ("$[!${ONE}]", False),
        ("$[${UNKNOWN} < 3]", None),
        ("${ONE}", True),
        ("$[", None),
        ("$[1 = ]", None),
    ],
)
def test_given_a_condition_when_some_words_are_known_then_it_holds_or_not_or_nobody_can_know(
    text: str, expected: bool | None
) -> None:
    known = {"ONE": "1", "EMPTY": ""}
    assert expressions.truth(parts.parse(text), lambda one: known.get(one.literal or "")) is expected


@pytest.mark.parametrize("text", ["${" * 4000, "$[" * 4000, "${A(" * 2000, "]}" * 4000, '"(' * 4000])
def test_given_a_hostile_text_when_taken_apart_then_it_ends_and_nothing_is_lost(text: str) -> None:
    assert parts.text_of(parts.parse(text)) == text
    assert ",".join(parts.split(text)) == text
