"""A scripted server that answers when the test says so: what is late, lost or overtaken is what a page must bear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from playwright.sync_api import Page, Request, Route

from tests.browser.scripted import ORIGIN, WHO, Desk


class Kept:
    """A route whose answer is ready, and goes out later."""

    def __init__(self, route: Route, waiting: list[Callable[[], None]]) -> None:
        self._route, self._waiting = route, waiting

    @property
    def request(self) -> Request:
        return self._route.request

    def fulfill(self, **answer: Any) -> None:
        self._waiting.append(lambda: self._route.fulfill(**answer))

    def abort(self) -> None:
        self._waiting.append(self._route.abort)


class Late(Desk):
    """`says`: "GET /path" → JSON, (status, JSON) or a function of the body; of `keeps` the answers wait in `kept`.

    `lost` of them never come: the connection ends.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.says: dict[str, Any] = {}
        self.keeps: set[str] = set()
        self.lost: set[str] = set()
        self.kept: list[Callable[[], None]] = []
        self.headers: dict[str, str] = {}
        self.token = ""  # that came with the last request

    def work(self, roles: list[str], path: str) -> Page:
        """Somebody's page."""
        self.says["GET /session"] = {"session": {**WHO, "roles": roles}}
        page = self.context.new_page()
        page.goto(f"{ORIGIN}{path}")
        return page

    def release(self, count: int = 1) -> None:
        """The answers that waited longest."""
        for _ in range(count):
            self.kept.pop(0)()

    def waits(self, page: Page, count: int = 1) -> None:
        """Until so many answers wait."""
        for _ in range(600):
            if len(self.kept) >= count:
                return
            page.wait_for_timeout(25)
        raise AssertionError(f"{len(self.kept)} answers wait, not {count}; asked was {self.orders}")

    def _api(self, route: Route, path: str) -> None:
        asked = route.request
        self.token = asked.headers.get("x-csrf-token", "")
        name = f"{asked.method} {path}"
        if name in self.keeps:
            route = cast(Route, Kept(route, self.kept))
        if name not in self.says and name not in self.lost:
            super()._api(route, path)
            return
        is_json = asked.headers.get("content-type") == "application/json"
        body = asked.post_data_json if is_json else None
        if asked.method != "GET":
            self.orders.append((asked.method, path, body, asked.headers.get("idempotency-key")))
        if name in self.lost:
            route.abort()
            return
        said = self.says[name]
        answer = said(body) if callable(said) else said
        status, told = answer if isinstance(answer, tuple) else (200, answer)
        route.fulfill(status=status, json=told, headers=self.headers)


def refusal(id: str, message: str) -> dict[str, Any]:
    return {"error": {"id": id, "message": message, "details": {}}}
