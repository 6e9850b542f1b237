"""Sessions in the state file. Writes sync the disk, so they run beside the server's loop.

Every refresh token of a living session keeps its row for as long as its use would mean something: that is how a replaced
one is recognised. A session ends by its row going away. Who owns a living session is remembered, because every request
asks.
"""

import asyncio
import dataclasses
import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

from stores.ports.sessions import GRACE_MS, IDLE_MS, SESSIONS_LIMIT, Session
from stores.sqlite.database import Database, marks
from stores.sqlite.remembered import Remembered

SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
  session_id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, client TEXT NOT NULL, created_at_ms INTEGER NOT NULL,
  refreshed_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (user_id, refreshed_at_ms);
CREATE TABLE IF NOT EXISTS refresh_tokens (
  hash BLOB PRIMARY KEY, session_id INTEGER NOT NULL, replaced_at_ms INTEGER, spent INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refresh_tokens_of_session ON refresh_tokens (session_id, replaced_at_ms);
"""
REMEMBERED_COUNT = 100_000
T = TypeVar("T")
_Ended = list[int]


class SqliteSessions:
    def __init__(self, state: Database) -> None:
        self._state = state
        self._owners: Remembered[int, int] = Remembered(self._load_owners, REMEMBERED_COUNT)

    async def open(self, session: Session, refresh_hash: bytes) -> None:
        await self._write(lambda connection, ended: _open(connection, ended, session, refresh_hash))

    async def owner(self, session_id: int) -> int | None:
        return self._owners.one(session_id)

    async def refresh(self, presented: bytes, fresh: bytes, now_ms: int) -> Session | None:
        return await self._write(
            lambda connection, ended: _refresh(connection, ended, presented, fresh, now_ms)
        )

    async def of_user(self, user_id: int, now_ms: int) -> Sequence[Session]:
        query = """SELECT * FROM sessions WHERE user_id = ? AND refreshed_at_ms > ?
                   ORDER BY refreshed_at_ms DESC, session_id DESC"""
        return [Session(*row) for row in self._state.reader.execute(query, (user_id, now_ms - IDLE_MS))]

    async def end(self, user_id: int, session_id: int) -> bool:
        which = "user_id = ? AND session_id = ?"
        return await self._write(
            lambda connection, ended: _end(connection, ended, which, user_id, session_id)
        )

    async def end_others(self, user_id: int, session_id: int) -> None:
        which = "user_id = ? AND session_id <> ?"
        await self._write(lambda connection, ended: _end(connection, ended, which, user_id, session_id))

    async def _write(self, change: Callable[[sqlite3.Connection, _Ended], T]) -> T:
        """Sessions that `change` ended are forgotten right after its commit, in the same thread: a caller that goes away
        while it waits leaves nothing behind that still seems to live.
        """

        def run() -> T:
            ended: _Ended = []
            with self._state.transaction() as connection:
                result = change(connection, ended)
            self._owners.forget(ended)
            return result

        return await asyncio.to_thread(run)

    def _load_owners(self, session_ids: list[int]) -> dict[int, int]:
        query = f"SELECT session_id, user_id FROM sessions WHERE session_id IN ({marks(len(session_ids))})"
        return dict(self._state.reader.execute(query, session_ids))


def _open(connection: sqlite3.Connection, ended: _Ended, session: Session, refresh_hash: bytes) -> None:
    now_ms = session.created_at_ms
    _end(connection, ended, "user_id = ? AND refreshed_at_ms <= ?", session.user_id, now_ms - IDLE_MS)
    surplus = """session_id IN (SELECT session_id FROM sessions WHERE user_id = ?
                 ORDER BY refreshed_at_ms DESC, session_id DESC LIMIT -1 OFFSET ?)"""
    _end(connection, ended, surplus, session.user_id, SESSIONS_LIMIT - 1)
    connection.execute(
        "INSERT INTO sessions VALUES (?,?,?,?,?)",
        (session.session_id, session.user_id, session.client, session.created_at_ms, session.refreshed_at_ms),
    )
    _add_token(connection, session.session_id, refresh_hash)


def _refresh(
    connection: sqlite3.Connection, ended: _Ended, presented: bytes, fresh: bytes, now_ms: int
) -> Session | None:
    query = """SELECT s.*, t.replaced_at_ms, t.spent FROM refresh_tokens AS t JOIN sessions AS s USING (session_id)
               WHERE t.hash = ?"""
    row = connection.execute(query, (presented,)).fetchone()
    if row is None:
        return None
    *columns, replaced_at_ms, spent = row
    session = Session(*columns)
    in_grace = replaced_at_ms is None or (not spent and now_ms - replaced_at_ms <= GRACE_MS)
    if not in_grace or now_ms - session.refreshed_at_ms >= IDLE_MS:
        _end(connection, ended, "session_id = ?", session.session_id)
        return None
    _replace_tokens(connection, session.session_id, now_ms)
    _add_token(connection, session.session_id, fresh)
    update = "UPDATE sessions SET refreshed_at_ms = ? WHERE session_id = ?"
    connection.execute(update, (now_ms, session.session_id))
    return dataclasses.replace(session, refreshed_at_ms=now_ms)


def _replace_tokens(connection: sqlite3.Connection, session_id: int, now_ms: int) -> None:
    """Tokens that were replaced before are spent now; the one that was not gets its time. The oldest are dropped."""
    connection.execute(
        "UPDATE refresh_tokens SET spent = 1 WHERE session_id = ? AND replaced_at_ms IS NOT NULL",
        (session_id,),
    )
    connection.execute(
        "UPDATE refresh_tokens SET replaced_at_ms = ? WHERE session_id = ? AND replaced_at_ms IS NULL",
        (now_ms, session_id),
    )
    connection.execute(
        "DELETE FROM refresh_tokens WHERE session_id = ? AND replaced_at_ms <= ?",
        (session_id, now_ms - IDLE_MS),
    )


def _add_token(connection: sqlite3.Connection, session_id: int, refresh_hash: bytes) -> None:
    connection.execute(
        "INSERT INTO refresh_tokens (hash, session_id) VALUES (?,?)", (refresh_hash, session_id)
    )


def _end(connection: sqlite3.Connection, ended: _Ended, which: str, *values: object) -> bool:
    """End the sessions that the condition `which` selects; whether there were any."""
    rows = connection.execute(f"DELETE FROM sessions WHERE {which} RETURNING session_id", values).fetchall()
    connection.executemany("DELETE FROM refresh_tokens WHERE session_id = ?", rows)
    ended += [row[0] for row in rows]
    return bool(rows)
