"""Dialplans over HTTP: the draft is read, saved, checked, tried, published, taken back. Every change is on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from ivr.dialplan import drafts, publish
from ivr.dialplan.findings import Finding, Report
from ivr.dialplan.trial_model import Wish
from ivr.dialplan.versions import Version, difference, story
from ivr.store.audit import Audit
from ivr.web.context import Asked

NEW = "new"  # If-Match of a file that is not there yet


def _role(asked: Asked) -> str:
    assert asked.who is not None
    return asked.who.role


def _shown(text: str) -> str:
    """Bytes that are no UTF-8 cannot be told in JSON."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _listed(files: drafts.Files) -> list[dict[str, Any]]:
    return [
        {"name": name, "hash": drafts.file_digest(text), "bytes": len(text.encode("utf-8", "surrogateescape"))}
        for name, text in files.items()
    ]


async def overview(asked: Asked) -> dict[str, Any]:
    """What is in force, what Asterisk says that it runs, and how the draft stands."""
    office = asked.services.office
    draft, current = drafts.of_site(office.site), office.versions.current
    submitted = drafts.submitted(office.versions.folder)
    return {
        "current": current,
        "running": await office.running(),
        "draft": {
            "hash": draft.digest,
            "author": submitted.by if submitted is not None and submitted.digest == draft.digest else None,
            "published": current is not None and office.versions.get(current).site == draft.digest,
            "files": _listed(draft.files),
        },
        "core": _listed(draft.core_files),
        "two_person": office.site.dialplans.two_person,
    }


# — files —————————————————————————————————————————————————————————————————————————————————————————————————————————————


async def draft_file(asked: Asked) -> dict[str, Any]:
    return _file(asked.path["file"], drafts.of_site(asked.services.site).text_of(asked.path["file"]))


async def core_file(asked: Asked) -> dict[str, Any]:
    return _file(asked.path["file"], drafts.Draft(drafts.CORE, drafts.CORE).text_of(asked.path["file"]))


async def version_file(asked: Asked) -> dict[str, Any]:
    versions, number = asked.services.office.versions, int(asked.path["version"])
    versions.get(number)
    folder = versions.path(number) / "site"
    return _file(asked.path["file"], drafts.Draft(folder, folder).text_of(asked.path["file"]))


def _file(name: str, text: str) -> dict[str, Any]:
    return {"file": {"name": name, "text": _shown(text), "hash": drafts.file_digest(text)}}


async def save(asked: Asked) -> dict[str, Any]:
    """`If-Match`: the hash that was read, `new` for a file that is not there yet. Who saves is the draft's author."""
    name, text = asked.path["file"], asked.body["text"]
    draft, known = drafts.own_draft(asked.services.site), _known(asked)
    draft.expect(name, known)
    made = drafts.file_digest(text)
    await _note(asked, "dialplan.save", name, {"hash": made, "before": known})
    draft.save(name, text, known)
    _hand_in(asked, draft)
    return {"file": {"name": name, "text": text, "hash": made}}


async def remove(asked: Asked) -> dict[str, Any]:
    name = asked.path["file"]
    draft, known = drafts.own_draft(asked.services.site), _known(asked)
    draft.expect(name, known or NEW)
    await _note(asked, "dialplan.remove", name, {"before": known})
    draft.remove(name, known or NEW)
    return _hand_in(asked, draft)


async def submit(asked: Asked) -> dict[str, Any]:
    draft = drafts.of_site(asked.services.site)
    await _note(asked, "dialplan.submit", draft.digest[:12], {})
    return _hand_in(asked, draft)


def _known(asked: Asked) -> str | None:
    known = asked.request.headers.get("If-Match", NEW).strip('"')
    return None if known == NEW else known


async def _note(asked: Asked, what: str, about: str, details: dict[str, Any]) -> None:
    """On record before it is done: what cannot be noted is not done."""
    await Audit(asked.services.store).note(asked.by, _role(asked), what, about, asked.body.get("why", ""), details)


def _hand_in(asked: Asked, draft: drafts.Draft) -> dict[str, Any]:
    drafts.submit(draft, asked.services.office.versions.folder, asked.by, datetime.now(UTC))
    return {"draft": {"hash": draft.digest, "author": asked.by}}


# — looking at it —————————————————————————————————————————————————————————————————————————————————————————————————————


