"""The graph in Cassandra."""

import pytest

from stores.cassandra.graph import CassandraGraph
from tests.contract.graph import GraphContract
from tests.distributed.cassandra import Keyspace


class TestCassandraGraph(GraphContract):
    @pytest.fixture
    def view(self, keyspace: Keyspace) -> CassandraGraph:
        found: CassandraGraph = keyspace.fresh(CassandraGraph)
        return found
