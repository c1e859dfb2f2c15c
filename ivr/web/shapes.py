"""What answers look like, as schemas: openapi.json prints them and the tests hold every answer against them."""

from __future__ import annotations

from ivr.calls.live_views import CALL_STATES, OPERATOR_STATES, TRANSFER_STATES
from ivr.web.schema import BOOLEAN, NUMBER, TEXT, TIME, Schema, array, integer, mapping, nullable, obj, one_of, string

MODES = ("transfer", "conference", "consult", "suspend", "blind")
OUTCOMES = ("answered", "transferred", "emergency", "abandoned", "interrupted", "rejected", "diverted")

ANY: Schema = {"type": "object", "additionalProperties": {}}
KEY = {"Idempotency-Key": string(r"[!-~]{1,255}", 255, description="the same key: the same order, whatever is lost")}
COUNT = integer(0, 2**53)
WORD = nullable(TEXT)
MOMENT = nullable(TIME)
BOTH_LANGUAGES = mapping(TEXT)

ERROR = obj({"error": obj({"id": TEXT, "message": TEXT, "details": ANY})})

# ---- the call log: ivr.calls.model
LEG = obj(
    {
        "id": TEXT,
        "call_id": TEXT,
        "role": TEXT,
        "party": TEXT,
        "number": TEXT,
        "direction": TEXT,
        "started_at": TIME,
        "ringing_at": MOMENT,
        "answered_at": MOMENT,
        "ended_at": MOMENT,
        "cause": nullable(integer(-(2**53), 2**53)),
        "hung_up_by": WORD,
        "recording": WORD,
    },
    {"recorded_from": MOMENT},
)
TALK = obj({"call_id": TEXT, "leg_a": TEXT, "leg_b": TEXT, "started_at": TIME, "ended_at": MOMENT})
ATTEMPT = obj(
    {
        "route": TEXT,
        "dialled_at": TIME,
        "leg_id": WORD,
        "ringing_at": MOMENT,
        "answered_at": MOMENT,
        "result": WORD,
        "cause": nullable(integer(-(2**53), 2**53)),
    }
)
TRANSFER = obj(
    {
        "id": TEXT,
        "call_id": TEXT,
        "asked_by": WORD,
        "target": TEXT,
        "mode": TEXT,
        "trigger": TEXT,
        "asked_at": TIME,
        "result": WORD,
        "cause": nullable(integer(-(2**53), 2**53)),
        "reason": WORD,
        "ended_at": MOMENT,
        "attempts": array(ATTEMPT),
    }
)
CALL = obj(
    {
        "id": TEXT,
        "number": TEXT,
        "caller": TEXT,
        "entered_at": TIME,
        "node": TEXT,
        "answered_at": MOMENT,
        "ended_at": MOMENT,
        "outcome": WORD,
        "handed_over_by": WORD,
        "language": WORD,
        "legs": array(LEG),
        "talks": array(TALK),
        "transfers": array(TRANSFER),
        "steps": array(obj({"call_id": TEXT, "at": TIME, "step": TEXT, "value": TEXT})),
    }
)
CALLS = obj({"calls": array(CALL)}, {"next": WORD})

