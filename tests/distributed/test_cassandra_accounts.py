"""Cassandra keeps the contract of the accounts view."""

import pytest

from stores.cassandra.accounts import CassandraAccounts
from tests.contract.accounts import AccountsContract
from tests.distributed.cassandra import Keyspace


class TestCassandraAccounts(AccountsContract):
    @pytest.fixture
    def view(self, keyspace: Keyspace) -> CassandraAccounts:
        view: CassandraAccounts = keyspace.fresh(CassandraAccounts)
        return view
