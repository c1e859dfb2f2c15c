"""What somebody must hear of at once: every route of an emergency target has failed (R16)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

import structlog

from ivr.calls.model import Call
from ivr.settings import Target

log = structlog.get_logger(__name__)

REMEMBERED = 10_000  # transfers that were alarmed, so that a call saved again does not alarm again


class FailedTransfers:
    """Looks at calls as they are saved; each failed transfer to an emergency target is one line with `alarm`."""

    def __init__(self, targets: Mapping[str, Target]) -> None:
        self._emergency = {key: target for key, target in targets.items() if target.emergency}
        self._told: OrderedDict[str, None] = OrderedDict()

    def look(self, calls: Iterable[Call]) -> None:
        for call in calls:
            for transfer in call.transfers:
                target = self._emergency.get(transfer.target)
                if target is None or transfer.result != "failed" or transfer.id in self._told:
                    continue
                self._told[transfer.id] = None
                if len(self._told) > REMEMBERED:
                    self._told.popitem(last=False)
                log.error(
                    "transfer.all_routes_failed",
                    alarm=True,
                    call=call.id,
                    target=target.key,
                    why=transfer.reason,
                    tried=[f"{attempt.route}: {attempt.result}" for attempt in transfer.attempts],
                    critical_contact=target.critical_contact,
                )
