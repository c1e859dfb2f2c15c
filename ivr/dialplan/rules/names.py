"""Applications, functions and AGI scripts that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.dialplan import words
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.model import Dialplan, Step
from ivr.dialplan.parts import references, split

_FUNCTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MADE_BY_SETTINGS = re.compile(r"ODBC_\w+")  # func_odbc.conf makes them
_GLOBAL = re.compile(r"\$\{([A-Za-z_]\w*)\}")


def applications_that_are_not_there(checked: Checked) -> Iterator[Finding]:
    for step, call in _calls(checked.dialplan):
        known = checked.names.application(call.application)
        if known is None:
            if words.is_literal(call.application):
                known_names = (one.name for one in checked.names.applications.values())
                like = checked.like(call.application, known_names)
                yield found(step.at, "no-such-application", name=call.application[:60], like=like)
        elif checked.site is not None and not checked.names.is_loaded(known.modules):
            yield found(step.at, "application-not-loaded", name=known.name, module=known.modules[0])


def functions_that_are_not_there(checked: Checked) -> Iterator[Finding]:
    for step in checked.dialplan.steps():
        for name in dict.fromkeys(_functions(step)):
            modules = checked.names.functions.get(name)
            if modules is None:
                if not _MADE_BY_SETTINGS.fullmatch(name):
                    yield found(
                        step.at, "no-such-function", name=name[:60], like=checked.like(name, checked.names.functions)
                    )
            elif checked.site is not None and not checked.names.is_loaded(modules):
                yield found(step.at, "function-not-loaded", name=name, module=modules[0])


def scripts_that_are_not_there(checked: Checked) -> Iterator[Finding]:
    """AGI: a question that the controller does not answer, or a program that is not on this machine."""
    if checked.site is None:
        return
    ours = f"agi://{checked.site.listen.agi.host}:{checked.site.listen.agi.port}/"
    for step, script in scripts(checked.dialplan):
        if script.startswith(ours):
            question = re.split(r"[?/]", script.removeprefix(ours))[0]
            if question not in checked.questions:
                known = ", ".join(sorted(checked.questions))
                yield found(step.at, "no-such-script", name=script, known=f" ({known})")
        elif "://" not in script and ":" not in script and script not in checked.scripts:
            yield found(step.at, "no-such-script", name=script, known="")


def scripts(dialplan: Dialplan) -> Iterator[tuple[Step, str]]:
    """What AGI is to run, global variables filled in, where that is known before the call."""
    for step, call in _calls(dialplan):
        if call.application.lower() in {"agi", "eagi", "deadagi"}:
            script = _with_globals(split(call.arguments)[0].strip(), dialplan)
            if script and words.is_literal(script):
                yield step, script


def _with_globals(text: str, dialplan: Dialplan) -> str:
    for _ in range(5):  # a global may name another
        filled = _GLOBAL.sub(lambda name: g.value if (g := dialplan.globals.get(name[1])) else name[0], text)
        if filled == text:
            break
        text = filled
    return text


def _calls(dialplan: Dialplan) -> Iterator[tuple[Step, words.Call]]:
    for step in dialplan.steps():
        for call in words.calls(step.application, step.arguments):
            yield step, call


def _functions(step: Step) -> Iterator[str]:
    """The functions that a step reads by `${NAME(…)}`, and those that Set writes."""
    for one in references(step.arguments):
        if one.arguments is not None and one.literal and _FUNCTION.fullmatch(one.literal):
            yield one.literal
    for call in words.calls(step.application, step.arguments):
        for name in _written(call):
            function, bracket, _ = name.lstrip("_").partition("(")
            if bracket and _FUNCTION.fullmatch(function):
                yield function


def _written(call: words.Call) -> Iterator[str]:
    """What Set and MSet assign to."""
    several = {"set": [call.arguments], "mset": split(call.arguments, ",")}
    for one in several.get(call.application.lower(), []):
        if assigned := words.assignment(one):
            yield assigned[0]
