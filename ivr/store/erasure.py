"""What was erased and may not come back: proofs in a chain, the list of what they prove, intents, holds (R52, R65).

A proof is written in the transaction that erases, so it never claims what was not done. Each carries the digest of the
one before: a row that is changed, added in between or taken away breaks every later one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.calls.model import Call
from ivr.calls.redaction import ERASED, is_pseudonym, without_number, without_recordings
from ivr.errors import HotlineError
from ivr.store import tables
from ivr.store.chain import digest, word
from ivr.store.store import Store
from ivr.store.upsert import AT_ONCE

PERSONAL, RECORDINGS, CALL, JOURNAL = "personal", "recordings", "call", "journal"
CASE = "case/"  # and its id: the subject of a case that no call belongs to
EDGE = timedelta(minutes=1)  # a call that entered so soon after an erased journal file may have its first rows in it


@dataclass(frozen=True, slots=True)
class Proof:
    """One row of `erasure`. `subjects` is the digest of the list in `erased`."""

    id: int
    node: str
    at: datetime
    kind: str
    rule: str
    by: str
    before: datetime
    count: int
    oldest: datetime | None
    newest: datetime | None
    subjects: str
    previous: str
    digest: str = ""

    def sealed(self) -> Proof:
        """With the digest of everything else in it."""
        words = [self.id, self.node, self.at, self.kind, self.rule, self.by, self.before, self.count]
        words += [self.oldest, self.newest, self.subjects, self.previous]
        return replace(self, digest=digest(map(word, words)))


@dataclass(frozen=True, slots=True)
class Order:
    """Why something is erased: stands in every proof."""

    node: str
    kind: str
    rule: str
    by: str
    before: datetime


async def prove(
    connection: AsyncConnection, order: Order, at: datetime, subjects: Sequence[str], span: Sequence[datetime]
) -> Proof:
    """Add a proof and its list; the connection holds the database alone (`Store.alone`). `span`: their times."""
    newest = (await connection.execute(select(tables.erasure).order_by(tables.erasure.c.id.desc()).limit(1))).first()
    listed = sorted(set(subjects))
    proof = Proof(
        id=newest.id + 1 if newest else 1,
        node=order.node,
        at=at,
        kind=order.kind,
        rule=order.rule,
        by=order.by,
        before=order.before,
        count=len(listed),
        oldest=min(span, default=None),
        newest=max(span, default=None),
        subjects=digest(listed),
        previous=newest.digest if newest else "",
    ).sealed()
    await connection.execute(insert(tables.erasure).values(_values(proof)))
    rows = [{"subject": subject, "kind": order.kind, "erasure_id": proof.id} for subject in listed]
    await connection.execute(insert(tables.erased), rows)
    gone = tables.erasing.delete().where(tables.erasing.c.kind == order.kind, tables.erasing.c.subject.in_(listed))
    await connection.execute(gone)
    return proof


def _values(proof: Proof) -> dict[str, Any]:
    return {name: getattr(proof, name) for name in Proof.__slots__}


async def proofs(store: Store) -> list[Proof]:
    """All, the oldest first."""
    async with store.reading() as connection:
        rows = await connection.execute(select(tables.erasure).order_by(tables.erasure.c.id))
        return [Proof(**row) for row in rows.mappings()]


async def broken(store: Store) -> list[str]:
    """What does not hold of what the proofs claim, one sentence each; empty where all of it is so."""
    found: list[str] = []
    before = ""
    for n, proof in enumerate(await proofs(store), 1):
        if proof.id != n or proof.previous != before or proof.sealed().digest != proof.digest:
            found.append(f"proof {proof.id} does not fit the one before it: a row was changed, added or taken away")
        before = proof.digest
        async with store.reading() as connection:
            listed = tables.erased.c.subject
            query = select(listed).where(tables.erased.c.erasure_id == proof.id)
            subjects = sorted((await connection.execute(query)).scalars())
            if len(subjects) != proof.count or digest(subjects) != proof.subjects:
                found.append(f"proof {proof.id} does not fit its list of {proof.count} entries")
            found += [f"proof {proof.id}: {left}" for left in await _left(connection, proof.kind, subjects)]
    return found


async def _left(connection: AsyncConnection, kind: str, subjects: Sequence[str]) -> list[str]:
    """What is in the log of what was erased."""
    found: list[str] = []
    call, leg, case = tables.call, tables.leg, tables.case
    for start in range(0, len(subjects), AT_ONCE):
        part = subjects[start : start + AT_ONCE]
        if kind == CALL:
            ids = (await connection.execute(select(call.c.id).where(call.c.id.in_(part)))).scalars()
            found += [f"call {id} is in the log" for id in ids]
        elif kind == PERSONAL:
            rows = await connection.execute(select(call.c.id, call.c.caller).where(call.c.id.in_(part)))
            found += [f"call {id} shows the caller's number" for id, caller in rows if _shows(caller)]
            cases = [subject.removeprefix(CASE) for subject in part if subject.startswith(CASE)]
            said = select(case.c.number).where(case.c.id.in_(cases), case.c.caller != "")
            found += [f"case {number} shows who wrote it" for number in (await connection.execute(said)).scalars()]
        elif kind == RECORDINGS:
            named = select(leg.c.call_id).where(leg.c.call_id.in_(part), leg.c.recording.is_not(None)).distinct()
            found += [f"call {id} names a recording" for id in (await connection.execute(named)).scalars()]
    return found


def _shows(caller: str) -> bool:
    return bool(caller) and not is_pseudonym(caller)


# --- what is erased stays erased --------------------------------------------------------------------------------------


async def horizon(store: Store, node: str) -> datetime | None:
    """Calls that entered before it cannot be told from the node's journal any more: part of it has been erased."""
    newest: list[datetime] = []
    async with store.reading() as connection:
        for table in (tables.erasure, tables.erasing):
            query = select(func.max(table.c.newest)).where(table.c.kind == JOURNAL, table.c.node == node)
            if moment := (await connection.execute(query)).scalar():
                newest.append(moment)
    return max(newest) + EDGE if newest else None


