"""The routes about prompts."""

from __future__ import annotations

from ivr.web import prompts, shapes
from ivr.web.routes import BY, Route, words
from ivr.web.schema import obj, string

PROMPTS = "/api/v1/prompts"
_PROMPT = f"{PROMPTS}/{{language}}/{{prompt}}"
_TEXT = string(r"[^\x00-\x1f\x7f]+", 500, description="what is said; {number} stands for the hotline's number")
_CHANGE = {
    "category": string(r"[a-z]{1,32}", 32, description=f"what a new prompt is for: {', '.join(prompts.CATEGORIES)}"),
    "by": BY,
}

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{PROMPTS}",
        prompts.listed,
        words(
            "提示音：文字、类别、时长、响度、播放之处",
            "Prompts: words, length, loudness, where they are played",
        ),
        shapes.PROMPTS,
        access="dialplan_admin",
    ),
    Route(
        "GET",
        f"{PROMPTS}/check",
        prompts.checked,
        words("检查全部提示音", "Is every prompt there and fit for a telephone"),
        shapes.PROMPT_FAULTS,
        access="dialplan_admin",
    ),
    Route(
        "GET", _PROMPT, prompts.shown, words("一条提示音", "One prompt"), shapes.PROMPT_ALONE, access="dialplan_admin"
    ),
    Route(
        "GET",
        f"{_PROMPT}/sound",
        prompts.sound,
        words("提示音的声音（wav，可按 Range 取一段）", "Its sound (wav; a part of it by Range)"),
        access="dialplan_admin",
        media="audio/wav",
    ),
    Route(
        "PUT",
        f"{_PROMPT}/sound",
        prompts.bring_in,
        words("导入录音（任何声音文件）", "Bring a recording in: any sound file"),
        shapes.PROMPT_CHANGED,
        access="dialplan_admin",
        query=_CHANGE,
        upload=prompts.LARGEST,
    ),
    Route(
        "DELETE",
        f"{_PROMPT}/sound",
        prompts.take_out,
        words(
            "撤下录音，恢复合成语音（录音保留）",
            "Take a recording out (it is kept): its text is spoken again",
        ),
        shapes.PROMPT_CHANGED,
        access="dialplan_admin",
        body=obj({}, {"by": BY}),
    ),
    Route(
        "PUT",
        f"{_PROMPT}/text",
        prompts.say,
        words("改文字，由语音合成读出", "Give it words, which are spoken"),
        shapes.PROMPT_CHANGED,
        access="dialplan_admin",
        body=obj({"text": _TEXT}, _CHANGE),
    ),
)
