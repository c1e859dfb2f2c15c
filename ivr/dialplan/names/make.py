"""Makes `asterisk.json` from the documentation that Asterisk carries (core-en_US.xml):

python -m ivr.dialplan.names.make .tools/asterisk/usr/share/asterisk/documentation/core-en_US.xml
"""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("asterisk.json")

# The last argument is text that may have commas, or takes arguments of its own.
_ENDLESS = (
    "AGI DeadAGI EAGI CELGenUserEvent Else ElseIf Exec ExecIf ExecIfTime ExternalIVR Festival GosubIf GotoIf"
    " GotoIfTime If JabberSend JabberSendGroup Log MSet MessageSend MinivmNotify Morsecode NoOp Page QueueLog"
    " RetryDial Return SMS SayAlpha SayAlphaCase SayPhonetic SendText Set Signal Stasis System TestClient TryExec"
    " TrySystem UserEvent Verbose WaitForCondition While"
)
ENDLESS = frozenset(_ENDLESS.split())
# What the documentation calls required and Asterisk 22 itself does not, or the other way round.
REQUIRED: dict[str, list[int]] = {
    "ChannelRedirect": [0, 1],  # as Goto
    "DeadAGI": [0],
    "Dial": [0],
    "EAGI": [0],
    "Gosub": [0],  # context and extension may be left out, and then come first
    "Goto": [0],
    "MixMonitor": [],  # option r names a file too
    "MusicOnHold": [],
    "Set": [0],
    "StartMusicOnHold": [],
    "Verbose": [0],  # the level may be left out, and then comes first
    "VoiceMailMain": [],
}


def table(root: ET.Element) -> dict[str, Any]:
    """What there is: application → modules that bring it, places of required arguments (from 0), most arguments

    (null: any number), and the letters of its options by their argument's place; function → modules.
    """
    applications: dict[str, dict[str, Any]] = {}
    for one in root.iter("application"):
        name = one.get("name", "")
        told = applications.setdefault(name, {"modules": [], **_arguments(name, one.find("syntax"))})
        told["modules"].append(one.get("module", "builtin"))
    functions: dict[str, list[str]] = {}
    for one in root.iter("function"):
        functions.setdefault(one.get("name", ""), []).append(one.get("module", "builtin"))
    return {"applications": dict(sorted(applications.items())), "functions": dict(sorted(functions.items()))}


def _arguments(name: str, syntax: ET.Element | None) -> dict[str, Any]:
    parameters = [] if syntax is None else syntax.findall("parameter")
    commas = syntax is None or syntax.get("argsep", ",") == ","
    endless = name in ENDLESS or not commas or any(one.get("multiple") == "true" for one in parameters)
    required = [place for place, one in enumerate(parameters) if one.get("required") == "true"] if commas else [0]
    options = {
        str(place): [option.get("name", "") for option in listed.findall("option")]
        for place, one in enumerate(parameters)
        if (listed := one.find("optionlist")) is not None
    }
    return {
        "required": REQUIRED.get(name, required),
        "most": None if endless else len(parameters),
        "options": options,
    }


def main() -> None:
    root = ET.parse(sys.argv[1]).getroot()  # noqa: S314  a file of Asterisk's own
    parts = (
        f'"{part}":{{\n' + ",\n".join(f"{json.dumps(name)}:{_short(facts)}" for name, facts in names.items()) + "\n}"
        for part, names in table(root).items()
    )
    TABLE.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _short(facts: object) -> str:
    return json.dumps(facts, separators=(",", ":"))


if __name__ == "__main__":
    main()
