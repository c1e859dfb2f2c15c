"""The words of the public page that tells how far a matter is, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "title": "查询办理进展",
        "about": "两项都与登记时一致才能查到。这里只显示办理环节和时间，不显示诉求内容。",
        "number": "登记诉求的电话号码",
        "number_hint": "来电所用的号码，或网上填写的联系电话",
        "case": "诉求编号",
        "case_hint": "完整编号，或最后六位数字",
        "ask": "查询",
        "again": "再查一件",
        "report": "反映新的诉求",
        "other_language": "English",
        "step.received": "已登记，正在等待受理",
        "step.accepted": "已受理，正在办理",
        "step.ordered": "已转交承办单位，正在办理",
        "step.extended": "正在办理，办理时限已延长",
        "step.handled": "已办理完毕，正在核实办理结果",
        "step.closed": "已办结",
        "since": "自 {at} 起",
        "error.none": "没有查到：请核对电话号码和编号，或拨打 {hotline}。",
        "error.blank": "请填写电话号码和诉求编号。",
        "error.busy": "查询次数过多：请 {minutes} 分钟后再试，或拨打 {hotline}。",
        "error.later": "暂时无法查询：请稍后再试，或拨打 {hotline}。",
    },
    "en": {
        "title": "How far is my matter?",
        "about": "Both must be as they were registered. Only the step and its time are shown, never what it is about.",
        "number": "Telephone number of the matter",
        "number_hint": "the one that you called from, or gave in the form",
        "case": "Number of the case",
        "case_hint": "all of it, or its last six digits",
        "ask": "Look it up",
        "again": "Look another one up",
        "report": "Report something new",
        "other_language": "中文",
        "step.received": "Registered; it waits to be accepted",
        "step.accepted": "Accepted, and being dealt with",
        "step.ordered": "With the department that deals with it",
        "step.extended": "Being dealt with; more time was allowed for it",
        "step.handled": "Dealt with; the result is being checked",
        "step.closed": "Closed",
        "since": "since {at}",
        "error.none": "Nothing was found: check the two numbers, or call {hotline}.",
        "error.blank": "Give the telephone number and the number of the case.",
        "error.busy": "Too many tries: try again in {minutes} minutes, or call {hotline}.",
        "error.later": "This cannot be looked up now: try again later, or call {hotline}.",
    },
}
