"""The doctor's look at the mailboxes that matters come by: does each let us in?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ivr import credentials
from ivr.channels import mailbox
from ivr.errors import HotlineError
from ivr.findings import Finding, bad, ok
from ivr.settings import Site
from ivr.settings.channels import Channel

PATIENCE = 5.0  # seconds that a mailbox's server may be silent
MEND = (
    "请检查 [channels] 中的服务器地址、用户和文件夹，以及 credentials.toml 中 [channels] 的密码；恢复后自动补收",
    "see server, user and folder in [channels] and the password in [channels] of credentials.toml; "
    "nothing is missed once it is back",
)


def channels(site: Site, var: Path, look: Callable[[Channel, str, float], str] = mailbox.why_not) -> Iterator[Finding]:
    """A warning, never a problem, and no start waits for it: calls are none of its business. No mailbox is changed."""
    boxes = [one for one in site.channels.values() if one.kind == "email"]
    if not boxes:
        return
    try:
        secrets = credentials.load(var).channels if credentials.path_in(var).exists() else {}
    except HotlineError:
        return  # told by whoever needs it to start
    for box in boxes:
        why = look(box, secrets.get(box.key, ""), PATIENCE)
        if why:
            words = (
                f"邮箱 {box.key}（{box.server}）无法读取：{why}",
                f"the mailbox {box.key} ({box.server}) cannot be read: {why}",
            )
            yield bad(f"mailbox-{box.key}", words, MEND, "warning")
        else:
            yield ok(f"mailbox-{box.key}", f"邮箱 {box.key} 可以读取", f"the mailbox {box.key} can be read")
