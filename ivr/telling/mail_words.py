"""What a citizen reads in a mail of the hotline. Nothing of it says what the matter is about: that stands in an answer
as the operator writes it, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

SUBJECT: Mapping[str, Mapping[str, str]] = {
    "received": {"zh": "【{name}】来信已收到，诉求编号 {number}", "en": "[{name}] Received: matter {number}"},
    "responded": {"zh": "【{name}】诉求 {number} 的答复", "en": "[{name}] An answer to your matter {number}"},
}

BODY: Mapping[str, Mapping[str, str]] = {
    "received": {
        "zh": """您好：

来信收悉，已登记为诉求 {number}。{promise}

如需补充情况，请直接回复本邮件；如需查询进展，请拨打 {hotline} 并提供诉求编号。
遇有危及人身安全的紧急情况，请立即拨打 {emergency}，不要等待邮件答复。

本邮件由系统自动发送。

{name}
""",
        "en": """Hello,

thank you for your message. It is registered as matter {number}. {promise}

To add something, reply to this mail. To hear how it goes, call {hotline} and give this number.
If anybody is in danger, call {emergency} now: do not wait for a mail.

This mail was sent automatically.

{name}
""",
    },
    "responded": {
        "zh": """您好：

您反映的诉求（编号 {number}）现答复如下：

{words}

如有疑问或需补充，请直接回复本邮件，或拨打 {hotline} 并提供诉求编号。

{name}
""",
        "en": """Hello,

this is the answer to your matter {number}:

{words}

If anything is left open, reply to this mail, or call {hotline} and give this number.

{name}
""",
    },
}

PROMISE: Mapping[str, Mapping[bool, str]] = {  # of the acknowledgement: is the time of a first answer still to come?
    "zh": {True: "我们将在 {until} 前作出首次答复。", False: "我们会尽快答复。"},
    "en": {True: "We will answer by {until}.", False: "We will answer as soon as we can."},
}