async def respected(store: Store, calls: Iterable[Call]) -> dict[str, Call]:
    """The calls as they may be told: without what has been erased of them; a call that is gone does not come back."""
    told = {call.id: call for call in calls}
    kinds = await _erased(store, list(told))
    known = await store.these([id for id, of in kinds.items() if PERSONAL in of])
    for id, of in kinds.items():
        if CALL in of:
            del told[id]
            continue
        if RECORDINGS in of:
            told[id] = without_recordings(told[id])
        if PERSONAL in of:
            before = known[id].caller if id in known else ""
            told[id] = without_number(told[id], before if is_pseudonym(before) else ERASED)
    return told


async def _erased(store: Store, ids: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    async with store.reading() as connection:
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            query = select(tables.erased.c.subject, tables.erased.c.kind).where(tables.erased.c.subject.in_(part))
            for subject, kind in await connection.execute(query):
                found.setdefault(subject, set()).add(kind)
    return found


# --- holds ------------------------------------------------------------------------------------------------------------


class HoldError(HotlineError):
    """The call is held already, or is not held."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A call that nothing is erased of while it is held: a court, a complaint, an inquiry."""

    call_id: str
    placed_at: datetime
    placed_by: str
    reason: str
    released_at: datetime | None = None
    released_by: str | None = None
    release_reason: str | None = None


async def hold(store: Store, call: str, at: datetime, by: str, reason: str) -> Hold:
    """Raises HoldError."""
    placed = Hold(call, at, by, reason)
    async with store.alone() as connection:
        if await _open(connection, call):
            raise HoldError("already_held", f"Call {call} is held already: see `ivr retention holds`.", status=409)
        values = {name: getattr(placed, name) for name in Hold.__slots__}
        await connection.execute(insert(tables.legal_hold).values(values))
    return placed


async def release(store: Store, call: str, at: datetime, by: str, reason: str) -> None:
    """The call may be erased again when its time has come. Raises HoldError."""
    table = tables.legal_hold
    async with store.alone() as connection:
        if not await _open(connection, call):
            raise HoldError("not_held", f"Call {call} is not held: see `ivr retention holds`.", status=404)
        of_call = update(table).where(table.c.call_id == call, table.c.released_at.is_(None))
        await connection.execute(of_call.values(released_at=at, released_by=by, release_reason=reason))


async def holds(store: Store) -> list[Hold]:
    """All that there were, the newest first."""
    async with store.reading() as connection:
        rows = await connection.execute(select(tables.legal_hold).order_by(tables.legal_hold.c.placed_at.desc()))
        return [Hold(**row) for row in rows.mappings()]


async def _open(connection: AsyncConnection, call: str) -> bool:
    table = tables.legal_hold
    query = select(table.c.call_id).where(table.c.call_id == call, table.c.released_at.is_(None))
    return (await connection.execute(query)).first() is not None


async def kept(store: Store, call: str) -> tuple[bool, bool]:
    """Were the call's recordings erased; is the call held?"""
    gone = select(tables.erased.c.subject).where(
        tables.erased.c.subject == call, tables.erased.c.kind.in_((RECORDINGS, CALL))
    )
    async with store.reading() as connection:
        return (await connection.execute(gone)).first() is not None, await _open(connection, call)
