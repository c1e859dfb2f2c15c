"""The route by which a citizen hears how far his matter is."""

from __future__ import annotations

from ivr.web import progress
from ivr.web.routes import CALLER, Route, words
from ivr.web.schema import TIME, nullable, obj, one_of, string

STEPS = ("received", "accepted", "ordered", "extended", "handled", "closed")
_CASE = string(r"([0-9A-Za-z_-]{1,32}-[0-9]{8}-)?[0-9]{6}", 64, description="a case's number, or its last six")

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/progress",
        progress.asked_for,
        words(
            "公众查询办理进展：来电号码和诉求编号都相符时，只告知环节和时间",
            "For the public: how far a matter is, step and time only, where the caller's and the case's number fit",
        ),
        obj({"progress": nullable(obj({"step": one_of(*STEPS), "at": TIME}))}),
        access="open",
        query={"number": CALLER, "case": _CASE},
    ),
    Route(
        "GET",
        progress.PAGE.address,
        progress.page,
        words("公众查询办理进展的网页", "The public page that tells how far a matter is"),
        access="open",
        media="text/html",
    ),
    Route(
        "POST",
        progress.PAGE.address,
        progress.looked_up,
        words("公众查询办理进展（网页表单）", "What the public asks by that page"),
        access="open",
        media="text/html",
        upload=progress.MOST_BODY,
    ),
)
