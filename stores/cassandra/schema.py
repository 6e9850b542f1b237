"""The keyspace with the tables that do not belong to one generation of a view: what they are is said by the modules that own them.

Made by `photolog migrate` and looked after by `photolog doctor`. A schema remembers its version, so that an older release does not
work on the tables of a newer one.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from cassandra.cluster import Session

from stores.cassandra import (
    credentials,
    idempotency,
    keys,
    presence,
    reactor_positions,
    registry,
    secrets,
    sessions,
)
from stores.cassandra.session import DEFINE_TIMEOUT_S, connect, translated
from stores.cassandra.view import SHARED_TABLES
from stores.ports.errors import StoreError

VERSION = 1
_STATE = (credentials, idempotency, keys, presence, reactor_positions, registry, secrets, sessions)
_TABLES = (*SHARED_TABLES, *(table for owner in _STATE for table in owner.TABLES))
_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_version (one int PRIMARY KEY, version int)"
_SIMPLE = "SimpleStrategy"
_COPIES_NEEDED = 3
_SYNCED = frozenset({"batch", "group"})


class NewerSchemaError(StoreError):
    """The tables were made by a newer release. Run that one, or restore a backup of before."""


def replication_of(text: str) -> dict[str, str]:
    """What Cassandra wants to know of `SimpleStrategy:1`, or of `DATACENTER:3`, several separated by commas."""
    copies = dict(part.strip().split(":") for part in text.split(","))
    if _SIMPLE in copies:
        return {"class": _SIMPLE, "replication_factor": copies[_SIMPLE]}
    return {"class": "NetworkTopologyStrategy", **copies}


async def prepare(hosts: Sequence[str], port: int, keyspace: str, replication: str) -> None:
    """Make what is missing; repeatable. Raises NewerSchemaError, and UnavailableError when Cassandra is away."""
    await asyncio.to_thread(_in_session, hosts, port, partial(_prepare, keyspace, replication))


async def check(hosts: Sequence[str], port: int, keyspace: str) -> Sequence[str]:
    """What is wrong, one line each."""
    found: list[str] = []
    try:
        await asyncio.to_thread(_in_session, hosts, port, partial(_look, keyspace, found))
    except StoreError as error:
        found.append(f"{error} ({', '.join(hosts)}:{port})")
    return found


def _in_session(hosts: Sequence[str], port: int, work: "partial[None]") -> None:
    session = connect(hosts, port, None)
    try:
        work(session)
    except StoreError:
        raise
    except Exception as error:
        raise translated(error) from error
    finally:
        session.cluster.shutdown()


def _prepare(keyspace: str, replication: str, session: Session) -> None:
    options = replication_of(replication)
    define = partial(session.execute, timeout=DEFINE_TIMEOUT_S)
    define(f"CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {options}")
    session.set_keyspace(keyspace)
    define(_VERSIONS)
    _refuse_newer(session)
    for table in _TABLES:
        define(table)
    session.execute(f"INSERT INTO schema_version (one, version) VALUES (1, {VERSION})")


def _refuse_newer(session: Session) -> int | None:
    row = session.execute("SELECT version FROM schema_version WHERE one = 1").one()
    if row is not None and row[0] > VERSION:
        raise NewerSchemaError(
            f"the schema is of version {row[0]}, newer than {VERSION}, which this release knows"
        )
    return None if row is None else int(row[0])


def _look(keyspace: str, found: list[str], session: Session) -> None:
    query = "SELECT durable_writes, replication FROM system_schema.keyspaces WHERE keyspace_name = %s"
    row = session.execute(query, (keyspace,)).one()
    if row is None:
        found.append(f"Cassandra: keyspace {keyspace} is missing; run `photolog migrate`")
        return
    is_durable, options = row
    if not is_durable:
        found.append(
            f"Cassandra: keyspace {keyspace} has durable_writes off: acknowledged writes can be lost"
        )
    found.extend(_about_copies(keyspace, options, session))
    session.set_keyspace(keyspace)
    if _refuse_newer(session) != VERSION:
        found.append(
            f"Cassandra: the schema of {keyspace} is older than this release; run `photolog migrate`"
        )


def _about_copies(keyspace: str, options: dict[str, str], session: Session) -> Sequence[str]:
    """Either enough copies that a quorum outlives a node, or a node that syncs before it answers."""
    copies = min(int(value) for name, value in options.items() if name != "class")
    if copies >= _COPIES_NEEDED:
        return ()
    query = "SELECT value FROM system_views.settings WHERE name = 'commitlog_sync'"
    synced = session.execute(query).one()
    if synced is not None and synced[0] in _SYNCED:
        return ()
    return [
        f"Cassandra: {keyspace} has {copies} copies and commitlog_sync is periodic: a node that dies takes the last acknowledged"
        " writes with it; keep 3 copies or set commitlog_sync to batch"
    ]