# ---- the live state: ivr.calls.live_views
LIVE_LEG = obj(
    {
        "id": TEXT,
        "role": TEXT,
        "party": TEXT,
        "channel": TEXT,
        "state": TEXT,
        "since": TIME,
        "bridge": WORD,
        "mode": WORD,
    }
)
LIVE_TRANSFER = obj(
    {
        "id": WORD,
        "target": TEXT,
        "state": one_of(*TRANSFER_STATES),
        "since": TIME,
        "mode": WORD,
        "trigger": WORD,
        "result": WORD,
        "reason": WORD,
        "route": nullable(COUNT),
    }
)
STEP = obj({"at": TIME, "step": TEXT, "value": TEXT})
LIVE_CALL = obj(
    {
        "id": TEXT,
        "caller": TEXT,
        "state": one_of(*CALL_STATES),
        "since": TIME,
        "language": WORD,
        "handed_over_by": WORD,
        "requeued": WORD,
        "queue": WORD,
        "caller_channel": WORD,
        "legs": array(LIVE_LEG),
        "transfers": array(LIVE_TRANSFER),
        "queued_at": MOMENT,
        "steps": array(STEP),
    }
)
LIVE_WAITING = obj(
    {"call": TEXT, "position": COUNT, "caller": TEXT, "since": TIME, "priority": BOOLEAN, "language": WORD}
)
LIVE_OPERATOR = {
    "number": TEXT,
    "name": TEXT,
    "state": one_of(*OPERATOR_STATES),
    "since": TIME,
    "reason": WORD,
    "call": WORD,
    "until": MOMENT,
    "last_call": WORD,
    "skills": array(TEXT),
}
LIVE_TARGET = {"key": TEXT, "reachable": nullable(BOOLEAN), "routes": mapping(BOOLEAN)}
LIVE = obj(
    {
        "version": COUNT,
        "at": TIME,
        "connected": BOOLEAN,
        "calls": array(LIVE_CALL),
        "queues": array(obj({"name": TEXT, "waiting": array(LIVE_WAITING)})),
        "operators": array(obj(LIVE_OPERATOR)),
        "targets": array(obj(LIVE_TARGET)),
    }
)

# ---- orders
ORDERED_TRANSFER = obj(
    {"transfer": obj({"id": TEXT, "call_id": TEXT, "target": TEXT, "mode": one_of(*MODES), "state": one_of("asked")})}
)
ORDERED = obj({"order": obj({"action": TEXT, "state": one_of("asked")}, {"call_id": TEXT, "operator": TEXT})})

SUPERVISED = obj(
    {"order": obj({"action": TEXT, "state": one_of("asked"), "call_id": TEXT, "supervisor": TEXT}, {"mode": TEXT})}
)
SKILLS = obj({"operator": obj({"number": TEXT, "skills": array(TEXT)})})

# ---- who and where
OPERATORS = obj({"operators": array(obj(LIVE_OPERATOR))})
TARGETS = obj(
    {
        "targets": array(
            obj(
                {
                    **LIVE_TARGET,
                    "name": BOTH_LANGUAGES,
                    "role": TEXT,
                    "emergency": BOOLEAN,
                    "modes": array(one_of(*MODES)),
                    "flow": WORD,
                    "critical_contact": WORD,
                }
            )
        )
    }
)

# ---- screening
BLOCK = obj(
    {
        "id": TEXT,
        "number": TEXT,
        "by": TEXT,
        "reason": TEXT,
        "from": TIME,
        "until": TIME,
        "lifted_at": MOMENT,
        "lifted_by": WORD,
        "holds": BOOLEAN,
    }
)
BLOCKS = obj({"blocks": array(BLOCK)})
BLOCKED = obj({"block": BLOCK})
REVIEW = obj(
    {
        "number": TEXT,
        "flagged_at": TIME,
        "last_at": TIME,
        "calls": COUNT,
        "reviewed_at": MOMENT,
        "reviewed_by": WORD,
    }
)
REVIEWS = obj({"reviews": array(REVIEW)})
REVIEWED = obj({"reviewed": obj({"number": TEXT, "by": TEXT})})

# ---- prompts
_SECONDS = {"type": "number", "minimum": 0}
MEASURED = obj(
    {
        "seconds": _SECONDS,
        "lufs": nullable(NUMBER),
        "peak": nullable(NUMBER),
        "clipped": COUNT,
        "lead": _SECONDS,
        "tail": _SECONDS,
        "pause": _SECONDS,
        "broken": WORD,
    }
)
PROMPT_FAULT = obj(
    {
        "prompt": TEXT,
        "language": TEXT,
        "code": TEXT,
        "severity": one_of("problem", "warning"),
        "message": BOTH_LANGUAGES,
        "mend": BOTH_LANGUAGES,
    }
)
PROMPT = obj(
    {
        "name": TEXT,
        "language": TEXT,
        "category": WORD,
        "kind": one_of("recorded", "tone", "generated"),
        "text": TEXT,
        "waiting": BOOLEAN,
        "measured": nullable(MEASURED),
        "played": array(TEXT),
    }
)
PROMPTS = obj({"prompts": array(PROMPT)})
PROMPT_ALONE = obj({"prompt": PROMPT, "findings": array(PROMPT_FAULT)})
PROMPT_FAULTS = obj({"findings": array(PROMPT_FAULT)})
PROMPT_CHANGED = obj(
    {
        "changed": obj({"prompt": TEXT, "language": TEXT, "seconds": _SECONDS, "done": array(BOTH_LANGUAGES)}),
        "findings": array(PROMPT_FAULT),
    }
)

