"""The departments that work on orders, in a site's settings (R47)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.settings.model import Site

DEPARTMENT = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def problems(site: Site) -> Iterator[str]:
    """Everything that is wrong, one sentence each, opening with the key."""
    for department in site.departments.values():
        where = f"departments.{department.key}"
        if not DEPARTMENT.fullmatch(department.key):
            yield f"{where}: a department's key is made of small letters, digits, _ and -, at most 32"
        for language in site.hotline.languages:
            if not department.name.get(language):
                yield f"{where}.name.{language}: expected its name in this language"
