"""A case in the shape of NENA's Emergency Incident Data Object (STA-021.1b, EIDO 1.0), for partners that read that.

The names are EIDO's. A component's `$id` is unique in the document; agencies are desks, agents are `person@desk`. What
both desks agree on are the events in the extension (`ivr.desks.exchange_wire`): these components are made from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from ivr.desks.case_model import DISPATCHER, Case, Event
from ivr.desks.exchange import instant

VERSION = "1.0"
_CALL_TYPE = {True: "emergency", False: "nonEmergency"}
_PRIORITY = {"general": 5, "urgent": 2, "very_urgent": 1}  # of 0 (first) to 10
_TYPES = {"110": "police", "122": "police", "119": "fire", "120": "ambulance"}
OTHER_TYPE = "government.hotline"


def components(case: Case, sender: str, to: str, events: Iterable[Event]) -> dict[str, Any]:
    """Everything of an EIDO but its extension."""
    newest = max((entry.event.at for entry in case.history), default=case.opened_at)
    head = {"lastUpdateTimeStamp": instant(newest), "updatedByAgencyReference": _ref(sender)} if newest else {}
    people = sorted({(event.origin, event.by) for event in events} | {(link.desk, link.by) for link in case.calls})
    found: dict[str, Any] = {
        "$id": f"urn:uuid:{case.id}",
        **head,
        "eidoVersion": VERSION,
        "issuingElementIdentification": sender,
        "incidentComponent": _incident(case, head),
        "agencyComponent": [
            {"$id": desk, **head, **_agency(case, desk, to)} for desk in sorted(case.desks | {sender, to})
        ],
        "agentComponent": [
            {
                "$id": f"{person}@{desk}",
                **head,
                "agentRoleRegistryText": ["Call Taking"],
                "agencyReference": _ref(desk),
            }
            for desk, person in people
        ],
        "callComponent": [{**head, **call} for call in _calls(case)],
    }
    matter = case.matter
    if matter.caller:
        found["callbackComponent"] = [{"$id": "callback", **head, "callBackInformationUri": [f"tel:{matter.caller}"]}]
    if matter.caller or matter.name:
        caller = {"personIncidentRoleRegistryText": ["Caller"]}
        name = {"ncPersonComponent": {"ncPersonName": {"ncPersonFullName": matter.name}}} if matter.name else {}
        reach = {"callBackReference": _ref("callback")} if matter.caller else {}
        found["personComponent"] = [{"$id": "caller", **head, **caller, **name, **reach}]
    if matter.place or matter.longitude is not None:
        found["locationComponent"] = [{"$id": "place", **head, **_location(case)}]
    notes = [{"$id": f"note-{name}", **head, "notesActionComments": words} for name, words in _notes(case)]
    if notes:
        found["notesComponent"] = notes
    return found


def _incident(case: Case, head: dict[str, Any]) -> dict[str, Any]:
    matter = case.matter
    return {
        "$id": "incident",
        **head,
        "incidentTypeCommonRegistryText": "Other",
        "incidentTypeInternalCode": matter.class_code,
        "incidentTypeInternalText": matter.kind,
        "incidentStatusInternalText": [case.state],
        "internalIncidentId": case.number,
        "incidentPriorityInternalText": matter.urgency,
        "incidentCommonPriorityNumber": 0 if case.emergency is not None else _PRIORITY.get(matter.urgency, 5),
        "dispositionComponent": [
            {
                "$id": f"disposition-{desk}",
                "lastUpdateTimeStamp": instant(result.at),
                "updatedByAgencyReference": _ref(desk),
                "dispositionCommonRegistryCode": "Other",
                "dispositionCategoryText": result.result,
                "dispositionDescriptionText": result.words,
            }
            for desk, result in sorted(case.results.items())
        ],
    }


def _agency(case: Case, desk: str, to: str) -> dict[str, Any]:
    roles = ["CallReceiving"] if desk == case.first else []
    roles += ["Dispatching"] if desk in case.owners and desk == DISPATCHER else []
    roles += ["TransferredTo"] if desk == to != case.first else []
    return {
        "agencyRoleDescriptionRegistryText": roles or ["Other"],
        "agencyType": [_TYPES.get(desk, OTHER_TYPE)],
        "incidentOwningAgencyIndicator": desk in case.owners,
    }


def _calls(case: Case) -> Iterator[dict[str, Any]]:
    for link in case.calls:
        yield {
            "$id": f"urn:uuid:{link.call}",
            "standardPrimaryCallType": _CALL_TYPE[case.emergency is not None or link.desk == DISPATCHER],
            "direction": "incoming",
            "callStartTimestamp": instant(link.at),
            "callStateRegistryText": "callAnswered",
            "agentReference": [_ref(f"{link.by}@{link.desk}")],
            "agencyReference": [_ref(link.desk)],
            **({"callBackReference": _ref("callback")} if case.matter.caller else {}),
        }


def _location(case: Case) -> dict[str, Any]:
    matter = case.matter
    told: dict[str, Any] = {"locationTypeDescriptionRegistryText": "Caller", "locationDescriptionText": matter.place}
    if matter.longitude is not None and matter.latitude is not None:
        position = f"{matter.latitude} {matter.longitude}"  # EPSG:4326 says latitude first
        told["locationByValue"] = (
            '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" '
            f'xmlns:gml="http://www.opengis.net/gml" entity="pres:{escape(case.id)}"><tuple id="place"><status>'
            '<gp:geopriv><gp:location-info><gml:Point srsName="urn:ogc:def:crs:EPSG::4326">'
            f"<gml:pos>{position}</gml:pos></gml:Point></gp:location-info><gp:usage-rules/></gp:geopriv>"
            "</status></tuple></presence>"
        )
    return told


def _notes(case: Case) -> Iterator[tuple[str, str]]:
    for name in ("happened", "cause", "course", "text"):
        if words := getattr(case.matter, name):
            yield name, words


def _ref(id: str) -> dict[str, str]:
    return {"$ref": id}
