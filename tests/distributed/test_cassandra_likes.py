"""Cassandra keeps the contract of the likes view."""

from collections.abc import Callable

import pytest

from stores.cassandra.likes import CassandraLikes
from tests.contract.likes import LikesContract
from tests.distributed.cassandra import Keyspace


class TestCassandraLikes(LikesContract):
    @pytest.fixture
    def fresh(self, keyspace: Keyspace) -> Callable[[], CassandraLikes]:
        return lambda: keyspace.fresh(CassandraLikes)
