"""What somebody must see of what a city's systems and citizens are told, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from ivr.settings.channels import MAIL
from ivr.store.tellings import Waiting
from ivr.web.room_alarms import Alarm


def found(
    waiting: Mapping[str, Waiting], silent: Mapping[str, timedelta], trouble: Mapping[str, str]
) -> Iterator[Alarm]:
    """Who takes nothing for long, and what was given up."""
    for name, waited in silent.items():
        minutes, why = int(waited.total_seconds() // 60), trouble.get(name, "")
        yield Alarm(
            f"telling_silent:{name}",
            "telling_silent",
            name,
            "warn",
            {
                "zh": f"{waiting[name].pending} 条通知已有 {minutes} 分钟未能送达 {name}"
                + (f"（{why}）" if why else ""),
                "en": f"{name} has not taken {waiting[name].pending} messages for {minutes} minutes"
                + (f" ({why})" if why else ""),
            },
            {
                "zh": "请工程师检查该系统的地址、证书和密钥；恢复后自动补发",
                "en": "have that system's address, certificate and secret looked at: all of it is sent by itself then",
            },
            waiting[name].oldest,
        )
    for name, one in waiting.items():
        if one.dead:
            yield Alarm(
                f"telling_given_up:{name}",
                "telling_given_up",
                name,
                "warn",
                *_given_up(name, one.dead),
            )


def _given_up(name: str, count: int) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What, and what to do about it: an answer that no mail server takes has to reach its citizen another way."""
    if name.startswith(MAIL):
        box = name.removeprefix(MAIL)
        return (
            {
                "zh": f"邮箱 {box} 有 {count} 封答复未能发出",
                "en": f"{count} answers of the mailbox {box} reached nobody",
            },
            {
                "zh": f"请在诉求中查看，改用其他方式答复；服务器问题排除后执行 ivr webhooks retry {name} 补发",
                "en": f"see their cases, reach them another way; once it is mended: `ivr webhooks retry {name}`",
            },
        )
    return (
        {"zh": f"{count} 条通知未能送达 {name}，已停止重发", "en": f"{count} messages to {name} were given up"},
        {
            "zh": f"排除原因后执行 ivr webhooks retry {name} 补发",
            "en": f"mend what is wrong, then `ivr webhooks retry {name}`",
        },
    )
