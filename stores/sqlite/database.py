"""One SQLite file: how it is opened, and how a write transaction is run.

A file has one connection for writing and one for reading, each used by one thread at a time; in WAL mode neither waits for the
other. What is in the file belongs to the modules beside this one.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from stores.ports.errors import StoreError, UnavailableError

Synchronous = Literal["FULL", "NORMAL"]
"""FULL survives a power cut; NORMAL survives the death of the process, enough for what can be read again from the log."""

MEMORY = Path(":memory:")


class Database:
    """`schema` is run at every opening and must be repeatable. In memory, reading and writing share one connection."""

    def __init__(self, path: Path, schema: str, synchronous: Synchronous) -> None:
        self.path = path
        self._writing = threading.Lock()
        try:
            self.writer = _connect(path, synchronous)
            self.writer.executescript(schema)
            self.reader = self.writer if path == MEMORY else _connect(path, synchronous)
        except sqlite3.Error as error:
            raise translated(error, path) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything or nothing. Driver errors leave as store errors: a full or locked disk as UnavailableError."""
        with self._writing:
            try:
                self.writer.execute("BEGIN IMMEDIATE")
                yield self.writer
                self.writer.execute("COMMIT")
            except sqlite3.Error as error:
                raise translated(error, self.path) from error
            finally:
                if self.writer.in_transaction:
                    self.writer.execute("ROLLBACK")

    @contextmanager
    def committed(self) -> Iterator[sqlite3.Connection]:
        """To read, in the writer's thread, what the last transaction left: the connection for reading may be in the middle of an
        older state for somebody else.
        """
        with self._writing:
            yield self.writer

    def remove(self) -> None:
        """Close it and delete its files. Who has them open elsewhere goes on until they close them."""
        self.close()
        delete(self.path)

    def close(self) -> None:
        """A transaction that another thread is in is ended first."""
        with self._writing:
            self.reader.close()
            self.writer.close()


def delete(path: Path) -> None:
    """The files of a database, whatever is in them. May be repeated."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Driver errors leave as store errors. `path` is the file, or the folder of those that are read."""
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error, path) from error


_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
    }
)


def translated(error: sqlite3.Error, path: Path) -> StoreError:
    """What may pass by itself is UnavailableError; the low byte of SQLite's code is the kind of error."""
    code = getattr(
        error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE
    )  # absent when Python refused the call itself
    if code & 0xFF in _PASSING:
        return UnavailableError(f"{path.name}: {error}")
    return StoreError(f"{path.name}: {error}")


def _connect(path: Path, synchronous: Synchronous) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA mmap_size = 268435456")
    return connection


def marks(count: int) -> str:
    """`count` placeholders for an IN list."""
    return ",".join("?" * count)
