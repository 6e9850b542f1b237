"""Secrets that the system made for itself, by name: each once, by whoever asks for it first. Not in the log, so to be backed up."""

import secrets

from stores.cassandra.session import Cassandra

TABLES = ("CREATE TABLE IF NOT EXISTS secrets (name text PRIMARY KEY, secret blob)",)
_SECRET_BYTES = 32

_GET = "SELECT secret FROM secrets WHERE name = ?"
_MAKE = "INSERT INTO secrets (name, secret) VALUES (?, ?) IF NOT EXISTS"


class CassandraSecrets:
    def __init__(self, cassandra: Cassandra) -> None:
        self._cassandra = cassandra

    async def secret(self, name: str) -> bytes:
        """32 random bytes, the same for every process and for ever. Raises UnavailableError."""
        rows = await self._cassandra.rows(_GET, name)
        if not rows:
            await self._cassandra.applied(_MAKE, name, secrets.token_bytes(_SECRET_BYTES))
            rows = await self._cassandra.rows(_GET, name)
        return bytes(rows[0][0])
