"""A prompt that is played and is not there, in a language of the site's: Asterisk only warns, in mid-call."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.played import played


def missing(checked: Checked) -> Iterator[Finding]:
    if not checked.prompts:
        return
    for step in checked.dialplan.steps():
        for one in played(step, checked.flow.values):
            lacking = [
                language
                for language, there in checked.prompts.items()
                if not (one.name in there if one.literal else any(re.fullmatch(one.name, name) for name in there))
            ]
            if lacking:
                name = one.name if one.literal else one.text
                yield found(step.at, "no-prompt", name=name, languages=", ".join(lacking), first=lacking[0])