# ---- notices
NOTICE = obj(
    {
        "id": COUNT,
        "place": TEXT,
        "begins": TIME,
        "ends": TIME,
        "made": TIME,
        "texts": BOTH_LANGUAGES,
        "recorded": BOOLEAN,
        "seconds": _SECONDS,
        "by": TEXT,
        "why": TEXT,
        "ended_by": TEXT,
        "state": one_of("planned", "playing", "over"),
    }
)
NOTICES = obj({"notices": array(NOTICE)})
NOTICE_ALONE = obj({"notice": NOTICE})

# ---- the house
CHECK_ERROR = obj({"id": TEXT}, {"message": TEXT, "details": ANY})  # more than the id: with a token
HEALTH = obj(
    {
        "status": one_of("ok", "draining", "failing"),
        "checks": array(obj({"name": TEXT, "ok": BOOLEAN}, {"error": CHECK_ERROR})),
        "dialplan": nullable(COUNT),  # the version that is in force
    }
)

# ---- dialplans
_LISTED = array(obj({"name": TEXT, "hash": TEXT, "bytes": COUNT}))
DIALPLANS = obj(
    {
        "current": nullable(COUNT),
        "running": nullable(COUNT),
        "draft": obj({"hash": TEXT, "author": WORD, "published": BOOLEAN, "files": _LISTED}),
        "core": _LISTED,
        "two_person": BOOLEAN,
    }
)
DIALPLAN_FILE = obj({"file": obj({"name": TEXT, "text": TEXT, "hash": TEXT})})
DIALPLAN_DRAFT = obj({"draft": obj({"hash": TEXT, "author": TEXT})})
_FINDING = {
    "file": TEXT,
    "line": COUNT,
    "code": TEXT,
    "severity": one_of("error", "warning", "note"),
    "message": TEXT,
    "mend": TEXT,
}
FINDINGS = obj({"findings": array(obj(_FINDING)), "suppressed": array(obj({**_FINDING, "reason": TEXT}))})
STORIES = obj({"stories": array(ANY)})
TRIAL = obj({"trial": ANY})
_NAMED = {"name": TEXT, "words": TEXT}
VOCABULARY = obj(
    {
        "vocabulary": obj(
            {
                "contexts": array(obj({**_NAMED, "file": TEXT, "line": COUNT, "core": BOOLEAN})),
                "prompts": array(obj(_NAMED)),
                "targets": array(obj(_NAMED)),
                "applications": array(obj(_NAMED)),
            }
        )
    }
)
PICTURE = obj({"picture": TEXT})
PUBLISHING = obj({"publishing": nullable(obj({"by": TEXT, "step": TEXT, "since": TIME}))})
_VERSION = obj(
    {
        "number": COUNT,
        "at": TIME,
        "by": TEXT,
        "author": TEXT,
        "why": TEXT,
        "kind": one_of("publish", "rollback", "start"),
        "content_of": nullable(COUNT),
        "before": nullable(COUNT),
        "core": TEXT,
        "site": TEXT,
        "hash": TEXT,
        "contexts": array(TEXT),
        "state": one_of("in_force", "was_in_force", "failed", "abandoned", "rolled_back", "never"),
        "reason": TEXT,
    }
)
VERSION = obj({"version": _VERSION})
VERSION_WITH_FILES = obj({"version": _VERSION, "files": _LISTED})
VERSIONS = obj({"current": nullable(COUNT), "versions": array(_VERSION)})
DIFF = obj({"diff": array(TEXT)})
AUDIT = obj(
    {
        "entries": array(
            obj(
                {
                    "id": TEXT,
                    "at": TIME,
                    "who": TEXT,
                    "role": TEXT,
                    "what": TEXT,
                    "about": TEXT,
                    "why": TEXT,
                    "details": ANY,
                    "number": COUNT,
                    "previous": TEXT,
                    "digest": TEXT,
                }
            )
        )
    }
)
