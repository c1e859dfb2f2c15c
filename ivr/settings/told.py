"""Problems of settings as a form tells them: the field that is wrong, and the sentence in Chinese and in English.

The checks speak English, one sentence each that opens with its key; here is the Chinese for each form of sentence.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PERSON = re.compile(r"(operators|supervisors) ([^:.]*)(?:: |\.)(\w+): (.*)", re.DOTALL)
_KEY = re.compile(r"([^\s:]+): (.*)", re.DOTALL)

# What was expected → 应为…
_EXPECTED: tuple[tuple[str, str], ...] = (
    (r"a text in quotes", "文字"),
    (r"a whole number", "整数"),
    (r"a number", "数字"),
    (r"a span such as (\S+)", "时段，如 {0}，可跨零点"),
    (r"\* or kinds of events such as (\S+)", "* 或事件名，如 {0}"),
    (r"a regular expression such as (\S+): .*", "正则表达式，如 {0}"),
    (r"true or false", "是或否（true / false）"),
    (r"a list of texts.*", "一组文字"),
    (r"a table.*", "一组名称与值"),
    (r"an address and port such as (\S+)", "地址和端口，如 {0}"),
    (r"a range of ports such as (\S+)", "端口范围，如 {0}"),
    (r"([\d.]+) to ([\d.]+)( months)?", "{0} 至 {1}"),
    (r"2 to 15 digits", "2 至 15 位数字"),
    (r"the digits that callers dial", "来电人拨打的号码，只含数字"),
    (r'a name without " < > .*', '名称，不含 " < > ; $ \\ [ ] {{ }} |'),
    (r"telephone keys \(0-9 \* # A-D\)", "电话按键：0-9 * # A-D"),
    (r"one telephone key.*", "一个电话按键：0-9、* 或 #"),
    (r"a SIP URI such as ([^\s,]+).*", "SIP 地址，如 {0}，不含参数、空格、引号和 , & ^ | $ ;"),
    (r"an IP address or network such as (\S+) or (\S+)", "IP 地址或网段，如 {0} 或 {1}"),
    (r"an IP address to bind to", "本机监听用的 IP 地址"),
    (r"an IP address of this machine", "本机的 IP 地址"),
    (r"a telephone number.*", "电话号码，只含数字（可带 + * #）"),
    (r"one of (.*)", "以下之一：{0}"),
    (r"spans of one day such as (\S+) or (\S+)", "一天内的时段，如 {0} 或 {1}，开始早于结束"),
    (r'("\S+") or ("\S+") \(first and last day\)', "日期，如 {0}；或首末两日，如 {1}"),
    (r"dates such as (\S+)", "日期，如 {0}"),
    (r"a day such as (\S+)", "日期，如 {0}"),
    (r"words", "文字"),
    (r"letters, digits, \. - or _", "字母、数字、.、- 或 _"),
    (r"up to (\d+) letters or digits", "至多 {0} 个字母或数字"),
    (r"a time of day such as (\S+)", "时刻，如 {0}"),
    (r"a name such as (\S+)", "名称，如 {0}"),
    (r"a country's code.*", "国家代码，不带 + 或 00，如 86"),
    (r"the name of a (flow|prompt)", "名称，只含 a-z、0-9 和 -"),
    (r"letters, digits, - or _", "字母、数字、- 或 _"),
    (r'a span such as ("\S+") or ("\S+")', "时长，如 {0} 或 {1}"),
    (r"an address such as (imaps\S+)", "邮箱服务器地址，如 {0}"),
    (r"a word of a-z, 0-9 and -.*", "只含 a-z、0-9 和 - 的词"),
)

# The sentence after its key → 中文
_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"(\S+) cannot be read: (.*)", "{0} 无法读取：{1}"),
    (r"(\S+): expected a time limit such as (.*), found (.*)", "{0} 应为时限，如 {1}，现为 {2}"),
    (r"(\[\w+\]): limit: expected one such as (.*), found (.*)", "{0} 的 limit 应为时限，如 {1}，现为 {2}"),
    (r"(off|work): expected days such as (\S+), found (.*)", "{0} 应为日期，如 {1}，现为 {2}"),
    (r"closes: expected a time of day such as (\S+), found (.*)", "closes 应为时刻，如 {0}，现为 {1}"),
    (r"country: expected two letters such as (\S+), found (.*)", "country 应为两个字母，如 {0}，现为 {1}"),
    (r"(\S+) stands in off and in work", "{0} 同时写在 off 和 work 中"),
    (r"(\[\w+\]): there is no departments\.(\S+)", "分类 {0}：[departments] 中没有 {1}"),
    (r"unknown key; did you mean (\w+)\?", "没有这一项，是否应为 {0}？"),
    (r"unknown key; known here: (.*)", "没有这一项，可用：{0}"),
    (r"is missing.*", "必填"),
    (r"expected (\d+) to (\d+) percent of an order's time, found (.*)", "应为工单时限的百分之 {0} 至 {1}，现为 {2}"),
    (r"(\d+) percent is not less than orders\.red, (\d+): .*", "{0} 不小于 orders.red（{1}）：须先亮黄灯，再亮红灯"),
    (r"has a control character.*", "只能是一行文字，不能含控制字符"),
    (r"(\S+) is there twice; every phone.*", "{0} 重复：每部话机的号码必须不同"),
    (r"(\S+) is there twice", "{0} 重复"),
    (r"item (\S+) is there (\d+) times; .*", "事项代码 {0} 重复 {1} 次，每个事项须有自己的代码"),
    (r"(\S+): (version|since) (\S+) is there (\d+) times; .*", "清单 {0} 的 {1} {2} 重复 {3} 次，每个版本须各不相同"),
    (r"(\S+) is before since = (\S+)", "{0} 早于生效日 {1}"),
    (r"list (\S+) (\S+): there is no class (\S+) in desk.classes", "清单 {0}（{1}）：诉求分类中没有 {2}"),
    (r"is an operator's already; .*", "已是坐席的号码：班长的话机不接排队来电，须另用号码"),
    (r"number: is (\S+) already", "已是 {0}"),
    (r"is (\S+) already", "已是 {0}"),
    (r"(\S+) is (\S+) already", "{0} 已用于 {1}"),
    (r"(\S+) clashes with (\S+) \((\S+)\): one begins with the other", "{0} 与 {1}（{2}）冲突：一个是另一个的开头"),
    (r"expected a name in this language.*", '请填写该语言的名称，不含 " < > ; $ \\ [ ] {{ }} |'),
    (r"expected routes \(SIP URIs, tried in order\) or flow.*", "须填写线路（按顺序尝试的 SIP 地址）或流程，二者选一"),
    (r"suspend needs a flow", "挂起转（suspend）须先填写流程"),
    (r"a flow knows suspend only", "填写了流程的目标只能用挂起转（suspend）"),
    (r"an emergency target is always supervised, never blind", "紧急目标须全程监护，不能用释放转（blind）"),
    (r"an emergency target needs routes, not a flow", "紧急目标须填写线路，不能用流程"),
    (r"a (target|trunk|channel)'s name is made of a-z, 0-9 and -", "代号只能用小写字母、数字和 -，首尾不能是 -"),
    (r"'(.*)' is not made of a-z, 0-9 and -", "{0} 只能用小写字母、数字和 -"),
    (r"expected a target of this file: .*", "应为本站点中有线路的紧急目标"),
    (r"(.*) begins before the span in front of it has ended", "{0} 早于前一时段的结束"),
    (r"(.*) ends before it begins, or is longer than (\d+) days", "{0} 的结束早于开始，或超过 {1} 天"),
    (r"(\S+) overlaps (\S+) of (\S+); .*", "{0} 与 {2} 的 {1} 重叠：一个地址只能属于一方"),
    (r"(\S+) covers 127\.0\.0\.1, .*", "{0} 包含 127.0.0.1，浏览器话机由此接入，请另填地址"),
    (r"expected at least one IP address.*", "至少填写一个 IP 地址，否则无法呼入"),
    (r"this name is the neighbour's.*", "该代号已用于邻近热线（[neighbour]），请另选"),
    (r"no operator has the skill '(.*)'; known: (.*)", "没有坐席具备技能 {0}，现有：{1}"),
    (r"'(.*)' is not one of hotline\.languages", "{0} 不是本站点的语言"),
    (r"(\S+) months is longer than retention\.(\w+).*", "{0} 个月，长于 {1} 的期限"),
    (r"expected ([\d.]+) to ([\d.]+) months, found (.*)", "应为 {0} 至 {1} 个月，现为 {2}"),
    (r"is no TOML in UTF-8: (.*)", "文件不是有效的 TOML：{0}"),
    (r"there is no (.*)", "没有 {0}"),
    (r"is not there", "没有这一项"),
    (r"cannot be written among what .*", "无法写入文件中的这一处，请手工修改"),
    (r".*(database|tls).* are changed in the file alone", "只能在文件中手工修改"),
    (r"is for desk phones; .*", "只用于桌面话机：浏览器的语音本来就加密"),
    (r"(\w+) needs (listen\.\w+)", "{0} 须先设置 {1}"),
    (r"needs transport = \"tls\" or \"mtls\": .*", "语音加密须同时选用 TLS 或双向 TLS"),
    (r"needs tls\.ca, .*", "须先设置 tls.ca，否则任何人都能冒充对方"),
    (r"expected sip: and transport = \"tls\" in place of sips:", "请写 sip:，传输方式选 TLS，不要写 sips:"),
    (r"this name is the text messages' \(see \[sms\]\); choose another", "sms 是短信网关的名称（[sms]），请另选"),
    (r"(\S+) is no address of a system of yours", "{0} 不是业务系统的地址"),
    (r"(\d+) is this hotline's own port", "{0} 是本热线自己的端口"),
    (r"expected an address such as ((?:imap|smtp)s?://\S+|\S+@\S+), found (.*)", "应为 {0} 这样的地址，现为 {1}"),
    (
        r"expected an address such as (\S+?)(?:: messages hold personal data.*|, found (.*))",
        "应为地址，如 {0}；非本机须用 https",
    ),
    (r"needs (\[?\w+\]?.*)", "须先设置 {0}"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """`path` as a form names its fields: `targets.110.routes[0]`, `operators[2].number` (in the file's order)."""

    path: str
    message: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        return {"path": self.path, "message": dict(self.message)}


def told(problem: str, text: str = "") -> Problem:
    """One sentence of the loader about the settings `text`."""
    person = _PERSON.fullmatch(problem)
    if person is not None:
        people, number, field, sentence = person.groups()
        path = f"{people}[{_place(text, people, number)}].{field}"
    else:
        found = _KEY.fullmatch(problem)
        path, sentence = found.groups() if found is not None else ("", problem)
    return Problem(path, {"zh": chinese(sentence) or sentence, "en": sentence})


def chinese(sentence: str) -> str | None:
    """None where nobody has written it yet."""
    in_file = re.fullmatch(r"(\S*/\S+\.toml): (?:(lists\S*): )?(.*)", sentence, re.DOTALL)
    if in_file is not None:  # of a file that the settings name
        path, key, rest = in_file.groups()
        return f"{path}：{f'{key} ' if key else ''}{chinese(rest) or rest}"
    for form, words in _SENTENCES:
        found = re.fullmatch(form, sentence, re.DOTALL)
        if found is not None:
            return words.format(*found.groups())
    expected = re.fullmatch(r"expected (.*?)(?:[,;] found (.*))?", sentence, re.DOTALL)
    if expected is None:
        return None
    for form, words in _EXPECTED:
        found = re.fullmatch(form, expected[1], re.DOTALL)
        if found is not None:
            wanted, now = words.format(*found.groups()), f"，现为 {expected[2]}" if expected[2] else ""
            return f"应为{' ' if wanted[0].isascii() else ''}{wanted}{now}"
    return None


def _place(text: str, people: str, number: str) -> int | str:
    """Which entry of the list it is, in the file's order; the number itself where it cannot be told."""
    try:
        entries = tomllib.loads(text).get(people, [])
        return next(n for n, one in enumerate(entries) if str(one.get("number")) == number)
    except (tomllib.TOMLDecodeError, StopIteration, AttributeError):
        return number
