"""What a process of a distributed system is given to look at: clients are shown copies, everybody else the facts."""

from unittest.mock import MagicMock

import pytest

from runtime.cluster import Cluster
from runtime.cluster_place import ClusterPlace
from runtime.settings import Settings
from stores.cassandra.session import Cassandra
from stores.ports.counts import NoCounts
from stores.ports.rows import NoRows, Unread
from stores.redis.counts import RedisCounts
from stores.redis.rows import RedisRows

SETTINGS = Settings.model_validate(
    {"profile": "distributed", "s3_access_key": "key", "s3_secret_key": "secret"}
)


@pytest.mark.parametrize("projection", ["timelines", "media"])
async def test_copies_are_for_clients_alone(projection: str) -> None:
    """Else verify would find nothing wrong with facts of which Redis has a good copy."""
    cluster = Cluster(SETTINGS, Cassandra(MagicMock()))
    assert isinstance(cluster.view(projection, 1)._served, Unread)
    assert isinstance(cluster.served(projection, 1)._served, RedisRows)
    assert isinstance(ClusterPlace(cluster).open_view(projection, 1)._served, NoRows)
    await cluster.close()


@pytest.mark.parametrize("projection", ["likes", "comments"])
async def test_counts_of_what_nobody_is_shown_are_not_copied(projection: str) -> None:
    cluster = Cluster(SETTINGS, Cassandra(MagicMock()))
    assert isinstance(cluster.view(projection, 1)._served, RedisCounts)
    assert isinstance(ClusterPlace(cluster).open_view(projection, 1)._served, NoCounts)
    await cluster.close()
