"""The routes by which matters come without a call."""

from __future__ import annotations

from ivr.web import channels, report, unanswered
from ivr.web.routes import Route, words
from ivr.web.schema import BOOLEAN, TEXT, array, integer, nullable, obj
from ivr.web.shapes import COUNT
from ivr.web.table_cases import ROW

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/cases/unanswered",
        unanswered.listed,
        words("等待首次答复的网络诉求，超时最久的在前", "Matters from the internet that wait for a first answer"),
        obj({"cases": array(ROW), "late": COUNT, "desk": TEXT, "desks": array(TEXT)}),
        access="desk",
        query={"limit": integer(1, unanswered.MOST, default=20)},
    ),
    Route(
        "POST",
        "/api/v1/channels/{channel}",
        channels.taken,
        words(
            "短信、微信等网关送来的一条消息（须签名，见 docs/channels.md）",
            "A gateway's message, signed: docs/channels.md",
        ),
        obj({"case": obj({"id": nullable(TEXT), "number": TEXT}), "again": BOOLEAN}),
        access="signed",
        upload=channels.MOST_BODY,
        takes=channels.MESSAGE,
    ),
    Route(
        "GET",
        report.PAGE.address,
        report.page,
        words("公众填写诉求的网页", "The public form page"),
        access="open",
        media="text/html",
    ),
    Route(
        "POST",
        report.PAGE.address,
        report.sent,
        words("公众提交诉求（网页表单）", "What the public sends by the form"),
        access="open",
        media="text/html",
        upload=report.MOST_BODY,
    ),
)
