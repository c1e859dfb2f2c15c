"""What somebody must see of the exchange with other desks at once, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from ivr.store.exchange import Backlog
from ivr.web.door import Refusal
from ivr.web.room_alarms import Alarm

SHOWN = timedelta(minutes=15)  # so long a refusal at the door is shown
_FORGED = {"exchange_altered", "exchange_replayed", "exchange_signature"}


def found(
    backlog: Mapping[str, Backlog], silent: Mapping[str, timedelta], trouble: Mapping[str, str]
) -> Iterator[Alarm]:
    """Of partners: who does not hear us, and what they refuse."""
    for desk, waited in silent.items():
        minutes, why = int(waited.total_seconds() // 60), trouble.get(desk, "")
        yield Alarm(
            f"exchange_silent:{desk}",
            "exchange_silent",
            desk,
            "bad",
            {
                "zh": f"{backlog[desk].pending} 条诉求消息已有 {minutes} 分钟未能送达 {desk}"
                + (f"（{why}）" if why else ""),
                "en": f"{desk} has not been told {backlog[desk].pending} messages about cases "
                f"for {minutes} minutes{f' ({why})' if why else ''}",
            },
            {
                "zh": f"转接时请口头向 {desk} 说明情况；请工程师检查双方数据通道，恢复后自动补发",
                "en": f"tell {desk} by voice what the case is; have the data line looked at: all of it is sent then",
            },
            backlog[desk].oldest,
        )
    for desk, one in backlog.items():
        if one.refused:
            yield Alarm(
                f"exchange_refused:{desk}",
                "exchange_refused",
                desk,
                "bad",
                {
                    "zh": f"{desk} 拒收了 {one.refused} 条诉求消息，相关诉求的后续消息也在等待",
                    "en": f"{desk} refused {one.refused} messages about cases; what follows in these cases waits",
                },
                {
                    "zh": "请用 ivr exchange trace --state refused 查看原因，排除后执行 ivr exchange retry",
                    "en": "see why with `ivr exchange trace --state refused`, mend it, then `ivr exchange retry`",
                },
            )


def at_the_door(refusals: Iterable[Refusal], now: datetime) -> Iterator[Alarm]:
    """Of whoever knocked and was refused."""
    for one in refusals:
        if one.id in _FORGED and now - one.at < SHOWN:
            yield Alarm(
                f"{one.id}:{one.remote}",
                "exchange_door",
                one.remote,
                "warn",
                {
                    "zh": f"来自 {one.remote} 的平台消息被拒收 {one.times} 次（签名、重放或篡改）",
                    "en": f"{one.times} messages from {one.remote} were refused: signature, replay or altered contents",
                },
                {
                    "zh": "请向对方平台核实密钥和时钟；若不是对方所发，请报告网络安全负责人："
                    "详见 ivr audit --what exchange.",
                    "en": "ask the other desk about keys and clocks; if they did not send it, tell whoever is "
                    "responsible for security: `ivr audit --what exchange.`",
                },
                one.at,
            )
