"""A desk phone's programmable key: it opens a URL with the operator's own token and shows the plain text it gets.

`…/phone/<token>/transfer/110`, `…/conference/110`, `…/cancel`, `…/take-back`, `…/join`, `…/ready`, `…/pause`,
`…/pause/<reason>`, `…/wrap-up`. The call is the one in which the operator talks.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from ivr.calls.live_views import LiveCall
from ivr.errors import HotlineError
from ivr.settings import Text
from ivr.web.context import Asked
from ivr.web.shapes import MODES

_TOLD: Mapping[str, Text] = {
    "transfer": {"zh": "正在接通{name}，接通后您将自动退出", "en": "Calling {name}; you are released once it is in"},
    "conference": {"zh": "正在接通{name}，接通后三方通话", "en": "Calling {name} into a three-party call"},
    "consult": {"zh": "正在接通{name}，接通后先由您单独通话", "en": "Calling {name}; you talk alone first"},
    "suspend": {
        "zh": "来电人转入{name}，结束后回到您这里",
        "en": "The caller goes through {name} and comes back to you",
    },
    "blind": {"zh": "正在转至{name}，您已退出", "en": "Handing over to {name}; you are released"},
    "cancel": {"zh": "正在取消转接", "en": "Cancelling the transfer"},
    "take-back": {"zh": "正在收回来电人", "en": "Taking the caller back"},
    "join": {"zh": "正在请来电人加入", "en": "Bringing the caller in"},
    "ready": {"zh": "已示闲，可以接听", "en": "Ready: calls come to you"},
    "pause": {"zh": "已示忙", "en": "Paused: no calls come to you"},
    "wrap-up": {"zh": "话后整理中", "en": "After-call work: no calls come to you"},
}


class NoCallError(HotlineError):
    def __init__(self, number: str) -> None:
        super().__init__("no_call", "you are in no call", {"operator": number}, 409)


class UnknownActionError(HotlineError):
    def __init__(self, action: str) -> None:
        message = f"there is no {action}; there are {', '.join(_TOLD)}"
        super().__init__("unknown_action", message, {"action": action, "known": list(_TOLD)}, 404)


async def press(asked: Asked) -> web.Response:
    who = asked.who
    assert who is not None
    assert who.number is not None
    verb, _, rest = asked.path["action"].partition("/")
    if verb in MODES and rest:
        call = _call_of(asked, who.number)
        await asked.services.orders.transfer(call.id, rest, verb, "url_key", by=who.number)
    elif verb in ("cancel", "take-back", "join") and not rest:
        call = _call_of(asked, who.number)
        orders = asked.services.orders
        await {"cancel": orders.cancel, "take-back": orders.take_back, "join": orders.join}[verb](call.id)
    elif verb == "pause" and len(rest) <= 64:
        await asked.services.orders.pause(who.number, rest)
    elif verb in ("ready", "wrap-up") and not rest:
        orders = asked.services.orders
        await (orders.ready if verb == "ready" else orders.wrap_up)(who.number)
    else:
        raise UnknownActionError(asked.path["action"])
    target = asked.services.site.targets.get(rest)
    name = target.name.get(asked.language, rest) if target else rest
    return web.Response(text=f"{_TOLD[verb][asked.language].format(name=name)}\n")


def _call_of(asked: Asked, number: str) -> LiveCall:
    calls = asked.services.live.calls_of_operator(number)
    if not calls:
        raise NoCallError(number)
    return calls[-1]
