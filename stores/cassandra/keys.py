"""Sealing keys in Cassandra. A row is made by a lightweight transaction and never deleted: once `destroyed` is true the key is
gone, and whatever a replica that was away still holds of it is no key any more.
"""

from collections.abc import Collection, Mapping

from events.sealing import DESTROYED, Key, new_key
from stores.cassandra.questions import of_keys
from stores.cassandra.session import Cassandra, Row

TABLES = (
    "CREATE TABLE IF NOT EXISTS sealing_keys (user_id bigint PRIMARY KEY, key blob, destroyed boolean)",
)
_REMEMBERED = 100_000

_CREATE = "INSERT INTO sealing_keys (user_id, key) VALUES (?, ?) IF NOT EXISTS"
_GET = "SELECT user_id, key, destroyed FROM sealing_keys WHERE user_id IN ?"


class CassandraKeys:
    """Remembers keys it has read; they never change but to be destroyed, which another process learns when it starts anew."""

    def __init__(self, cassandra: Cassandra) -> None:
        self._cassandra = cassandra
        self._known: dict[int, Key] = {}

    async def create(self, user_id: int) -> None:
        await self._cassandra.applied(_CREATE, user_id, new_key())

    async def get(self, user_ids: Collection[int]) -> Mapping[int, Key]:
        found = {user_id: self._known[user_id] for user_id in user_ids if user_id in self._known}
        unknown = [user_id for user_id in user_ids if user_id not in found]
        return found | await self._load(unknown) if unknown else found

    async def _load(self, user_ids: list[int]) -> dict[int, Key]:
        loaded = dict(map(_key, await of_keys(self._cassandra.rows, _GET, user_ids)))
        if len(self._known) + len(loaded) > _REMEMBERED:
            self._known.clear()
        self._known |= loaded
        return loaded


def _key(row: Row) -> tuple[int, Key]:
    user_id, key, destroyed = row
    return user_id, DESTROYED if destroyed else key
