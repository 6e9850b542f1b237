"""The tables of the state that is not in the log, empty for each test."""

from collections.abc import Iterator, Sequence
from typing import Any

from stores.cassandra.session import Cassandra
from tests.distributed.cassandra import RestampingCassandra, Tables


def emptied_state(
    tables: Tables, prepared: dict[str, Any], definitions: Sequence[str]
) -> Iterator[Cassandra]:
    """A client of the test's own event loop. Each definition begins with `CREATE TABLE IF NOT EXISTS <name>`."""
    for definition in definitions:
        tables.use(definition.split()[5], definition)
    yield RestampingCassandra(tables, prepared)
    tables.empty()
