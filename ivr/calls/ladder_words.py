"""The ladder's words, Chinese and English side by side. Modes have the trade's own names (GB/T 33358)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Language = Literal["zh", "en"]
Table = Mapping[str, tuple[str, str]]  # word → Chinese, English

ROLES: Table = {
    "caller": ("来电人", "caller"),
    "operator": ("坐席", "operator"),
    "desk": ("联动平台", "desk"),
    "department": ("部门", "department"),
    "interpreter": ("译员", "interpreter"),
    "supervisor": ("班长席", "supervisor"),
}

OUTCOMES: Table = {
    "answered": ("坐席已接听", "answered"),
    "transferred": ("已转接", "transferred"),
    "emergency": ("紧急键直通", "by the emergency key"),
    "abandoned": ("来电人放弃", "abandoned"),
    "interrupted": ("系统中断", "interrupted"),
    "rejected": ("未接入", "never let in"),
    "diverted": ("转由邻近热线受理", "taken by the neighbour"),
}

MODES: Table = {
    "transfer": ("成功转", "transfer"),
    "conference": ("三方转", "conference"),
    "consult": ("通话转", "consult"),
    "suspend": ("挂起转", "suspend"),
    "blind": ("释放转", "blind"),
}

TRIGGERS: Table = {
    "key": ("坐席按键", "by key"),
    "api": ("接口", "by API"),
    "url_key": ("话机快捷键", "by URL key"),
    "refer": ("话机转接键", "by REFER"),
    "attended_refer": ("话机咨询转接", "by attended REFER"),
    "site": ("本地流程", "by the site's own flow"),
    "caller_key": ("来电人按键", "by the caller's key"),
    "desk_key": ("联动平台按键", "by the desk's key"),
}

RESULTS: Table = {  # of transfers and attempts, and the reasons
    "completed": ("成功", "completed"),
    "failed": ("失败", "failed"),
    "dropped": ("对方已退出", "the target left"),
    "cancelled": ("已取消", "cancelled"),
    "refused": ("未受理", "refused"),
    "abandoned": ("来电人已挂机", "the caller left"),
    "interrupted": ("系统中断", "interrupted"),
    "answered": ("已接听", "answered"),
    "busy": ("忙", "busy"),
    "no_answer": ("无人接听", "no answer"),
    "unreachable": ("无法接通", "unreachable"),
    "rejected": ("拒接", "rejected"),
    "not_acknowledged": ("未按键确认", "not acknowledged"),
    "no_call": ("通话不存在", "no such call"),
    "unknown_target": ("目标不存在", "unknown target"),
    "mode": ("该目标不支持此方式", "not in this mode"),
    "ping_pong": ("不得原路转回", "back where it came from"),
    "party_limit": ("通话方已满", "too many parties"),
    "alone": ("通话中没有坐席", "no operator in the call"),
    "target_left": ("对方已退出", "the target left"),
    "running": ("正在转接中", "one is running already"),
}

STEPS: Table = {
    "greeting": ("播放欢迎词", "hears the greeting"),
    "language": ("语种", "language"),
    "menu": ("播放菜单", "hears the menu"),
    "key": ("按键", "presses"),
    "queue": ("进入队列", "enters queue"),
    "overflow": ("等待超时，转全部坐席", "overflows to every operator"),
    "emergency_key": ("按下紧急键", "presses the emergency key"),
    "requeued": ("回到队首", "back to the head of the queue"),
    "alone": ("独自等待", "waits alone"),
    "page_gone": ("坐席网页断开，来电人听到提示", "the operator's page has gone, the caller is told"),
    "back": ("话机重启后回到通话", "comes back on a phone started anew"),
    "pull_in": ("请坐席加入", "an operator is called in"),
    "flow": ("进入流程", "enters flow"),
    "flow_result": ("流程结果", "flow's result"),
    "agi": ("路由服务", "routing service"),
    "offline": ("脱机路由到", "routed without the controller to"),
    "consult": ("坐席与对方私下通话", "a private talk begins"),
    "screened": ("未予接入", "is not let in"),
    "notice": ("播放通知", "hears the notice"),
    "hook": ("本地方案", "the site's hook"),
    "drain": ("系统停止接入", "the hotline is being emptied"),
    "supervision_listen": ("班长席监听", "a supervisor listens:"),
    "supervision_whisper": ("班长席密语指导", "a supervisor whispers to the operator:"),
    "supervision_barge": ("班长席强插", "a supervisor barges in:"),
    "supervision_join": ("班长席加入通话", "a supervisor joins:"),
    "partner_call": ("对方平台的通话", "the call at the other desk:"),
    "refer_back": ("转接失败，回呼坐席", "transfer failed, back to operator"),
}

VALUES: Table = {  # of steps
    "blocked": ("号码已被限制", "the number is blocked"),
    "rate": ("来电过于频繁", "the number calls too often"),
    "at_once": ("同号码同时来电过多", "too many calls of the number at once"),
    "zh": ("中文", "Chinese"),
    "en": ("英文", "English"),
    "operator_died": ("坐席话机失联", "the operator's phone died"),
    "desk_died": ("联动平台失联", "the desk died"),
    "handed_back": ("联动平台交回", "handed back by the desk"),
    "target_failed": ("转接失败", "the target could not be reached"),
    "unknown": ("原因不明", "cause unknown"),
    "ringing": ("听回铃音", "hears ringing"),
    "waiting": ("来电人等待", "the caller waits"),
    "no_answer": ("未应答", "no answer"),
    "neighbour": ("转往邻近热线", "to the neighbour"),
    "here": ("仍由本系统受理", "served here all the same"),
    "refused": ("未受理，由运营商改路由", "refused, for the carrier to take another way"),
}

CAUSES: Table = {  # ITU-T Q.850, table 1
    "1": ("空号", "unallocated number"),
    "3": ("无路由到目的地", "no route to destination"),
    "16": ("正常挂机", "normal clearing"),
    "17": ("用户忙", "user busy"),
    "18": ("用户无响应", "no user responding"),
    "19": ("久叫不应", "no answer"),
    "20": ("用户不在线", "subscriber absent"),
    "21": ("呼叫被拒绝", "call rejected"),
    "22": ("号码已变更", "number changed"),
    "26": ("已由他人接听", "answered elsewhere"),
    "27": ("目的地故障", "destination out of order"),
    "28": ("号码格式无效", "invalid number format"),
    "29": ("业务被拒绝", "facility rejected"),
    "31": ("正常，未指明", "normal, unspecified"),
    "34": ("无可用电路", "no circuit available"),
    "38": ("网络故障", "network out of order"),
    "41": ("临时故障", "temporary failure"),
    "42": ("交换设备拥塞", "switching equipment congestion"),
    "44": ("语音中断", "no voice arrived"),  # Asterisk's cause for rtp_timeout
    "47": ("资源不可用", "resource unavailable"),
    "50": ("业务未登记", "facility not subscribed"),
    "58": ("承载能力不可用", "bearer capability not available"),
    "65": ("承载能力未实现", "bearer capability not implemented"),
    "79": ("业务未实现", "service not implemented"),
    "88": ("目的地不兼容", "incompatible destination"),
    "102": ("定时器超时", "timer expiry"),
    "111": ("协议错误", "protocol error"),
    "127": ("互通，未指明", "interworking, unspecified"),
}

PHRASES: Table = {
    "call": ("通话", "Call"),
    "enters": ("来电，拨打 {number}", "dials {number}"),
    "handed_over": ("由 {who} 交来，拨打 {number}", "handed over by {who}, dials {number}"),
    "calls": ("呼叫 {who}", "{who} is called"),
    "calls_in": ("{who} 呼入", "{who} calls in"),
    "talk2": ("开始通话", "talk begins"),
    "talk3": ("三方通话", "three-party talk"),
    "talk": ("{count} 方通话", "talk of {count} parties"),
    "leaves": ("{who} 退出通话", "{who} leaves the talk"),
    "leave": ("{who} 结束通话", "{who} leave the talk"),
    "transfer": ("转接 {target}", "transfer to {target}"),
    "route": ("拨打 {uri}", "{uri} is dialled"),
    "hangs_up": ("{who} 挂机", "{who} hangs up"),
    "is_released": ("{who} 由系统释放", "{who} is released"),
    "is_ended": ("{who} 随之结束", "{who} ends with it"),
    "is_gone": ("{who} 失联", "{who} is gone"),
    "interrupted": ("系统中断", "the system was interrupted"),
    "running": ("通话进行中", "still running"),
    "total": ("全程 {time}", "{time} in all"),
    "waited": ("等待 {time}", "{time} of waiting"),
    "recordings": ("录音 {count} 段", "recordings: {count}"),
    "together": ("{one} ↔ {other} {time}", "{one} ↔ {other} {time}"),
}

PUNCTUATION: Table = {
    "comma": ("，", ", "),
    "colon": ("：", ": "),
    "list": ("、", ", "),
    "semicolon": ("；", "; "),
    "open": ("（", " ("),
    "close": ("）", ")"),
}


class Words:
    """The words of one language. A word that a table lacks is shown as it is."""

    def __init__(self, language: Language) -> None:
        self._at = 1 if language == "en" else 0

    def of(self, table: Table, word: str) -> str:
        return table[word][self._at] if word in table else word.replace("_", " ")

    def say(self, phrase: str, **filled: object) -> str:
        return PHRASES[phrase][self._at].format(**filled)

    def mark(self, name: str) -> str:
        return PUNCTUATION[name][self._at]
