"""Cassandra keeps the contract of the comments view."""

from collections.abc import Callable

import pytest

from stores.cassandra.comments import CassandraComments
from tests.contract.comments import CommentsContract
from tests.distributed.cassandra import Keyspace


class TestCassandraComments(CommentsContract):
    @pytest.fixture
    def fresh(self, keyspace: Keyspace) -> Callable[[], CassandraComments]:
        return lambda: keyspace.fresh(CassandraComments)
