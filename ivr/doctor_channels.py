"""The doctor's look at the mailboxes that matters come by: does each let us in, and take what is answered?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ivr import credentials
from ivr.errors import HotlineError
from ivr.findings import Finding, bad, ok
from ivr.settings import Site
from ivr.settings.channels import Channel, answered

PATIENCE = 5.0  # seconds that a mailbox's server may be silent
MEND_SENDING = (
    "请检查 [channels] 中的 send、send_from、send_user 和 credentials.toml 中的密码；未发出的邮件会自动重发",
    "see send, send_from and send_user in [channels] and the password in [channels] of credentials.toml; "
    "mails that wait are sent by themselves then",
)
MEND = (
    "请检查 [channels] 中的服务器地址、用户和文件夹，以及 credentials.toml 中 [channels] 的密码；恢复后自动补收",
    "see server, user and folder in [channels] and the password in [channels] of credentials.toml; "
    "nothing is missed once it is back",
)


def channels(site: Site, var: Path) -> Iterator[Finding]:
    """A warning, never a problem, and no start waits for it: calls are none of its business. No mailbox is changed."""
    boxes = [one for one in site.channels.values() if one.kind == "email"]
    if not boxes:
        return
    from ivr.channels import mailbox  # noqa: PLC0415  slow to import, and only this needs it

    try:
        secrets = credentials.load(var) if credentials.path_in(var).exists() else None
    except HotlineError:
        return  # told by whoever needs it to start
    known = secrets.channels if secrets is not None else {}
    for box in boxes:
        why = mailbox.why_not(box, known.get(box.key, ""), PATIENCE)
        if why:
            words = (
                f"邮箱 {box.key}（{box.server}）无法读取：{why}",
                f"the mailbox {box.key} ({box.server}) cannot be read: {why}",
            )
            yield bad(f"mailbox-{box.key}", words, MEND, "warning")
        else:
            yield ok(f"mailbox-{box.key}", f"邮箱 {box.key} 可以读取", f"the mailbox {box.key} can be read")
    for box in answered(site.channels).values():
        yield _sending(site, box, secrets.mail_password(box.key) if secrets is not None else "")


def _sending(site: Site, box: Channel, password: str) -> Finding:
    """Up to the sender's address: no mail is sent."""
    from ivr import posting  # noqa: PLC0415
    from ivr.telling import smtp  # noqa: PLC0415

    try:
        why = smtp.why_not(smtp.Submission(box, password, posting.context(site, everybody=True), PATIENCE))
    except OSError as failure:
        why = str(failure)  # the site's own certificate
    if why:
        words = (
            f"无法用 {box.send} 以 {box.sender} 的名义发出答复邮件：{why}",
            f"no answer of {box.sender} can be sent by {box.send}: {why}",
        )
        return bad(f"mail-out-{box.key}", words, MEND_SENDING, "warning")
    return ok(f"mail-out-{box.key}", f"邮箱 {box.key} 可以发出答复", f"answers of the mailbox {box.key} can be sent")
