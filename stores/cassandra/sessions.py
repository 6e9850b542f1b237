"""Sessions in Cassandra: a row for each, only ever written by lightweight transactions, which knows the refresh token of now and
the one before it. Every other token of the session is spent, and known by a row that only says whose it was.

Those rows, and the list of an account's sessions, are candidates: they are written before the session's row, and what they name
is looked at there. The time to live of all rows only clears away what is over by `IDLE_MS`.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from stores.cassandra.session import Cassandra
from stores.ports.errors import UnavailableError
from stores.ports.sessions import GRACE_MS, IDLE_MS, SESSIONS_LIMIT, Session

TABLES = (
    """CREATE TABLE IF NOT EXISTS sessions (
      session_id bigint PRIMARY KEY, user_id bigint, client text, created_at_ms bigint, refreshed_at_ms bigint,
      hash blob, hash_before blob)""",
    "CREATE TABLE IF NOT EXISTS refresh_tokens (hash blob PRIMARY KEY, session_id bigint)",
    """CREATE TABLE IF NOT EXISTS sessions_of_user (
      user_id bigint, session_id bigint, PRIMARY KEY (user_id, session_id))""",
)
OWNER_REMEMBERED_S = 1.0
_REMEMBERED_COUNT = 100_000
_TRIES = 5
_SESSION_ROW_S = IDLE_MS // 1000 + 24 * 3600
_TOKEN_ROW_S = 2 * _SESSION_ROW_S
"""A token may be replaced when it is almost idle, and then has to be known for as long again."""

_COLUMNS = "session_id, user_id, client, created_at_ms, refreshed_at_ms, hash, hash_before"
_OWNER = "SELECT user_id FROM sessions WHERE session_id = ?"
_READ = f"SELECT {_COLUMNS} FROM sessions WHERE session_id = ?"
_OPEN = f"INSERT INTO sessions ({_COLUMNS}) VALUES (?,?,?,?,?,?,?) IF NOT EXISTS USING TTL {_SESSION_ROW_S}"
_REFRESH = f"""UPDATE sessions USING TTL {_SESSION_ROW_S}
               SET user_id = ?, client = ?, created_at_ms = ?, refreshed_at_ms = ?, hash = ?, hash_before = ?
               WHERE session_id = ? IF hash = ?"""
_END = "DELETE FROM sessions WHERE session_id = ? IF user_id = ?"
_TOKEN = f"INSERT INTO refresh_tokens (hash, session_id) VALUES (?, ?) USING TTL {_TOKEN_ROW_S}"
_SESSION_OF = "SELECT session_id FROM refresh_tokens WHERE hash = ?"
_LIST = f"INSERT INTO sessions_of_user (user_id, session_id) VALUES (?, ?) USING TTL {_SESSION_ROW_S}"
_LISTED = "SELECT session_id FROM sessions_of_user WHERE user_id = ?"
_UNLIST = "DELETE FROM sessions_of_user WHERE user_id = ? AND session_id = ?"


@dataclass(frozen=True, slots=True)
class _Kept:
    """`hash` is that of the token of now, `hash_before` of the one that it replaced, at the last refresh."""

    session: Session
    hash: bytes
    hash_before: bytes | None

    def is_idle(self, now_ms: int) -> bool:
        return now_ms - self.session.refreshed_at_ms >= IDLE_MS

    def accepts(self, presented: bytes, now_ms: int) -> bool:
        if presented == self.hash:
            return not self.is_idle(now_ms)
        return presented == self.hash_before and now_ms - self.session.refreshed_at_ms <= GRACE_MS


class CassandraSessions:
    """Remembers owners for so long that an ended session is refused within a second. Used in one event loop."""

    def __init__(self, cassandra: Cassandra, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._cassandra = cassandra
        self._monotonic_s = monotonic_s
        self._owners: dict[int, tuple[int, float]] = {}
        """The owner, and when it was asked."""

    async def open(self, session: Session, refresh_hash: bytes) -> None:
        await self._name(session, refresh_hash)
        await self._cassandra.applied(_OPEN, *_row(session), refresh_hash, None)
        if len(await self._listed(session.user_id)) > SESSIONS_LIMIT:
            await self._end_surplus(session)

    async def owner(self, session_id: int) -> int | None:
        asked_at_s = self._monotonic_s()
        known = self._owners.get(session_id)
        if known is not None and asked_at_s - known[1] < OWNER_REMEMBERED_S:
            return known[0]
        rows = await self._cassandra.rows(_OWNER, session_id)
        if not rows:
            return None
        if len(self._owners) >= _REMEMBERED_COUNT:
            self._owners.clear()
        self._owners[session_id] = (rows[0][0], asked_at_s)
        return int(rows[0][0])

    async def refresh(self, presented: bytes, fresh: bytes, now_ms: int) -> Session | None:
        found = await self._cassandra.rows(_SESSION_OF, presented)
        for _ in range(_TRIES):
            kept = await self._read(found[0][0]) if found else None
            if kept is None:
                return None
            if not kept.accepts(presented, now_ms):
                await self.end(kept.session.user_id, kept.session.session_id)
                return None
            if await self._replaced(kept, fresh, now_ms):
                return replace(kept.session, refreshed_at_ms=now_ms)
        raise UnavailableError("Cassandra: a session was refreshed too often at once")

    async def of_user(self, user_id: int, now_ms: int) -> Sequence[Session]:
        found = await asyncio.gather(*map(self._read, await self._listed(user_id)))
        living = [kept.session for kept in found if kept is not None and not kept.is_idle(now_ms)]
        return sorted(living, key=lambda s: (s.refreshed_at_ms, s.session_id), reverse=True)

    async def end(self, user_id: int, session_id: int) -> bool:
        try:
            ended = await self._cassandra.applied(_END, session_id, user_id)
        finally:
            self._owners.pop(session_id, None)
        if ended:
            await self._cassandra.rows(_UNLIST, user_id, session_id)
        return ended

    async def end_others(self, user_id: int, session_id: int) -> None:
        await self._end_each(
            user_id, [listed for listed in await self._listed(user_id) if listed != session_id]
        )

    async def _replaced(self, kept: _Kept, fresh: bytes, now_ms: int) -> bool:
        """Whether the session was still as it is known. Whichever token was presented, the one of now is the one before."""
        session = replace(kept.session, refreshed_at_ms=now_ms)
        await self._name(session, fresh)
        session_id, *columns = _row(session)
        return await self._cassandra.applied(_REFRESH, *columns, fresh, kept.hash, session_id, kept.hash)

    async def _name(self, session: Session, refresh_hash: bytes) -> None:
        """Make the session findable by its token and its account."""
        await asyncio.gather(
            self._cassandra.rows(_TOKEN, refresh_hash, session.session_id),
            self._cassandra.rows(_LIST, session.user_id, session.session_id),
        )

    async def _read(self, session_id: int) -> _Kept | None:
        rows = await self._cassandra.rows(_READ, session_id)
        if not rows:
            return None
        *columns, hash_, hash_before = rows[0]
        return _Kept(Session(*columns), hash_, hash_before)

    async def _listed(self, user_id: int) -> list[int]:
        return [row[0] for row in await self._cassandra.rows(_LISTED, user_id)]

    async def _end_surplus(self, opened: Session) -> None:
        """Of those who open sessions at once, the last sees all of them: none ends too many, and the limit holds in the end."""
        living = await self.of_user(opened.user_id, opened.created_at_ms)
        surplus = [
            found.session_id for found in living[SESSIONS_LIMIT:] if found.session_id != opened.session_id
        ]
        await self._end_each(opened.user_id, surplus)

    async def _end_each(self, user_id: int, session_ids: Sequence[int]) -> None:
        await asyncio.gather(*(self.end(user_id, session_id) for session_id in session_ids))


def _row(session: Session) -> tuple[int, int, str, int, int]:
    return (
        session.session_id,
        session.user_id,
        session.client,
        session.created_at_ms,
        session.refreshed_at_ms,
    )
