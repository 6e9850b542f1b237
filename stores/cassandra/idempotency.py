"""Idempotency keys in Cassandra: a row per slot, only ever written by lightweight transactions.

A slot runs while its row names an attempt of a process that is present (`presence`); with the process all that it ran has ended.
What an attempt left behind because the store was away is given back after the next renewal of the presence. Every write but that
of a release sets the whole row again, so that all of it runs out at once; when a slot is too old is decided by `reserved_ms`, its
time to live only clears it away.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count, islice
from uuid import UUID

import orjson

from stores.cassandra.presence import Holder, Presence
from stores.cassandra.session import Cassandra
from stores.ports.errors import UnavailableError
from stores.ports.idempotency import KEPT_MS, Answered, KeptAnswer, Mismatch, Reservation, Reserved, Running

TABLES = (
    """CREATE TABLE IF NOT EXISTS idempotency_keys (
      slot blob PRIMARY KEY, fingerprint blob, object_id bigint, reserved_ms bigint,
      shard int, process uuid, attempt int, status int, headers text, body blob, position blob)""",
)
_ROW_S = KEPT_MS // 1000 + 3600
_TRIES = 5
_GIVEN_BACK_AT_ONCE = 1000

_RESERVE = f"""INSERT INTO idempotency_keys (slot, fingerprint, object_id, reserved_ms, shard, process, attempt)
               VALUES (?,?,?,?,?,?,?) IF NOT EXISTS USING TTL {_ROW_S}"""
_FIND = """SELECT fingerprint, object_id, reserved_ms, shard, process, attempt, status, headers, body, position
           FROM idempotency_keys WHERE slot = ?"""
_SET = f"UPDATE idempotency_keys USING TTL {_ROW_S} SET fingerprint = ?, object_id = ?, reserved_ms = ?"
_TAKE = f"""{_SET}, shard = ?, process = ?, attempt = ?, status = null, headers = null, body = null, position = null
            WHERE slot = ? IF object_id = ? AND process = ? AND attempt = ? AND status = ?"""
_COMPLETE = f"""{_SET}, shard = null, process = null, attempt = null, status = ?, headers = ?, body = ?, position = ?
                WHERE slot = ? IF process = ? AND attempt = ?"""
_GIVE_BACK = """UPDATE idempotency_keys SET shard = null, process = null, attempt = null
                WHERE slot = ? IF process = ? AND attempt <= ?"""
"""Of all attempts up to one: conditional writes to one row at the same time hold each other up, and with them the whole server."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What a slot has reserved, for one attempt of this process."""

    number: int
    fingerprint: bytes
    object_id: int
    reserved_ms: int

    @property
    def reserved(self) -> tuple[bytes, int, int]:
        return self.fingerprint, self.object_id, self.reserved_ms


@dataclass(frozen=True, slots=True)
class _Kept:
    """A slot as it stands. `shard`, `process` and `attempt` are there while it runs."""

    fingerprint: bytes
    object_id: int
    reserved_ms: int
    shard: int | None
    process: UUID | None
    attempt: int | None
    status: int | None
    headers: str
    body: bytes | None
    position: bytes | None

    @property
    def holder(self) -> Holder | None:
        if self.shard is None or self.process is None:
            return None
        return Holder(self.shard, self.process)

    def answer(self, status: int) -> KeptAnswer:
        headers = tuple((name, value) for name, value in orjson.loads(self.headers))
        return KeptAnswer(status, headers, self.body, self.position)


class CassandraIdempotencyKeys:
    """Used in one event loop."""

    def __init__(self, cassandra: Cassandra, presence: Presence) -> None:
        self._cassandra = cassandra
        self._presence = presence
        self._process = presence.holder.process
        self._numbers = count()
        self._running: dict[bytes, _Attempt] = {}
        self._left: dict[bytes, int] = {}
        """Of each slot the last attempt that has ended, which the store may not know yet."""
        presence.after_renewal(self.give_back)

    async def reserve(self, slot: bytes, fingerprint: bytes, object_id: int, now_ms: int) -> Reservation:
        running = self._running.get(slot)
        if running is not None:
            return Running() if running.fingerprint == fingerprint else Mismatch()
        attempt = _Attempt(next(self._numbers), fingerprint, object_id, now_ms)
        self._running[slot] = attempt
        reservation: Reservation | None = None
        try:
            reservation = await self._reserve(slot, attempt)
            return reservation
        finally:
            if not isinstance(reservation, Reserved):
                del self._running[slot]
            if reservation is None:
                self._left[slot] = attempt.number

    async def complete(self, slot: bytes, answer: KeptAnswer) -> None:
        """A slot that was taken over meanwhile is left to the one who did."""
        attempt = self._running[slot]
        headers = orjson.dumps(answer.headers).decode()
        kept = (answer.status, headers, answer.body, answer.position)
        told = False
        try:
            await self._cassandra.applied(
                _COMPLETE, *attempt.reserved, *kept, slot, self._process, attempt.number
            )
            told = True
        finally:
            del self._running[slot]
            if not told:
                self._left[slot] = attempt.number

    async def release(self, slot: bytes) -> None:
        """A store that is away is told later."""
        attempt = self._running.pop(slot, None)
        if attempt is not None:
            await self._give_back(slot, attempt.number)

    async def give_back(self) -> None:
        """Tell the store what it may not know."""
        left = iter(list(self._left.items()))
        while some := list(islice(left, _GIVEN_BACK_AT_ONCE)):
            await asyncio.gather(*(self._give_back(slot, number) for slot, number in some))
            if self._left.keys() & dict(some).keys():
                return  # the store is away again

    async def _give_back(self, slot: bytes, number: int) -> None:
        self._left[slot] = max(number, self._left.get(slot, number))
        with suppress(UnavailableError):
            await self._cassandra.applied(_GIVE_BACK, slot, self._process, number)
            if self._left.get(slot) == number:
                del self._left[slot]

    async def _reserve(self, slot: bytes, attempt: _Attempt) -> Reservation:
        me = (self._presence.shard, self._process, attempt.number)
        for _ in range(_TRIES):
            if await self._cassandra.applied(_RESERVE, slot, *attempt.reserved, *me):
                return Reserved(attempt.object_id)
            rows = await self._cassandra.rows(_FIND, slot)
            if not rows:
                continue
            kept, taken = _Kept(*rows[0]), attempt
            if attempt.reserved_ms - kept.reserved_ms < KEPT_MS:
                refused = await self._refused(kept, attempt)
                if refused is not None:
                    return refused
                taken = replace(attempt, object_id=kept.object_id, reserved_ms=kept.reserved_ms)
            stood = (kept.object_id, kept.process, kept.attempt, kept.status)
            if await self._cassandra.applied(_TAKE, *taken.reserved, *me, slot, *stood):
                self._running[slot] = taken
                return Reserved(taken.object_id)
        raise UnavailableError("Cassandra: an idempotency key went from hand to hand")

    async def _refused(self, kept: _Kept, attempt: _Attempt) -> Reservation | None:
        """Why the slot cannot be taken; None when it is idle."""
        if kept.fingerprint != attempt.fingerprint:
            return Mismatch()
        if kept.status is not None:
            return Answered(kept.answer(kept.status))
        if kept.holder is None or kept.holder.process == self._process:  # what this process ran has ended
            return None
        return Running() if await self._presence.is_there(kept.holder) else None
