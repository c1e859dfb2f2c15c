"""What a form is told of a wrong value: beside which field, and in Chinese."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ivr.settings import edit
from ivr.settings.edit import Change
from ivr.settings.told import Problem, told

TEXT = (Path(__file__).parents[2] / "hotline.toml").read_text(encoding="utf-8")
FIRE: dict[str, Any] = {"name": {"zh": "119消防", "en": "119 Fire"}, "routes": ["sip:119@127.0.0.119:5060"]}
NINTH = {"number": "1009", "name": "九号坐席", "skills": ["general"]}
P110 = ("targets", "110")


def problems(*changes: Change) -> list[Problem]:
    made = edit.draft(Path("hotline.toml"), Path("var"), TEXT, changes)
    return [told(problem, made.after) for problem in made.problems]


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (Change((*P110, "routes"), ["sip:110@127.0.0.1 12:5060"]), "targets.110.routes[0]", "应为 SIP 地址"),
        (Change((*P110, "routes"), ["110"]), "targets.110.routes[0]", "应为 SIP 地址"),
        (Change((*P110, "routes"), []), "targets.110", "须填写线路"),
        (Change((*P110, "match"), ["127.0.0.256"]), "targets.110.match[0]", "应为 IP 地址或网段"),
        (Change((*P110, "match"), ["127.0.0.11"]), "targets.110.match", "重叠"),
        (Change((*P110, "ring"), 0), "targets.110.ring", "应为 1 至 180，现为 0"),
        (Change((*P110, "ring"), "20"), "targets.110.ring", "应为整数，现为 '20'"),
        (Change((*P110, "emergency"), "yes"), "targets.110.emergency", "应为是或否"),
        (Change((*P110, "role"), "police"), "targets.110.role", "应为以下之一：desk"),
        (Change((*P110, "name"), {"zh": "110"}), "targets.110.name.en", "请填写该语言的名称"),
        (Change((*P110, "keys"), {"transfer": "*1", "conference": "*1"}), "targets.110.keys.conference", "*1 已用于"),
        (Change((*P110, "keys"), {"transfer": "*0"}), "targets.110.keys.transfer", "*0 已用于 keys.cancel"),
        (Change((*P110, "keys"), {"transfer": "*12", "consult": "*1"}), "targets.110.keys.consult", "冲突"),
        (Change((*P110, "keys"), {"transfer": "one"}), "targets.110.keys.transfer", "应为电话按键"),
        (Change((*P110, "keys"), {"blind": "*4"}), "targets.110.keys.blind", "不能用释放转"),
        (Change((*P110, "keys"), {"suspend": "*4"}), "targets.110.keys.suspend", "须先填写流程"),
        (Change((*P110, "critical_contact"), "ask"), "targets.110.critical_contact", "应为电话号码"),
        (Change(("targets", "Fire"), FIRE), "targets.Fire", "代号只能用小写字母"),
        (Change(P110, None), "hotline.emergency_target", "紧急目标"),
        (Change(("operators", "+"), {**NINTH, "number": "1001"}), "operators[2].number", "1001 重复"),
        (Change(("operators", "+"), {**NINTH, "number": "10 09"}), "operators[2].number", "应为 2 至 15 位数字"),
        (Change(("operators", "+"), {**NINTH, "number": "110"}), "operators[2].number", "已是 targets.110"),
        (Change(("operators", "+"), {"number": "1009"}), "operators[2].name", "必填"),
        (Change(("operators", "1001", "name"), "a;b"), "operators[0].name", "应为名称"),
        (Change(("operators", "1001", "skills"), ["中文"]), "operators[0].skills", "只能用小写字母"),
        (Change(("operators", "1001", "colour"), "red"), "operators[0].colour", "没有这一项"),
        (Change(("supervisors", "2001", "number"), "1001"), "supervisors[0].number", "已是坐席的号码"),
        (Change(("operators", "1001", "transport"), "tls"), "operators[0].transport", "tls 须先设置 listen.sip_tls"),
        (Change(("operators", "1002", "srtp"), True), "operators[1].srtp", "只用于桌面话机"),
        (Change((*P110, "srtp"), True), "targets.110.srtp", "须同时选用 TLS"),
        (Change((*P110, "transport"), "sctp"), "targets.110.transport", "应为以下之一"),
        (Change(("queue", "ring"), 0), "queue.ring", "应为 1 至 120，现为 0"),
        (Change(("orders", "red"), 100), "orders.red", "应为工单时限的百分之 1 至 99，现为 100"),
        (Change(("orders", "yellow"), 95), "orders.yellow", "95 不小于 orders.red（95）"),
        (Change(("queue", "strategy"), "fair"), "queue.strategy", "应为以下之一"),
        (Change(("hours", "weekdays"), ["09:00-25:00"]), "hours.weekdays[0]", "应为一天内的时段"),
        (Change(("hours", "weekdays"), ["09:00-12:00", "11:00-13:00"]), "hours.weekdays[1]", "早于前一时段的结束"),
        (Change(("hours", "holidays"), {"2026-13-01": "x"}), "hours.holidays", "应为日期"),
        (Change(("hours", "holidays"), {"2026-10-07/2026-10-01": "x"}), "hours.holidays", "结束早于开始"),
        (Change(("hours", "workdays"), ["tomorrow"]), "hours.workdays[0]", "应为日期"),
    ],
)
def test_given_a_typing_error_of_3_a_m_then_it_is_told_beside_its_field_in_chinese(
    change: Change, path: str, words: str
) -> None:
    found = problems(change)
    assert any(one.path == path and words in one.message["zh"] for one in found), found


def test_every_sentence_of_the_checks_has_its_chinese() -> None:
    """Each literal sentence that a check of what a form may change can say, as its source has it."""
    folder = Path(__file__).parents[2] / "ivr/settings"
    source = "".join((folder / name).read_text(encoding="utf-8") for name in ("checks.py", "hours.py"))
    said = re.findall(r"""yield f?(['"])\{where\}[^:]*: (.*?)\1$""", source, re.MULTILINE)
    assert len(said) > 12
    lacking = []
    for _, sentence in said:
        plain = re.sub(r"\{[^{}]*!r\}", "'1'", sentence.replace("{{", "").replace("}}", ""))
        filled = re.sub(r"^\w+: ", "", re.sub(r"\{[^{}]*\}", "1", plain)).replace("\\\\", "\\")
        if filled != "1" and not re.search(r"[\u4e00-\u9fff]", told(f"queue.ring: {filled}").message["zh"]):
            lacking.append(filled)
    assert not lacking
