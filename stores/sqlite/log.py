"""The log in one SQLite file.

Appends from any number of callers share a transaction and so an fsync: a thread of its own writes whatever has queued up while
the last transaction was being synced. What was appended last is kept in memory for those who follow the log, of whom there are
several. `synchronous=FULL`: an acknowledged append survives the process and a power cut, as far as
the disk keeps its word. A topic's partition count is written down when the file is made and never changes.
"""

import asyncio
import queue
import threading
import zlib
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
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
_TAIL_COUNT = 500
"""Entries kept in memory per partition."""
PARTITION_COUNT = 4
"""Partitions of each topic of a new file: more than one, so that a laptop sees the interleavings that a cluster has."""


@dataclass(frozen=True, slots=True)
class _Append:
    records: Sequence[Record]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Positions]


class SqliteLogReader:
    """The log as another process sees it while the server appends: the command line, a replay.

    A topic of a newer release has no partitions before a server of that release has opened the file.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA, "FULL")
        self._read_lock = threading.Lock()
        self._counts = self._partition_counts()

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        with self._read_lock:
            rows = self._database.reader.execute(_SELECT, (*partition, first, limit)).fetchall()
        return [_entry(partition, row) for row in rows]

    async def ends(self, topics: Collection[str]) -> dict[Partition, int]:
        return {(t, n): self._last_offset(t, n) for t in topics for n in range(self._counts.get(t, 0))}

    def close(self) -> None:
        self._database.close()

    def _partition_counts(self) -> dict[str, int]:
        return dict(self._database.reader.execute("SELECT topic, partition_count FROM topics"))

    def _last_offset(self, topic: str, partition: int) -> int:
        query = "SELECT coalesce(max(offset), -1) FROM log WHERE topic = ? AND partition = ?"
        return int(self._database.reader.execute(query, (topic, partition)).fetchone()[0])


def _raise(error: BaseException) -> None:
    raise error


class SqliteLog(SqliteLogReader):
    """The log of the process that appends to it. Needs `close`, which finishes what was queued.

    `failed` is told, once and in the log's own thread, when the log cannot go on: everybody who waits is answered
    UnavailableError, and so is every later append.
    """

    def __init__(
        self,
        path: Path,
        partition_count: int = PARTITION_COUNT,
        deadline_s: float = 5.0,
        crash: Crash = survive,
        failed: Callable[[BaseException], None] = _raise,
    ) -> None:
        super().__init__(path)
        self._crash = crash
        self._failed = failed
        self._ended = False
        self._deadline_s = deadline_s
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO topics VALUES (?, ?)", [(topic, partition_count) for topic in TOPICS]
            )
        self._counts = self._partition_counts()
        self._ends = {
            (topic, number): self._last_offset(topic, number)
            for topic, count in self._counts.items()
            for number in range(count)
        }
        self._tails: dict[Partition, Sequence[Entry]] = {}
        self._listeners: list[Callable[[Collection[str]], None]] = []
        self._queue: queue.SimpleQueue[_Append | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def on_append(self, listener: Callable[[Collection[str]], None]) -> None:
        self._listeners.append(listener)

    def partition_of(self, topic: str, key: str) -> Partition:
        return topic, zlib.crc32(key.encode()) % self._counts[topic]

    async def append(self, records: Sequence[Record]) -> Positions:
        if self._ended:
            raise UnavailableError("the log has stopped")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Positions] = loop.create_future()
        late = UnavailableError("the log did not acknowledge in time")
        deadline = loop.call_later(self._deadline_s, _set_results, [(done, late)])
        self._queue.put(_Append(records, loop, done))
        try:
            return await done
        finally:
            deadline.cancel()

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        tail = self._tails.get(partition)
        if not tail or first < tail[0].offset:
            return await super().read(partition, first, limit)
        start = first - tail[0].offset
        return list(tail[start : start + limit])

    async def ends(self, topics: Collection[str]) -> dict[Partition, int]:
        return {(t, n): self._ends[t, n] for t in topics for n in range(self._counts[t])}

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._database.close()

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
                running = self._committed(appends) and running

    def _committed(self, appends: Sequence[_Append]) -> bool:
        """False when the log cannot go on."""
        try:
            self._commit(appends)
        except BaseException as error:  # noqa: BLE001 - a thread has nobody to raise to
            self._ended = True
            waiting = [*appends, *self._drained()]
            _settle(waiting, [UnavailableError("the log has stopped")] * len(waiting))
            self._failed(error)
            return False
        return True

    def _drained(self) -> list[_Append]:
        queued = []
        while not self._queue.empty():
            queued.append(self._queue.get())
        return [append for append in queued if append is not None]

    def _commit(self, appends: Sequence[_Append]) -> None:
        ends = dict(self._ends)
        results: list[dict[Partition, int]] = []
        entries = []
        for append in appends:
            positions: dict[Partition, int] = {}
            for record in append.records:
                partition = self.partition_of(record.topic, record.key)
                ends[partition] += 1
                positions[partition] = ends[partition]
                entries.append(Entry(partition, ends[partition], record))
            results.append(positions)
        try:
            with self._database.transaction() as connection:
                connection.executemany(_INSERT, map(_row, entries))
                self._crash("log.before_commit")
            self._crash("log.after_commit")
        except StoreError as error:
            _settle(appends, [error] * len(appends))
            return
        self._keep(entries)
        self._ends = ends
        _settle(appends, results)
        topics = {topic for positions in results for topic, _ in positions}
        for listener in self._listeners:
            listener(topics)

    def _keep(self, entries: Sequence[Entry]) -> None:
        """Tails are replaced, not changed: others read them meanwhile."""
        fresh: dict[Partition, list[Entry]] = {}
        for entry in entries:
            fresh.setdefault(entry.partition, []).append(entry)
        for partition, some in fresh.items():
            self._tails[partition] = [*self._tails.get(partition, ()), *some][-_TAIL_COUNT:]


def _settle(appends: Sequence[_Append], results: Sequence[Positions | StoreError]) -> None:
    """Tell the callers; one wake-up for each of their event loops."""
    by_loop: dict[
        asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Positions], Positions | StoreError]]
    ] = {}
    for append, result in zip(appends, results, strict=True):
        by_loop.setdefault(append.loop, []).append((append.done, result))
    for loop, settled in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody is waiting
            loop.call_soon_threadsafe(_set_results, settled)


def _set_results(settled: Sequence[tuple[asyncio.Future[Positions], Positions | StoreError]]) -> None:
    for done, result in settled:
        if done.done():  # its caller gave up
            continue
        if isinstance(result, StoreError):
            done.set_exception(result)
        else:
            done.set_result(result)


def _row(entry: Entry) -> tuple[object, ...]:
    r = entry.record
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
    return (*entry.partition, entry.offset, *envelope, r.idempotency_key, r.subject_id, r.value)


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
