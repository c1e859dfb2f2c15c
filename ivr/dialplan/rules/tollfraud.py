"""A hotline calls its targets, its operators and nobody else: whoever can make it dial out makes the city pay."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialplan import alphabet
from ivr.dialplan.applications import Run, runs
from ivr.dialplan.checked import SITE, Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.model import Step
from ivr.dialplan.parts import split

# application → which argument names whom it calls
DIALS = {"dial": 0, "retrydial": 3, "originate": 0, "page": 0, "addqueuemember": 1, "transfer": 0, "followme": 0}
NEIGHBOUR = "desk-neighbour"


def outside(checked: Checked) -> Iterator[Finding]:
    """Judged in a site's own files; core's destinations come from the settings alone."""
    if checked.site is None:
        return
    for step in checked.dialplan.steps():
        if not checked.of_site(step.at):
            continue
        for run in runs(step):
            if run.application in DIALS:
                for destination in split(run.argument(DIALS[run.application]), "&"):
                    if destination.strip() and _leads_out(checked, step, run, destination.strip()):
                        yield found(step.at, "toll-fraud", what=destination.strip(), where=step.application)


def _leads_out(checked: Checked, step: Step, run: Run, destination: str) -> bool:
    if run.application in {"transfer", "followme"}:
        return True  # the caller's own exchange is asked to call whom we name, beyond all of the hotline's care
    known = checked.flow.values.of(destination, step)
    if known is not None:
        return any(not _ours(checked, one) for one in known)
    technology, slash, rest = destination.partition("/")
    if "${" in technology or not slash:
        return bool(checked.taint.of(destination, step))
    if technology.upper() == "PJSIP":
        return _phone_leads_out(checked, step, rest)
    return technology.lower() != "local" or not rest.rpartition("@")[2].startswith(SITE)


def _phone_leads_out(checked: Checked, step: Step, rest: str) -> bool:
    endpoint = rest.partition("/")[0].rpartition("@")[2]
    if "${" in endpoint:  # the caller's numerals are an operator's number or nothing at all
        return bool(checked.taint.of(endpoint, step) & ~alphabet.NUMERALS) or "/" in rest
    return not _ours(checked, f"PJSIP/{endpoint}") or "/" in rest or "@" in rest


def _ours(checked: Checked, destination: str) -> bool:
    site = checked.site
    assert site is not None
    technology, _, rest = destination.partition("/")
    if technology.lower() == "local":
        return rest.rpartition("@")[2].startswith(SITE)
    if technology.upper() != "PJSIP":
        return False
    endpoint, _, uri = rest.partition("/")
    routes = {uri for target in site.targets.values() if target.endpoint == endpoint for uri in target.uris}
    endpoints = {target.endpoint for target in site.targets.values()} | set(site.operators)
    return endpoint in endpoints and (not uri or uri in routes)
