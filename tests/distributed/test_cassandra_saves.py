"""Cassandra keeps the contract of the saves view."""

from collections.abc import Callable

import pytest

from stores.cassandra.saves import CassandraSaves
from tests.contract.saves import SavesContract
from tests.distributed.cassandra import Keyspace


class TestCassandraSaves(SavesContract):
    @pytest.fixture
    def fresh(self, keyspace: Keyspace) -> Callable[[], CassandraSaves]:
        return lambda: keyspace.fresh(CassandraSaves)
