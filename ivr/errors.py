"""The one family of errors. Subclasses live beside what raises them; foreign errors are mapped at the border."""

from __future__ import annotations

from collections.abc import Mapping


class HotlineError(Exception):
    """Something a person or a program asked for and cannot have.

    `id` is stable and is what programs test. `message` is one sentence: what, where and how to mend it.
    `details` are its facts, JSON-ready. `status` is the HTTP status that says the same.
    """

    def __init__(self, id: str, message: str, details: Mapping[str, object] | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.id = id
        self.message = message
        self.details: Mapping[str, object] = dict(details or {})
        self.status = status
