"""Fresh tables of Cassandra for each test. Making tables takes long, so they are made once and emptied after use."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cassandra.cluster import Session

from stores.cassandra.likes import CassandraLikes
from stores.cassandra.session import Cassandra, connect
from stores.cassandra.view import SHARED_TABLES, CassandraView
from stores.ports.counts import ServedCounts
from stores.ports.crash import Crash, survive

KEYSPACE = os.environ.get("PHOTOLOG_TESTS_KEYSPACE", "photolog_tests")
Kind = type[CassandraView[Any]]
MakeServed = Callable[[str, int], ServedCounts]
"""By projection and generation."""


def open_keyspace(address: str) -> Session:
    """An empty keyspace of these tests; what an earlier run left in it goes."""
    host, _, port = address.rpartition(":")
    session = connect([host], int(port), None)
    session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")
    replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
    session.execute(f"CREATE KEYSPACE {KEYSPACE} WITH replication = {replication}")
    session.set_keyspace(KEYSPACE)
    for table in SHARED_TABLES:
        session.execute(table)
    return session


@dataclass
class Tables:
    """Which tables there are, and which a test has used."""

    session: Session
    made: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)

    def use(self, name: str, definition: str) -> None:
        if name not in self.made:
            self.session.execute(definition)
            self.made.add(name)
        self.used.add(name)

    def empty(self) -> None:
        for name in self.used:
            self.session.execute(f"TRUNCATE {name}")
        self.used.clear()


@dataclass
class Keyspace:
    """What a test sees: a client of its own event loop, and views with empty tables."""

    cassandra: Cassandra
    tables: Tables
    served: MakeServed
    given: dict[Kind, int] = field(default_factory=dict)

    def generation(self, kind: Kind) -> int:
        """The number of a generation that holds nothing."""
        number = self.given.get(kind, 0) + 1
        self.given[kind] = number
        for name, columns in kind.TABLES.items():
            self.tables.use(f"{name}_{number}", f"CREATE TABLE {name}_{number} {columns}")
        self.tables.used |= {"positions", "parked"}
        return number

    def open(self, kind: Kind, number: int, crash: Crash = survive) -> CassandraView[Any]:
        if issubclass(kind, CassandraLikes):
            return kind(self.cassandra, number, self.served(kind.PROJECTION, number), crash)
        return kind(self.cassandra, number, crash)

    def fresh(self, kind: Kind) -> Any:
        """An empty view. What an earlier call gave in this test is emptied: making tables takes long."""
        self.tables.empty()
        self.given.clear()
        return self.open(kind, self.generation(kind))


def keyspace_of(tables: Tables, prepared: dict[str, Any], served: MakeServed) -> Iterator[Keyspace]:
    """Statements stay prepared from test to test."""
    cassandra = Cassandra(tables.session)
    cassandra._prepared = prepared
    yield Keyspace(cassandra, tables, served)
    tables.empty()
