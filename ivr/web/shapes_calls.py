"""What the answers about the call log look like beyond the calls themselves: ladder, listening, exports."""

from __future__ import annotations

from ivr.web.schema import BOOLEAN, NUMBER, TEXT, TIME, array, integer, mapping, nullable, obj, one_of
from ivr.web.shapes import ANY, CALL, COUNT, MOMENT, WORD

FOUND = obj({"calls": array(CALL), "next": WORD, "notes": mapping(TEXT)})  # call → its note's first line
_PLACES = array(COUNT)
LADDER = obj(
    {
        "ladder": obj(
            {
                "id": TEXT,
                "caller": TEXT,
                "number": TEXT,
                "entered_at": TIME,
                "ended_at": MOMENT,
                "outcome": WORD,
                "outcome_words": TEXT,
                "columns": array(obj({"role": TEXT, "name": TEXT, "party": TEXT, "person": WORD})),
                "bars": array(
                    obj(
                        {
                            "column": COUNT,
                            "leg": TEXT,
                            "kind": one_of("rings", "alone", "talks"),
                            "began": TIME,
                            "ended": MOMENT,
                        }
                    )
                ),
                "moments": array(
                    obj(
                        {
                            "at": TIME,
                            "text": TEXT,
                            "arrow": nullable(_PLACES),
                            "joined": _PLACES,
                            "ended": _PLACES,
                            "marked": _PLACES,
                        }
                    )
                ),
                "facts": array(TEXT),
                "recordings": obj({"state": one_of("running", "kept", "erased", "none"), "held": BOOLEAN}),
            }
        )
    }
)
UNMASKED = obj({"unmasked": obj({"call": TEXT, "caller": TEXT})})
LISTENING = obj(
    {
        "listening": obj(
            {
                "ticket": TEXT,
                "url": TEXT,
                "ends_at": TIME,
                "from": TIME,
                "seconds": NUMBER,
                "legs": array(
                    obj(
                        {
                            "leg": TEXT,
                            "role": TEXT,
                            "party": TEXT,
                            "from": MOMENT,
                            "seconds": NUMBER,
                            "step": NUMBER,
                            "peaks": array(integer(0, 255)),
                            "problem": nullable(one_of("missing")),
                        }
                    )
                ),
            }
        )
    }
)
EXPORT = obj(
    {
        "export": obj(
            {
                "id": TEXT,
                "format": TEXT,
                "state": one_of("running", "ready", "failed"),
                "rows": COUNT,
                "total": nullable(COUNT),
                "error": nullable(obj({"id": TEXT, "message": TEXT, "details": ANY})),
                "url": WORD,
            }
        )
    }
)
