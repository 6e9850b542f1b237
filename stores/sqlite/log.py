"""The log in one SQLite file.

Appends from any number of callers share a transaction and so an fsync: a thread of its own writes whatever has queued up while
the last transaction was being synced. `synchronous=FULL`: an acknowledged append survives the process and a power cut, as far as
the disk keeps its word. A topic's partition count is written down when the file is made and never changes.
"""

import asyncio
import queue
import threading
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from events.codec import Record
from events.topics import TOPICS
from stores.ports.crash import Crash, survive
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.log import Entry, Partition, Positions
from stores.sqlite.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS topics (topic TEXT PRIMARY KEY, partition_count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
  key TEXT NOT NULL, id INTEGER NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL, occurred_at_ms INTEGER NOT NULL,
  actor_id INTEGER NOT NULL, correlation_id INTEGER NOT NULL, causation_id INTEGER, idempotency_key TEXT,
  subject_id INTEGER NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (topic, partition, offset)
) STRICT, WITHOUT ROWID;
"""
_INSERT = "INSERT INTO log VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_SELECT = "SELECT * FROM log WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset LIMIT ?"
_SHARED_LIMIT = 512
"""Most appends that share one transaction, so that none waits long behind others."""
PARTITION_COUNT = 4
"""Partitions of each topic of a new file: more than one, so that a laptop sees the interleavings that a cluster has."""


@dataclass(slots=True)
class _Append:
    records: Sequence[Record]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Positions]

    def settle(self, result: Positions | StoreError) -> None:
        def set_result() -> None:
            if self.done.cancelled():
                return
            if isinstance(result, StoreError):
                self.done.set_exception(result)
            else:
                self.done.set_result(result)

        self.loop.call_soon_threadsafe(set_result)


class SqliteLog:
    """Needs `close`, which finishes what was queued. `appended` callbacks get the topics, in the writer's thread."""

    def __init__(
        self,
        path: Path,
        partition_count: int = PARTITION_COUNT,
        deadline_s: float = 5.0,
        crash: Crash = survive,
    ) -> None:
        self._crash = crash
        self._database = Database(path, SCHEMA, "FULL")
        self._deadline_s = deadline_s
        self._path = path
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO topics VALUES (?, ?)", [(topic, partition_count) for topic in TOPICS]
            )
        self._counts: dict[str, int] = dict(
            self._database.reader.execute("SELECT topic, partition_count FROM topics")
        )
        self._ends = {
            (topic, number): self._last_offset(topic, number)
            for topic, count in self._counts.items()
            for number in range(count)
        }
        self._listeners: list[Callable[[Collection[str]], None]] = []
        self._queue: queue.SimpleQueue[_Append | None] = queue.SimpleQueue()
        self._read_lock = threading.Lock()
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def on_append(self, listener: Callable[[Collection[str]], None]) -> None:
        self._listeners.append(listener)

    def partition_of(self, topic: str, key: str) -> Partition:
        return topic, zlib.crc32(key.encode()) % self._counts[topic]

    async def append(self, records: Sequence[Record]) -> Positions:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Positions] = loop.create_future()
        self._queue.put(_Append(records, loop, done))
        try:
            async with asyncio.timeout(self._deadline_s):
                return await done
        except TimeoutError as error:
            raise UnavailableError("the log did not acknowledge in time") from error

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        with self._read_lock:
            rows = self._database.reader.execute(_SELECT, (*partition, first, limit)).fetchall()
        return [_entry(partition, row) for row in rows]

    async def ends(self, topics: Collection[str]) -> dict[Partition, int]:
        return {(t, n): self._ends[t, n] for t in topics for n in range(self._counts[t])}

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._database.close()

    def _last_offset(self, topic: str, partition: int) -> int:
        query = "SELECT coalesce(max(offset), -1) FROM log WHERE topic = ? AND partition = ?"
        return int(self._database.reader.execute(query, (topic, partition)).fetchone()[0])

    def _write(self) -> None:
        """Runs in the log's own thread until None comes out of the queue."""
        running = True
        while running:
            appends = []
            item = self._queue.get()
            while item is not None:
                appends.append(item)
                if len(appends) == _SHARED_LIMIT or self._queue.empty():
                    break
                item = self._queue.get()
            running = item is not None
            if appends:
                self._commit(appends)

    def _commit(self, appends: Sequence[_Append]) -> None:
        ends = dict(self._ends)
        results: list[dict[Partition, int]] = []
        rows = []
        for append in appends:
            positions: dict[Partition, int] = {}
            for record in append.records:
                partition = self.partition_of(record.topic, record.key)
                ends[partition] += 1
                positions[partition] = ends[partition]
                rows.append(_row(partition, ends[partition], record))
            results.append(positions)
        try:
            with self._database.transaction() as connection:
                connection.executemany(_INSERT, rows)
                self._crash("log.before_commit")
            self._crash("log.after_commit")
        except StoreError as error:
            for append in appends:
                append.settle(error)
            return
        self._ends = ends
        for append, positions in zip(appends, results, strict=True):
            append.settle(positions)
        topics = {topic for positions in results for topic, _ in positions}
        for listener in self._listeners:
            listener(topics)


def _row(partition: Partition, offset: int, r: Record) -> tuple[object, ...]:
    envelope = (
        r.key,
        r.id,
        r.type,
        r.version,
        r.occurred_at_ms,
        r.actor_id,
        r.correlation_id,
        r.causation_id,
    )
    return (*partition, offset, *envelope, r.idempotency_key, r.subject_id, r.value)


def _entry(partition: Partition, row: tuple[Any, ...]) -> Entry:
    offset, key, id_, type_, version, at_ms, actor, correlation, causation, idempotency, subject, value = row[
        2:
    ]
    record = Record(
        partition[0],
        key,
        id_,
        type_,
        version,
        at_ms,
        actor,
        correlation,
        causation,
        idempotency,
        subject,
        value,
    )
    return Entry(partition, offset, record)
