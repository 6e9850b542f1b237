"""Hands out the shard number of a process's ids. Every start takes the next one, so that ids stay unique even when the clock was
set back between two starts."""

from events.ids import SHARD_COUNT
from stores.sqlite.database import Database

SCHEMA = "CREATE TABLE IF NOT EXISTS shards (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;"


def take_shard(state: Database) -> int:
    upsert = "INSERT INTO shards VALUES (1, 0) ON CONFLICT DO UPDATE SET last = (last + 1) % ? RETURNING last"
    with state.transaction() as connection:
        return int(connection.execute(upsert, (SHARD_COUNT,)).fetchall()[0][0])
