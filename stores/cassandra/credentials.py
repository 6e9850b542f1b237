"""Credentials in Cassandra: a row per account, only ever written by lightweight transactions."""

from stores.cassandra.session import Cassandra

TABLES = ("CREATE TABLE IF NOT EXISTS credentials (user_id bigint PRIMARY KEY, password_hash text)",)

_CREATE = "INSERT INTO credentials (user_id, password_hash) VALUES (?, ?) IF NOT EXISTS"
_GET = "SELECT password_hash FROM credentials WHERE user_id = ?"
_REPLACE = "UPDATE credentials SET password_hash = ? WHERE user_id = ? IF password_hash = ?"


class CassandraCredentials:
    def __init__(self, cassandra: Cassandra) -> None:
        self._cassandra = cassandra

    async def create(self, user_id: int, password_hash: str) -> None:
        await self._cassandra.applied(_CREATE, user_id, password_hash)

    async def get(self, user_id: int) -> str | None:
        rows = await self._cassandra.rows(_GET, user_id)
        return rows[0][0] if rows else None

    async def replace(self, user_id: int, known_hash: str, password_hash: str) -> bool:
        return await self._cassandra.applied(_REPLACE, password_hash, user_id, known_hash)
