"""The file of what is not in the log and cannot be rebuilt from it: to be backed up together with the log.

It holds sealing keys, credentials, sessions, the generation registry, positions of reactors and the shard
counter. Which tables there are is said by the modules that own them.
"""

from pathlib import Path

from stores.sqlite import credentials, keys, reactor_positions, registry, sessions, shards
from stores.sqlite.database import Database


def open_state(path: Path) -> Database:
    owners = (keys, credentials, sessions, registry, reactor_positions, shards)
    return Database(path, "".join(owner.SCHEMA for owner in owners), "FULL")