async def check(asked: Asked) -> dict[str, Any]:
    report = await asked.services.office.check(_unsaved(asked), quick=asked.body.get("quick", False))
    return told(report, asked.language)


def told(report: Report, language: str) -> dict[str, Any]:
    return {
        "findings": [_finding(one, language) for one in report.findings],
        "suppressed": [_finding(one.finding, language) | {"reason": one.reason} for one in report.suppressed],
    }


def _finding(finding: Finding, language: str) -> dict[str, Any]:
    return {
        "file": str(finding.file),
        "line": finding.line,
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message[language],
        "mend": finding.mend[language],
    }


async def test(asked: Asked) -> dict[str, Any]:
    return {"stories": await asked.services.office.rehearse()}


async def try_(asked: Asked) -> dict[str, Any]:
    body = asked.body
    wish = Wish(
        caller=body.get("from", "13800138000"),
        number=body.get("to", asked.services.site.hotline.number),
        press=body.get("press", ""),
        at=datetime.fromisoformat(body["at"]) if "at" in body else None,
        controller=body.get("controller", "up"),
        operator=body.get("operator", "free"),
        seconds=float(body.get("seconds", 10)),
    )
    return {"trial": await asked.services.office.play(wish, asked.language, _unsaved(asked))}


async def picture(asked: Asked) -> web.Response:
    svg = await asked.services.office.picture(asked.query.get("language", asked.language))
    return web.Response(text=svg, content_type="image/svg+xml", charset="utf-8")


async def picture_of(asked: Asked) -> dict[str, Any]:
    return {"picture": await asked.services.office.picture(asked.language, _unsaved(asked))}


def _unsaved(asked: Asked) -> Mapping[str, str]:
    """What somebody has typed and not saved: name → text."""
    unsaved: Mapping[str, str] = asked.body.get("unsaved", {})
    return unsaved


async def vocabulary(asked: Asked) -> dict[str, Any]:
    return {"vocabulary": await asked.services.office.vocabulary(asked.query.get("language", asked.language))}


async def progress(asked: Asked) -> dict[str, Any]:
    now = asked.services.office.publishing
    return {"publishing": {"by": now.by, "step": now.step, "since": now.since} if now is not None else None}


# — versions ——————————————————————————————————————————————————————————————————————————————————————————————————————————


async def history(asked: Asked) -> dict[str, Any]:
    versions = asked.services.office.versions
    return {"current": versions.current, "versions": [_version(asked, one) for one in versions.all()]}


async def version(asked: Asked) -> dict[str, Any]:
    office, number = asked.services.office, int(asked.path["version"])
    made = office.versions.get(number)
    return {"version": _version(asked, made), "files": _listed(office.versions.files(number))}


def _version(asked: Asked, made: Version) -> dict[str, Any]:
    state, reason = story(made, asked.services.office.versions)
    return made.as_dict() | {"state": state, "reason": reason}


async def diff(asked: Asked) -> dict[str, Any]:
    """From `old` (otherwise the version in force) to `new` (otherwise the draft)."""
    versions = asked.services.office.versions
    old, new = asked.query.get("old", versions.current), asked.query.get("new")
    before = versions.files(old) if old is not None else {}
    after = versions.files(new) if new is not None else drafts.of_site(asked.services.site).files
    lines = difference(before, after, f"v{old or 0}", f"v{new}" if new is not None else "draft")
    return {"diff": [_shown(line) for line in lines]}


async def publish_(asked: Asked) -> dict[str, Any]:
    made = await asked.services.office.publish(asked.by, asked.body["why"], _role(asked))
    return {"version": _version(asked, made)}


async def rollback(asked: Asked) -> dict[str, Any]:
    office = asked.services.office
    number = publish.to_bring_back(office.versions, asked.body.get("version"))
    made = await office.publish(asked.by, asked.body["why"], _role(asked), number)
    return {"version": _version(asked, made)}


# — the audit log —————————————————————————————————————————————————————————————————————————————————————————————————————


async def audit(asked: Asked) -> dict[str, Any]:
    query = asked.query
    entries = await Audit(asked.services.store).listed(
        limit=query.get("limit", 100), what=query.get("what"), before=query.get("before"), since=query.get("since")
    )
    return {"entries": [entry.as_dict() for entry in entries]}
