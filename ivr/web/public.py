"""The pages that anybody may open without a login: filled here, readable without a script."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ivr.web.context import Asked
from ivr.web.pages import POLICY, STATIC

ADDRESS = "/report"  # the form's; the other pages stand below it


@dataclass(frozen=True, slots=True)
class Page:
    """`words`: those of each language."""

    address: str
    template: str
    words: Mapping[str, Mapping[str, str]]

    def language(self, asked: Asked) -> str:
        """The one that the address asks for, else the reader's own."""
        wanted = asked.request.query.get("lang", "")
        return wanted if wanted in self.words else asked.language

    def answer(
        self, asked: Asked, filled: Mapping[str, object], values: Mapping[str, object], *,
        problem: str = "", status: int = 200, wait: float = 0.0,
    ) -> web.Response:  # fmt: skip
        """`filled`: what its words have gaps for. `problem`: a word of error.*. `wait`: seconds, 0: none."""
        hotline, language = asked.services.site.hotline, self.language(asked)
        gaps = {"minutes": math.ceil(wait / 60), **filled}

        def t(name: str) -> str:
            return self.words[language][name].format(**gaps)

        text = _template(self.template).render(
            t=t,
            address=self.address,
            language=language,
            other="en" if language == "zh" else "zh",
            hotline=hotline.name.get(language) or hotline.number,
            problem=t(f"error.{problem}") if problem else "",
            **values,
        )
        headers = {"Content-Security-Policy": POLICY, "Content-Language": language}
        if wait:
            headers["Retry-After"] = str(math.ceil(wait))
        return web.Response(text=text, status=status, content_type="text/html", headers=headers)


@cache
def _template(name: str) -> Any:
    loader = FileSystemLoader(STATIC / "report")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template(name)
