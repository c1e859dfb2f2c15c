"""The words of a bulletin, Chinese and English side by side."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("{hotline}联动工作通报（{month}）", "{hotline}: linkage in {month}"),
    "about": ("{desk} 平台 · {month} · 统计时间 {at}", "desk {desk} · {month} · counted {at}"),
    "about_running": (
        "{desk} 平台 · {month}（当月未结束）· 统计时间 {at}",
        "desk {desk} · {month}, which is not over · counted {at}",
    ),
    "summary": (
        "本月登记诉求 {opened} 件。平台之间流转 {handovers} 件次，涉及诉求 {cases} 件；已受理 {accepted} 件次，"
        "占 {share}；超时 {overdue} 件次，语音未接通 {voice} 件次。",
        "{opened} cases were opened. Cases were handed over {handovers} times ({cases} cases); {accepted} were "
        "accepted, {share}; {overdue} were overdue, and by voice {voice} failed.",
    ),
    "calls_line": (
        "来电 {offered} 通，接通 {answered} 通，接通率 {rate}；{seconds} 秒内接通占 {in_time}；来电人放弃 "
        "{abandoned} 通；平均等待 {wait} 秒。",
        "{offered} calls were offered and {answered} answered, {rate}; {in_time} of these within {seconds} s; "
        "{abandoned} were abandoned; they waited {wait} s on average.",
    ),
    "norms_line": (
        "本月会商 {consultations} 次，形成处置规范 {norms} 项。",
        "The desks consulted {consultations} times and agreed on {norms} norms.",
    ),
    "satisfaction_line": (
        "本月回访 {asked} 次，接通 {reached} 次，作出评价 {rated} 次，满意率 {share}。",
        "Callers were called back {asked} times and reached {reached} times; {rated} said what they think, {share} of "
        "these are satisfied.",
    ),
    "no_call_backs": ("本月没有回访。", "Nobody was called back."),
    "no_orders": ("本月没有派发工单。", "No work order was made."),
    "section_summary": ("一、总体情况", "1. In short"),
    "section_linkage": ("二、平台之间的流转", "2. Between the desks"),
    "section_decided": ("三、确定受理的方式", "3. What decided who accepts"),
    "section_classes": ("四、流转诉求的分类", "4. Classes of what was handed over"),
    "section_hours": ("五、流转的时段", "5. Hours of the day"),
    "section_cases": ("六、诉求登记情况", "6. Cases that were opened"),
    "section_calls": ("七、电话接听与转接", "7. Calls and transfers"),
    "section_departments": ("八、承办单位办理情况", "8. Departments"),
    "section_satisfaction": ("九、回访与满意度", "9. What callers say"),
    "section_norms": ("十、会商与处置规范", "10. Consultations and norms"),
    "notes": ("统计说明", "How it is counted"),
    "figure": ("指标", "figure"),
    "this_month": ("本月", "this month"),
    "month_before": ("上月", "month before"),
    "change": ("环比", "change"),
    "opened": ("登记诉求（件）", "cases opened"),
    "handovers": ("转出（件次）", "handed over"),
    "handed": ("转出", "handed over"),
    "accepted": ("已受理", "accepted"),
    "refused": ("不受理", "refused"),
    "returned": ("受理后退回", "returned"),
    "kept": ("原平台受理", "kept"),
    "lapsed": ("未答复即结束", "ended unanswered"),
    "waiting": ("待答复", "waiting"),
    "overdue": ("超时", "overdue"),
    "voice_failed": ("语音未接通", "voice failed"),
    "conferences": ("三方通话", "three-party calls"),
    "consultations": ("会商（次）", "consultations"),
    "p50": ("受理中位（秒）", "accepted, p50 (s)"),
    "p90": ("受理九成（秒）", "accepted, p90 (s)"),
    "offered": ("来电（通）", "calls offered"),
    "answered": ("接通（通）", "calls answered"),
    "way": ("方向", "way"),
    "total": ("合计", "all"),
    "class": ("诉求分类", "class"),
    "no_class": ("未分类", "no class"),
    "decided_by": ("方式", "by"),
    "times": ("件次", "times"),
    "by_day": ("每日转出（件次）", "handed over, by day"),
    "by_hour": ("一天中各时段转出（件次）", "handed over, by hour"),
    "by_class": ("各类诉求转出（件次）", "handed over, by class"),
    "cases_by_class": ("各类诉求登记（件）", "cases opened, by class"),
    "by_department": ("各单位工单办理（件）", "work orders, by department"),
    "channel": ("渠道", "channel"),
    "kind": ("性质", "kind"),
    "urgency": ("紧急程度", "urgency"),
    "state": ("目前状态", "state now"),
    "first": ("首接平台", "first received by"),
    "cases": ("件", "cases"),
    "share": ("占比", "share"),
    "target": ("转接目标", "target"),
    "asked": ("转接（次）", "asked"),
    "completed": ("成功", "completed"),
    "failed": ("失败", "failed"),
    "press_p90": ("按键到接听九成（秒）", "key to answer, p90 (s)"),
    "department": ("承办单位", "department"),
    "made": ("派发", "made"),
    "done": ("办结", "done"),
    "in_time": ("按时办结", "done in time"),
    "late": ("逾期", "late"),
    "open": ("在办", "open"),
    "sent_back": ("退回", "returned"),
    "reopened": ("重办", "opened again"),
    "called_back": ("回访（次）", "called back"),
    "called": ("回访", "called back"),
    "reached": ("接通", "reached"),
    "yes": ("满意", "satisfied"),
    "partly": ("基本满意", "partly"),
    "no": ("不满意", "not satisfied"),
    "rate": ("满意率（%）", "satisfied (%)"),
    "rate_head": ("满意率%", "satisfied %"),
    "graded": ("来电人评价（次）", "what callers say"),
    "graded_by": ("各单位的评价（次）", "what callers say, by department"),
    "norm": ("规范编号", "norm"),
    "version": ("版本", "version"),
    "owners": ("受理平台", "accepts"),
    "in_force": ("施行日期", "in force from"),
    "page": ("第 {page} 页", "page {page}"),
}

LINES: tuple[tuple[str, str], ...] = (
    (
        "流转按转出的时间计入当月，一件诉求多次转出的逐次计算；结果以统计时间为准。",
        "A handover counts in the month in which it was made, each of a case by itself; results are those of the "
        "moment of counting.",
    ),
    (
        "超时：对方平台超过 {minutes} 分钟才答复，或到统计时间仍未答复且已满 {minutes} 分钟。",
        "Overdue: the other desk answered after more than {minutes} minutes, or has not answered for as long.",
    ),
    (
        "受理用时自转出起，至对方受理止，按两平台各自的时钟计算；时钟相差过大的不计入。",
        "The time to accept runs from the handover until the other desk accepts, by the desks' own clocks; where these "
        "disagree it is not counted.",
    ),
    (
        "满意率为满意次数除以作出评价（满意、基本满意、不满意）的次数；每次回访单独计算。一件诉求有多个主办单位的，评价计入每个"
        "单位；已退回的工单不计。",
        "Satisfied is a share of those who said satisfied, partly or not; each call-back counts by itself. Where "
        "several departments led an order of a case, it counts for each of them; an order that was returned is none.",
    ),
    (
        "接通率为接通数除以来电数；{seconds} 秒内接通的占比以接通数为分母。已按保存期限清除的通话不在其中。",
        "The answer rate is answered ÷ offered; within {seconds} s is a share of the answered. Calls that were erased "
        "at the end of their time are not among them.",
    ),
)
