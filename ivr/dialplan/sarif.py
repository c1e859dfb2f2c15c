"""A report as SARIF 2.1.0 (OASIS), which editors and code hosts show at the lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ivr.dialplan.codes import CODES
from ivr.dialplan.findings import Finding, Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(report: Report, language: str, folder: Path) -> Mapping[str, Any]:
    """JSON-ready; files below `folder` are named from there, others by their whole path."""
    results = [_result(one, language, folder) for one in report.findings]
    for allowed in report.suppressed:
        result = _result(allowed.finding, language, folder)
        results.append(result | {"suppressions": [{"kind": "inSource", "justification": allowed.reason}]})
    codes = sorted({result["ruleId"] for result in results})
    rules = [_rule(code, language) for code in codes]
    tool = {"driver": {"name": "ivr dialplan check", "rules": rules}}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": tool, "results": results}]}


def _rule(code: str, language: str) -> dict[str, Any]:
    kind = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": kind.message[language]},
        "help": {"text": kind.mend[language]},
        "defaultConfiguration": {"level": kind.severity},
    }


def _result(finding: Finding, language: str, folder: Path) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": f"{finding.message[language]} {finding.mend[language]}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.file, folder)},
                    "region": {"startLine": max(1, finding.line)},
                }
            }
        ],
    }


def _uri(file: Path, folder: Path) -> str:
    path = folder / file
    if path.is_relative_to(folder):
        return quote(path.relative_to(folder).as_posix())
    return path.as_uri()
