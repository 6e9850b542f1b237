"""Idempotency keys in the state file.

A slot runs while this object says so, in memory: a data folder belongs to one server, so with its process
everything it ran has ended, and nothing has to expire. Reservations are written by a thread of its own, on a
connection of its own; those that come in while it writes share the next transaction and its fsync.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import orjson

from stores.ports.errors import StoreError
from stores.ports.idempotency import KEPT_MS, Answered, KeptAnswer, Mismatch, Reservation, Reserved, Running
from stores.sqlite.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS idempotency_keys (
  slot BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, object_id INTEGER NOT NULL, reserved_ms INTEGER NOT NULL,
  status INTEGER, headers TEXT, body BLOB, position BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (reserved_ms);
"""
_SWEPT_COUNT = 20
"""Old slots that each new reservation clears away: more than one, so that they never pile up."""

_SWEEP = """
DELETE FROM idempotency_keys WHERE reserved_ms <= ?1 AND slot IN
(SELECT slot FROM idempotency_keys WHERE reserved_ms <= ?1 ORDER BY reserved_ms LIMIT ?2)"""
_FORGET = "DELETE FROM idempotency_keys WHERE slot = ? AND reserved_ms <= ?"
_FIND = """
SELECT fingerprint, object_id, status, headers, body, position FROM idempotency_keys WHERE slot = ?"""
_INSERT = "INSERT INTO idempotency_keys (slot, fingerprint, object_id, reserved_ms) VALUES (?, ?, ?, ?)"
_COMPLETE = "UPDATE idempotency_keys SET status = ?, headers = ?, body = ?, position = ? WHERE slot = ?"

T = TypeVar("T")


@dataclass(slots=True)
class _Queued:
    """A change to make, and who waits for it."""

    change: Callable[[sqlite3.Connection], object]
    done: asyncio.Future[object]


class SqliteIdempotencyKeys:
    """Needs `close`. Used from one event loop."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA, "FULL")
        self._thread = ThreadPoolExecutor(1, "idempotency")
        self._running: dict[bytes, bytes] = {}
        """The fingerprint by slot."""
        self._queue: list[_Queued] = []
        self._writing: asyncio.Task[None] | None = None

    async def reserve(self, slot: bytes, fingerprint: bytes, object_id: int, now_ms: int) -> Reservation:
        if slot in self._running:
            return Running() if self._running[slot] == fingerprint else Mismatch()
        self._running[slot] = fingerprint
        reservation: Reservation | None = None
        try:
            reservation = await self._write(lambda db: _reserve(db, slot, fingerprint, object_id, now_ms))
            return reservation
        finally:
            if not isinstance(reservation, Reserved):
                del self._running[slot]

    async def complete(self, slot: bytes, answer: KeptAnswer) -> None:
        headers = orjson.dumps(answer.headers).decode()
        row = (answer.status, headers, answer.body, answer.position, slot)
        try:
            await self._write(lambda db: db.execute(_COMPLETE, row))
        finally:
            self._running.pop(slot, None)

    async def release(self, slot: bytes) -> None:
        self._running.pop(slot, None)

    async def close(self) -> None:
        """Finishes what was begun."""
        if self._writing is not None:
            await self._writing
        self._thread.shutdown()
        self._database.close()

    async def _write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._queue.append(_Queued(change, done))  # type: ignore[arg-type]  # a future of T takes what the change gives
        if self._writing is None or self._writing.done():
            self._writing = loop.create_task(self._write_queue())
        return await done

    async def _write_queue(self) -> None:
        loop = asyncio.get_running_loop()
        while self._queue:
            batch, self._queue = self._queue, []
            try:
                results = await loop.run_in_executor(self._thread, self._apply, batch)
            except StoreError as error:
                for queued in batch:
                    if not queued.done.done():
                        queued.done.set_exception(error)
                continue
            for queued, result in zip(batch, results, strict=True):
                if not queued.done.done():
                    queued.done.set_result(result)

    def _apply(self, batch: list[_Queued]) -> list[object]:
        with self._database.transaction() as db:
            return [queued.change(db) for queued in batch]


def _reserve(
    db: sqlite3.Connection, slot: bytes, fingerprint: bytes, object_id: int, now_ms: int
) -> Reservation:
    oldest_ms = now_ms - KEPT_MS
    db.execute(_SWEEP, (oldest_ms, _SWEPT_COUNT))
    db.execute(_FORGET, (slot, oldest_ms))
    row = db.execute(_FIND, (slot,)).fetchone()
    if row is None:
        db.execute(_INSERT, (slot, fingerprint, object_id, now_ms))
        return Reserved(object_id)
    if row[0] != fingerprint:
        return Mismatch()
    if row[2] is None:
        return Reserved(row[1])
    headers = tuple((name, value) for name, value in orjson.loads(row[3]))
    return Answered(KeptAnswer(row[2], headers, row[4], row[5]))
