"""Words of what is found by following a call's way: paths, variables, callers' data, guards."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialplan.code import Code

CODES: Mapping[str, Code] = {}
