"""Names in SQLite: a row per name that is held."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence

from events.names import NameKind
from stores.ports.log import Partition
from stores.ports.names import Holder, NameClaim, NameKeep, NameRelease, NamesChange
from stores.ports.view import Folded
from stores.sqlite.database import marks
from stores.sqlite.inspected import only
from stores.sqlite.view import SqliteView

_SELECT = "SELECT digest, kind, user_id, claim_id, since_ms, topic, partition, offset FROM names"
_CLAIM = """
INSERT INTO names (digest, kind, user_id, claim_id, since_ms) VALUES (?,?,?,?,?)
ON CONFLICT DO UPDATE SET claim_id = excluded.claim_id, since_ms = excluded.since_ms
WHERE user_id = excluded.user_id AND (kind = 'email' OR topic IS NULL)"""
_KEEP = """
UPDATE names SET since_ms = ?, topic = ?, partition = ?, offset = ?
WHERE digest = ? AND user_id = ? AND claim_id = ? AND topic IS NULL"""
_RELEASE = """
DELETE FROM names WHERE digest = ? AND user_id = ? AND claim_id = ? AND (kind = 'email' OR topic IS NULL)"""


class SqliteNames(SqliteView[NamesChange]):
    SCHEMA = """
    CREATE TABLE IF NOT EXISTS names (
      digest TEXT PRIMARY KEY, kind TEXT NOT NULL, user_id INTEGER NOT NULL, claim_id INTEGER NOT NULL,
      since_ms INTEGER NOT NULL, topic TEXT, partition INTEGER, offset INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS names_of_user ON names (user_id);
    CREATE INDEX IF NOT EXISTS names_claimed ON names (since_ms) WHERE topic IS NULL;
    CREATE INDEX IF NOT EXISTS names_kept ON names (kind, since_ms, digest) WHERE topic IS NOT NULL;
    """

    HELD = (
        (only("name"), "SELECT digest FROM names"),
        (only("user"), "SELECT DISTINCT user_id FROM names"),
    )

    def _write_events(self, connection: sqlite3.Connection, events: Sequence[Folded[NamesChange]]) -> None:
        for event in events:
            for change in event.changes:
                _write(connection, change, event.partition, event.offset)

    async def holders(self, digests: Collection[str]) -> Mapping[str, Holder]:
        query = f"{_SELECT} WHERE digest IN ({marks(len(digests))})"
        return {holder.digest: holder for holder in self._read(query, *digests)}

    async def of_users(self, user_ids: Collection[int]) -> Sequence[Holder]:
        return list(self._read(f"{_SELECT} WHERE user_id IN ({marks(len(user_ids))})", *user_ids))

    async def claimed(self, before_ms: int, limit: int) -> Sequence[Holder]:
        query = f"{_SELECT} WHERE topic IS NULL AND since_ms < ? ORDER BY since_ms LIMIT ?"
        return list(self._read(query, before_ms, limit))

    async def kept(
        self, kind: NameKind, after: tuple[int, str], before_ms: int, limit: int
    ) -> Sequence[Holder]:
        query = f"""{_SELECT} WHERE topic IS NOT NULL AND kind = ? AND (since_ms, digest) > (?, ?) AND since_ms < ?
                    ORDER BY since_ms, digest LIMIT ?"""
        return list(self._read(query, kind, *after, before_ms, limit))

    def _read(self, query: str, *values: object) -> Iterator[Holder]:
        for row in self._reader.execute(query, values):
            digest, kind, user_id, claim_id, since_ms, topic, partition, offset = row
            kept_at = None if topic is None else ((topic, partition), offset)
            yield Holder(digest, kind, user_id, claim_id, since_ms, kept_at)


def _write(connection: sqlite3.Connection, change: NamesChange, partition: Partition, offset: int) -> None:
    match change:
        case NameClaim(digest, kind, user_id, claim_id, at_ms):
            connection.execute(_CLAIM, (digest, kind, user_id, claim_id, at_ms))
        case NameKeep(digest, _, user_id, claim_id, at_ms):
            connection.execute(_KEEP, (at_ms, *partition, offset, digest, user_id, claim_id))
        case NameRelease(digest, _, user_id, claim_id):
            connection.execute(_RELEASE, (digest, user_id, claim_id))
