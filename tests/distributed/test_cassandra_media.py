"""Cassandra keeps the contract of the media view."""

import pytest

from stores.cassandra.media import CassandraMedia
from tests.contract.media import MediaContract
from tests.distributed.cassandra import Keyspace


class TestCassandraMedia(MediaContract):
    @pytest.fixture
    def view(self, keyspace: Keyspace) -> CassandraMedia:
        view: CassandraMedia = keyspace.fresh(CassandraMedia)
        return view


class TestServedMedia(MediaContract):
    """As clients are shown them, from Redis where it has them."""

    @pytest.fixture
    def view(self, keyspace: Keyspace) -> CassandraMedia:
        view: CassandraMedia = keyspace.fresh(CassandraMedia, believed=True)
        return view
