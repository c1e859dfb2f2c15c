"""What the words of a case are called in sheets and bulletins, Chinese and English side by side. Pure."""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, tuple[str, str]]  # word → Chinese, English

CHANNELS: Table = {
    "phone": ("电话", "telephone"),
    "web": ("网页", "web"),
    "email": ("邮件", "e-mail"),
    "sms": ("短信", "SMS"),
    "wechat": ("微信", "WeChat"),
    "weibo": ("微博", "Weibo"),
    "app": ("应用", "app"),
    "desk": ("其他平台", "another desk"),
}
KINDS: Table = {
    "": ("未选", "not chosen"),
    "consultation": ("咨询", "question"),
    "complaint": ("投诉", "complaint"),
    "help": ("非紧急求助", "non-emergency help"),
    "report": ("举报", "report"),
    "suggestion": ("意见建议", "suggestion"),
    "praise": ("表扬", "praise"),
}
URGENCIES: Table = {
    "general": ("一般", "general"),
    "urgent": ("紧急", "urgent"),
    "very_urgent": ("特急", "very urgent"),
}
STATES: Table = {
    "open": ("办理中", "open"),
    "offered": ("待对方答复", "offered"),
    "accepted": ("已受理", "accepted"),
    "consulting": ("待会商", "consulting"),
    "handled": ("已答复", "handled"),
    "closed": ("已办结", "closed"),
    "merged": ("已并单", "merged"),
}
HANDOVERS: Table = {
    "sent": ("待答复", "waiting"),
    "accepted": ("已受理", "accepted"),
    "refused": ("不受理", "refused"),
    "returned": ("受理后退回", "returned"),
    "kept": ("原平台受理", "kept"),
    "lapsed": ("未答复即结束", "ended unanswered"),
}
DECIDED: Table = {
    "agreed": ("双方商定", "agreed"),
    "first_received": ("首接先行受理", "first received"),
    "emergency": ("紧急派警", "emergency"),
    "accepted": ("直接接收", "accepted as offered"),
    "consulted": ("会商确定", "consultation"),
}


def name(table: Table, word: str, language: str) -> str:
    """A word that the table lacks is shown as it is."""
    return table[word][language == "en"] if word in table else word.replace("_", " ")
