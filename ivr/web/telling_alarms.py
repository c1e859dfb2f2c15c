"""What somebody must see of what a city's systems and citizens are told, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

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
                {
                    "zh": f"{one.dead} 条通知未能送达 {name}，已停止重发",
                    "en": f"{one.dead} messages to {name} were given up",
                },
                {
                    "zh": f"排除原因后执行 ivr webhooks retry {name} 补发",
                    "en": f"mend what is wrong, then `ivr webhooks retry {name}`",
                },
            )
