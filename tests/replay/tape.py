"""Rows written by hand, for stories that no real Asterisk tells on demand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ivr.calls.model import Row

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
CALL = "11111111-2222-4333-8444-555555555555"
NAMES = {
    "caller": "PJSIP/trunk-public-00000000",
    "op": "PJSIP/1001-00000001",
    "op2": "PJSIP/1002-00000002",
    "desk": "PJSIP/desk-110-00000003",
    "desk2": "PJSIP/desk-110-00000004",
    "half1": "Local/s@helper-00000000;1",
    "half2": "Local/s@helper-00000000;2",
}


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Tape:
    """Rows of one run of Asterisk, each method one event. Parties are named as in `NAMES`; ids are made from them."""

    def __init__(
        self, run: str = "run1", names: Mapping[str, str] = NAMES, call: str = CALL, epoch: int = 1000
    ) -> None:
        self.rows: list[Row] = []
        self.call = call
        self._run, self._names, self._epoch = run, names, epoch
        self._linked: dict[str, str] = {}

    def id(self, who: str) -> str:
        return f"hotline-{self._epoch}.{list(self._names).index(who)}"

    def row(self, seconds: float, event: str, who: str, user: str = "", app: str = "", **extra: str) -> None:
        linked = self._linked.setdefault(who, who)
        self.rows.append(
            Row(
                event=event, at=at(seconds), num="13800138000" if who == "caller" else "", name="", exten="12345",
                context="entry", channel=self._names[who], app=app, data="", uniqueid=self.id(who),
                linkedid=self.id(linked), peer="", user_event=user, extra=extra, run=self._run,
            )
        )  # fmt: skip

    def start(self, seconds: float, who: str, linked: str | None = None, app: str = "") -> None:
        self._linked[who] = linked or who
        self.row(seconds, "CHAN_START", who, app=app)

    def relink(self, who: str, linked: str) -> None:
        """From now on its rows carry another linkedid."""
        self._linked[who] = linked

    def answer(self, seconds: float, who: str, app: str = "") -> None:
        self.row(seconds, "ANSWER", who, app=app)

    def user(self, seconds: float, name: str, who: str, **extra: str) -> None:
        self.row(seconds, "USER_DEFINED", who, user=name, **extra)

    def enter(self, seconds: float, bridge: str, *parties: str, technology: str = "simple_bridge") -> None:
        for who in parties:
            self.row(seconds, "BRIDGE_ENTER", who, bridge_id=bridge, bridge_technology=technology)

    def leave(self, seconds: float, bridge: str, *parties: str, technology: str = "simple_bridge") -> None:
        for who in parties:
            self.row(seconds, "BRIDGE_EXIT", who, bridge_id=bridge, bridge_technology=technology)

    def end(self, seconds: float, who: str, cause: int = 16, source: str = "", app: str = "") -> None:
        """`source`: a party, "dialplan", or nobody."""
        name = self._names.get(source, "dialplan/builtin" if source else "")
        self.row(seconds, "HANGUP", who, app=app, hangupcause=str(cause), hangupsource=name)
        self.row(seconds, "CHAN_END", who, app=app)

    # — beginnings that many stories share ————————————————————————————————————————————————————————————————————————————

    def arrives(self, seconds: float = 0, **keys: str) -> None:
        """The caller is let in."""
        self.start(seconds, "caller")
        told = {"id": self.call, "number": "12345", "caller": "13800138000", "trunk": "trunk-public", "language": "zh"}
        self.user(seconds, "CALL", "caller", **told | keys)
        self.answer(seconds, "caller")

    def reaches(self, seconds: float, who: str = "op", bridge: str = "queue") -> None:
        """An operator is rung for a second and then talks with the caller."""
        self.start(seconds - 1, who, "caller")
        self.answer(seconds, who, app="AppQueue")
        self.enter(seconds, bridge, who, "caller")

    def asks(
        self, seconds: float, target: str = "110", mode: str = "transfer", id: str = "t1", trigger: str = "key"
    ) -> None:
        """The operator asks for a target; the helper's pair of Local legs comes up."""
        self.start(seconds, "half1")
        self.start(seconds, "half2", "half1")
        keys = {"id": id, "call": self.call, "target": target, "mode": mode, "trigger": trigger}
        self.user(seconds, "TRANSFER_ASK", "half1", **keys, by=self.id("op"))

    def told(self, seconds: float, name: str, who: str = "half1", id: str = "t1", **keys: str) -> None:
        self.user(seconds, name, who, id=id, call=self.call, **keys)
