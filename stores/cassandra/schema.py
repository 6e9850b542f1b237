"""The keyspace: what has to be there before any process starts, the version that says who may use it, and what is wrong with it.

The tables of views are made with each generation, and not here.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from stores.cassandra import (
    credentials,
    idempotency,
    keys,
    leases,
    presence,
    reactor_positions,
    registry,
    secrets,
    sessions,
    view,
)
from stores.cassandra.replication import Replication
from stores.cassandra.session import Cassandra, connect
from stores.ports.errors import StoreError

VERSION = 3
"""Of the tables here. Greater when they change, with whatever brings those of the version before to it."""

_VERSION_TABLE = "CREATE TABLE IF NOT EXISTS schema_version (one int PRIMARY KEY, version int)"
_STATE = (keys, credentials, sessions, registry, reactor_positions, presence, leases, secrets, idempotency)
TABLES = (_VERSION_TABLE, *view.SHARED_TABLES, *(table for owner in _STATE for table in owner.TABLES))
"""Each begins with `CREATE TABLE IF NOT EXISTS <name>`."""

_VERSION = "SELECT version FROM {keyspace}.schema_version WHERE one = 1"
_RECORD = "INSERT INTO schema_version (one, version) VALUES (1, ?)"
_KEYSPACE = "SELECT durable_writes, replication FROM system_schema.keyspaces WHERE keyspace_name = ?"
_NAMES = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?"
_HERE = "SELECT data_center FROM system.local"
_ELSEWHERE = "SELECT data_center FROM system.peers_v2"
_SYNC = "SELECT value FROM system_views.settings WHERE name = 'commitlog_sync'"
"""Of the node that is asked."""
_SAFE_SYNCS = frozenset({"batch", "group"})
_SAFE_COPIES_COUNT = 3
_MIGRATE = "run `photolog migrate`"


class NewerSchemaError(StoreError):
    """The keyspace was prepared by a newer program."""


async def prepare(hosts: Sequence[str], port: int, keyspace: str, replication: str) -> None:
    """Keyspace and tables are there; repeatable: what is there stays as it is, also its replication.

    Raises NewerSchemaError, UnavailableError, or ValueError for a replication that cannot be read.
    """
    wanted = Replication.parse(replication)
    async with _connected(hosts, port) as cassandra:
        await cassandra.define(f"CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {wanted.cql()}")
        await cassandra.define(f"USE {keyspace}")
        await cassandra.define(_VERSION_TABLE)
        if (version := await _version(cassandra, keyspace)) > VERSION:
            raise NewerSchemaError(_newer(keyspace, version))
        for statement in (*TABLES, *registry.CHANGES, *view.CHANGES):
            await cassandra.define(statement)
        await cassandra.rows(_RECORD, VERSION)


async def check(hosts: Sequence[str], port: int, keyspace: str, replication: str) -> Sequence[str]:
    """What is wrong, one line each. Raises ValueError for a replication that cannot be read."""
    wanted = Replication.parse(replication)
    found: list[str] = []
    try:
        async with _connected(hosts, port) as cassandra:
            await _look(cassandra, keyspace, wanted, found)
    except StoreError as error:
        found.append(f"{error}, at {', '.join(hosts)}, port {port}")
    return found


@asynccontextmanager
async def _connected(hosts: Sequence[str], port: int) -> AsyncIterator[Cassandra]:
    cassandra = Cassandra(await asyncio.to_thread(connect, hosts, port, None))
    try:
        yield cassandra
    finally:
        await cassandra.close()


async def _look(cassandra: Cassandra, keyspace: str, wanted: Replication, found: list[str]) -> None:
    """What was found stays so when the rest cannot be looked at."""
    described = await cassandra.rows(_KEYSPACE, keyspace)
    if not described:
        found.append(f"Cassandra: keyspace {keyspace} is missing; {_MIGRATE}")
        return
    ((durable_writes, options),) = described
    ((sync,),) = await cassandra.rows(_SYNC)
    copies, datacenters = Replication.described(options), await _datacenters(cassandra)
    told = [*_of_keyspace(keyspace, durable_writes, copies, wanted), *of_copies(copies, datacenters, sync)]
    found += [f"Cassandra: {line}" for line in told]
    found += [f"Cassandra: {line}" for line in await _of_tables(cassandra, keyspace)]


def _of_keyspace(
    keyspace: str, durable_writes: bool, copies: Replication, wanted: Replication
) -> Iterator[str]:
    if copies != wanted:
        yield f"keyspace {keyspace} is replicated as {copies}, the settings say {wanted}: alter it, then repair"
    if not durable_writes:
        yield f"keyspace {keyspace} has durable_writes = false: what was acknowledged is lost with the process"


async def _datacenters(cassandra: Cassandra) -> Counter[str]:
    """How many nodes each has."""
    rows = [*await cassandra.rows(_HERE), *await cassandra.rows(_ELSEWHERE)]
    return Counter(name for (name,) in rows)


def of_copies(found: Replication, datacenters: Counter[str], sync: str) -> Iterator[str]:
    nodes = found.nodes_count(datacenters)
    for name, copies in found.copies_count.items():
        if copies > nodes[name]:
            yield f"{name}: {copies} copies of each row, but {nodes[name]} nodes for them"
        elif copies < min(_SAFE_COPIES_COUNT, nodes[name]):
            yield f"{name}: {copies} copies of each row; a node that is away takes what it holds with it, use 3"
    if max(found.copies_count.values()) == 1 and sync not in _SAFE_SYNCS:
        yield f"commitlog_sync is {sync}; where there is one copy, use batch, or a power cut takes the last writes"


async def _of_tables(cassandra: Cassandra, keyspace: str) -> Sequence[str]:
    there = {name for (name,) in await cassandra.rows(_NAMES, keyspace)}
    missing = [name for name in (table.split()[5] for table in TABLES) if name not in there]
    if missing:
        return [f"keyspace {keyspace} lacks {', '.join(missing)}; {_MIGRATE}"]
    version = await _version(cassandra, keyspace)
    if version > VERSION:
        return [_newer(keyspace, version)]
    if version < VERSION:
        return [f"keyspace {keyspace} has version {version}, this program needs {VERSION}; {_MIGRATE}"]
    return []


async def _version(cassandra: Cassandra, keyspace: str) -> int:
    rows = await cassandra.rows(_VERSION.format(keyspace=keyspace))
    return max((version for (version,) in rows), default=0)


def _newer(keyspace: str, version: int) -> str:
    return f"keyspace {keyspace} has version {version}, this program knows {VERSION}: it is older than what runs here"
