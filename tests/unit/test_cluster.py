"""What a process of a distributed system is given to look at: clients are shown copies, everybody else the facts."""

from unittest.mock import MagicMock

import pytest

from runtime.cluster import Cluster
from runtime.settings import Settings
from stores.cassandra.session import Cassandra
from stores.ports.rows import Unread
from stores.redis.rows import RedisRows


@pytest.mark.parametrize("projection", ["timelines", "media"])
async def test_copies_are_for_clients_alone(projection: str) -> None:
    """Else verify would find nothing wrong with facts of which Redis has a good copy."""
    settings = Settings.model_validate(
        {"profile": "distributed", "s3_access_key": "key", "s3_secret_key": "secret"}
    )
    cluster = Cluster(settings, Cassandra(MagicMock()))
    assert isinstance(cluster.view(projection, 1)._served, Unread)
    assert isinstance(cluster.served(projection, 1)._served, RedisRows)
    await cluster.close()
