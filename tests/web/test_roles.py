"""Who may ask for what: every route of the table against every role, as docs/security.md writes it down."""

from __future__ import annotations

from pathlib import Path

from ivr.store.accounts import ROLES
from ivr.web.context import Who
from ivr.web.roles import MAY, may
from ivr.web.table import ROUTES

PAGE = Path(__file__).parents[2] / "docs/security.md"
HEAD = "| route | " + " | ".join(ROLES) + " | administrator's token |"


def row(method: str, path: str, access: str) -> str:
    if access not in MAY:
        return f"| `{method} {path}` | " + " | ".join([access] * (len(ROLES) + 1)) + " |"
    askers = [*(Who(role, cookie="a browser's") for role in ROLES), Who("admin")]
    return f"| `{method} {path}` | " + " | ".join("yes" if may(who, access) else "–" for who in askers) + " |"


def test_given_the_routes_then_the_page_says_of_each_who_may_ask() -> None:
    wanted = [row(route.method, route.path, route.access) for route in ROUTES]
    written = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    told = [line for line in written if line.split("`")[1].split(" ")[0].isupper()]
    assert told == wanted, "docs/security.md, Roles: python -m tests.web.test_roles writes them anew"
    assert HEAD in PAGE.read_text(encoding="utf-8")


def test_given_a_person_who_changes_things_then_he_cannot_read_what_tells_of_it() -> None:
    for role in ("admin", "dialplan_admin", "supervisor", "operator"):
        assert not may(Who(role, cookie="a browser's"), "auditor")
    assert may(Who("auditor", cookie="a browser's"), "auditor")
    assert may(Who("admin"), "auditor")


def write() -> None:
    """`python -m tests.web.test_roles` writes the rows anew, for a person to look at the difference."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, _ = text.partition(HEAD)
    rows = [row(route.method, route.path, route.access) for route in ROUTES]
    PAGE.write_text("\n".join([f"{before}{HEAD}", "|" + "---|" * (len(ROLES) + 2), *rows, ""]), encoding="utf-8")


if __name__ == "__main__":
    write()
