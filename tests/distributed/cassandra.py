"""Fresh tables of Cassandra for each test.

Making tables takes long and so does truncating them. They are made once, and emptied by a deletion: since it hides whatever bears
an older stamp, the time of the last one is added to every stamp that a view writes.
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Any

from cassandra.cluster import Session
from redis.asyncio import Redis

from stores.cassandra.buckets import BUCKETS_COUNT
from stores.cassandra.counting import CountingView
from stores.cassandra.served_rows import ServedRowsView
from stores.cassandra.session import Cassandra, connect
from stores.cassandra.view import SHARED_TABLES, CassandraView
from stores.ports.crash import Crash, survive
from stores.ports.rows import Unread
from stores.redis.counts import RedisCounts
from stores.redis.rows import RedisRows

KEYSPACE = os.environ.get("PHOTOLOG_TESTS_KEYSPACE", "photolog_tests")
Kind = type[CassandraView[Any]]
_DEFINED_WITHIN_S = 60
"""Changing the schema takes long on a machine that is busy with tests."""


def open_keyspace(address: str) -> Session:
    """An empty keyspace of these tests; what an earlier run left in it goes."""
    host, _, port = address.rpartition(":")
    session = connect([host], int(port), None)
    session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}", timeout=_DEFINED_WITHIN_S)
    replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
    session.execute(f"CREATE KEYSPACE {KEYSPACE} WITH replication = {replication}", timeout=_DEFINED_WITHIN_S)
    session.set_keyspace(KEYSPACE)
    for table in SHARED_TABLES:
        session.execute(table, timeout=_DEFINED_WITHIN_S)
    return session


@dataclass
class Tables:
    """Which tables there are, which a test has used, and when they were emptied (microseconds since 1970)."""

    session: Session
    made: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    emptied_at_us: int = 0

    def use(self, name: str, definition: str) -> None:
        if name not in self.made:
            self.session.execute(definition, timeout=_DEFINED_WITHIN_S)
            self.made.add(name)
        self.used.add(name)

    def empty(self) -> None:
        self.emptied_at_us = time.time_ns() // 1000
        for name in self.used:
            self._empty(name)
        self.used.clear()

    def _empty(self, name: str) -> None:
        delete_rows(self.session, name, self.emptied_at_us)


def delete_rows(session: Session, name: str, at_us: int) -> int:
    """Those of a table that were written before (microseconds since 1970); returns how many partitions had any."""
    described = session.cluster.metadata.keyspaces[session.keyspace].tables[name]
    key = [column.name for column in described.partition_key]
    where = " AND ".join(f"{column} = %s" for column in key)
    delete = f"DELETE FROM {name} USING TIMESTAMP {at_us} WHERE {where}"
    rows = session.execute(f"SELECT DISTINCT {', '.join(key)} FROM {name}").all()
    for row in rows:
        session.execute(delete, row)
    return len(rows)


@dataclass
class _Restamped:
    """A prepared statement."""

    prepared: Any
    tables: Tables

    def bind(self, values: Sequence[object]) -> Any:
        bound = self.prepared.bind(values)
        for n, column in enumerate(self.prepared.column_metadata):
            if column.name == "[timestamp]":
                (stamp,) = _STAMP.unpack(bound.values[n])
                bound.values[n] = _STAMP.pack(stamp + self.tables.emptied_at_us)
        return bound


_STAMP = Struct(">q")


class RestampingCassandra(Cassandra):
    def __init__(self, tables: Tables, prepared: dict[str, Any]) -> None:
        """Statements stay prepared from test to test."""
        super().__init__(tables.session)
        self._prepared = prepared
        self._tables = tables

    async def _statement(self, cql: str) -> Any:
        return _Restamped(await super()._statement(cql), self._tables)


@dataclass
class Served:
    """What Redis serves of views; nothing is known of those whose tables were emptied."""

    redis: Redis
    tables: Tables

    def counts(self, projection: str, generation: int) -> RedisCounts:
        return RedisCounts(self.redis, self._named(projection), generation, BUCKETS_COUNT)

    def rows(self, projection: str, generation: int) -> RedisRows:
        return RedisRows(self.redis, self._named(projection), generation)

    def _named(self, projection: str) -> str:
        return f"{projection}:{self.tables.emptied_at_us}"


@dataclass
class Keyspace:
    """What a test sees: a client of its own event loop, and views with empty tables."""

    cassandra: Cassandra
    tables: Tables
    served: Served
    given: dict[Kind, int] = field(default_factory=dict)

    def generation(self, kind: Kind) -> int:
        """The number of a generation that holds nothing."""
        number = self.given.get(kind, 0) + 1
        self.given[kind] = number
        for name, columns in kind.TABLES.items():
            self.tables.use(f"{name}_{number}", f"CREATE TABLE {name}_{number} {columns}")
        self.tables.used |= {"positions", "parked"}
        return number

    def open(
        self, kind: Kind, number: int, crash: Crash = survive, *, believed: bool = False
    ) -> CassandraView[Any]:
        """`believed`: what Redis serves of it is read as clients are shown it."""
        if issubclass(kind, CountingView):
            return kind(self.cassandra, number, self.served.counts(kind.PROJECTION, number), crash)
        if issubclass(kind, ServedRowsView):
            rows = self.served.rows(kind.PROJECTION, number)
            return kind(self.cassandra, number, rows if believed else Unread(rows), crash)
        return kind(self.cassandra, number, crash)

    def empty(self) -> None:
        """What was given in this test is given again, and holds nothing: making tables takes long."""
        self.tables.empty()
        self.given.clear()

    def fresh(self, kind: Kind, *, believed: bool = False) -> Any:
        """An empty view. What an earlier call gave in this test is emptied."""
        self.empty()
        return self.open(kind, self.generation(kind), believed=believed)


def keyspace_of(tables: Tables, prepared: dict[str, Any], served: Served) -> Iterator[Keyspace]:
    yield Keyspace(RestampingCassandra(tables, prepared), tables, served)
    tables.empty()
