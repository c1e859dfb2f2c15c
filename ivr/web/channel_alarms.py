"""What somebody must see of the channels at once: who waits for a first answer too long, a mailbox that is not read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ivr.channels.inbound import State
from ivr.web.room_alarms import Alarm

GRACE = timedelta(minutes=2)  # of a mailbox's server that is started anew


def found(state: State, now: datetime) -> Iterator[Alarm]:
    if state.late:
        yield Alarm(
            "channel_late",
            "channel_late",
            "",
            "warn",
            {
                "zh": f"{state.late} 件网络诉求超过首次答复时限",
                "en": f"{state.late} matter{'s' if state.late > 1 else ''} from the internet not answered in time",
            },
            {
                "zh": "请安排坐席在“诉求”页答复：超时的排在最前",
                "en": "have them answered on the page Cases: the late ones come first",
            },
            state.oldest,
        )
    for channel, (since, why) in state.trouble.items():
        if now - since >= GRACE:
            yield Alarm(
                f"mailbox:{channel}",
                "mailbox",
                channel,
                "bad",
                {"zh": f"邮箱 {channel} 无法读取：{why}", "en": f"the mailbox {channel} cannot be read: {why}"},
                {
                    "zh": "请检查 [channels] 中的服务器地址和 credentials.toml 中的密码；恢复后自动补收，不会遗漏",
                    "en": "see [channels] and its password in credentials.toml: nothing is missed once it is back",
                },
                since,
            )
