"""The file of everything that is not in the log and cannot be rebuilt from it: to be backed up together with the log.

It holds sealing keys, credentials, sessions, idempotency keys, the generation registry and the shard counter. Which tables there
are is said by the modules that own them.
"""

from pathlib import Path

from stores.sqlite import idempotency, keys, registry, sessions, shards
from stores.sqlite.database import Database


def open_state(path: Path) -> Database:
    tables = (keys.SCHEMA, registry.SCHEMA, shards.SCHEMA, sessions.SCHEMA, idempotency.SCHEMA)
    return Database(path, "".join(tables), "FULL")
