"""What axe-core finds on a page (WCAG 2.2 A and AA). axe.min.js is axe-core's own, Mozilla Public License 2.0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SCRIPT = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def findings(page: Page, *impacts: str) -> list[str]:
    """`rule impact: the elements`, of those impacts (serious and critical where none is named)."""
    page.evaluate(SCRIPT)  # by the debugger: the page's own policy stands
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
    )
    wanted = impacts or ("serious", "critical")
    return [
        f"{rule['id']} {rule['impact']}: {'; '.join(' '.join(map(str, node['target'])) for node in rule['nodes'])}"
        for rule in found["violations"]
        if rule["impact"] in wanted
    ]
