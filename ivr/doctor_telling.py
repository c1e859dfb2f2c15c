"""The doctor's look at who is told of cases: kinds of events that there are, and a secret for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ivr import credentials
from ivr.desks.case_kinds import KINDS
from ivr.errors import HotlineError
from ivr.findings import Finding, bad, ok
from ivr.settings import Site
from ivr.settings.telling import EVERY, by_name

START = ("重新启动 ivr up 即可生成", "start `ivr up` again: it makes one")


def telling(site: Site, var: Path) -> Iterator[Finding]:
    """A warning, never a problem: calls and cases are none of its business."""
    known = by_name(site)
    found = [*_kinds(site), *_secrets(var, tuple(known))]
    yield from found
    if known and not found:
        names = ", ".join(known)
        yield ok("telling", f"通知对象已就绪：{names}", f"those who are told of cases are ready: {names}")


def _kinds(site: Site) -> Iterator[Finding]:
    for hook in site.webhooks.values():
        strange = [event for event in hook.events if event != EVERY and event not in KINDS]
        if strange:
            names = ", ".join(strange)
            words = (
                f"[webhooks.{hook.name}] events 中没有这些事件：{names}",
                f"[webhooks.{hook.name}] events: there are no such kinds: {names}",
            )
            mend = (f"可用：{', '.join(KINDS)}", f"there are: {', '.join(KINDS)}")
            yield bad(f"webhook-{hook.name}", words, mend, "warning")


def _secrets(var: Path, names: tuple[str, ...]) -> Iterator[Finding]:
    if not names or not credentials.path_in(var).exists():
        return  # the first start makes them
    try:
        secrets = credentials.load(var)
    except HotlineError:
        return  # told by whoever needs it to start
    for name in names:
        if not secrets.webhook_secrets(name):
            words = (
                f"credentials.toml 的 [webhooks] 中没有 {name} 的密钥，无法通知",
                f"credentials.toml has no secret for {name} in [webhooks]: it is told nothing",
            )
            yield bad(f"webhook-secret-{name}", words, START, "warning")
