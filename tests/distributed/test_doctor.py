"""`photolog migrate` and `photolog doctor`, as an operator gives them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import orjson
import pytest
from cassandra.cluster import Session

from runtime.cluster import cassandra_hosts
from stores.cassandra.schema import VERSION
from stores.cassandra.session import DEFINE_TIMEOUT_S, connect
from stores.kafka.topics import administrator
from tests.distributed.redis import PARKED
from tests.e2e.aftermath import settings_of
from tests.e2e.cluster import Cluster
from tests.services.addresses import Addresses
from tests.services.ports import HOST, free_block


@pytest.fixture
def cluster(addresses: Addresses, tmp_path: Path) -> Cluster:
    """Nothing is made yet."""
    return Cluster(addresses, f"doctor{token_hex(4)}", PARKED, tmp_path)


@pytest.fixture
def session(cluster: Cluster) -> Iterator[Session]:
    hosts, port = cassandra_hosts(settings_of(cluster.settings))
    found = connect(hosts, port, None)
    yield found
    found.execute(f"DROP KEYSPACE IF EXISTS {_name(cluster)}", timeout=DEFINE_TIMEOUT_S)
    found.cluster.shutdown()


def _name(cluster: Cluster) -> str:
    return cluster.settings["PHOTOLOG_NAMESPACE"]


def test_what_was_made_is_well_and_before_that_all_is_missing(cluster: Cluster, session: Session) -> None:
    before = cluster.run("doctor")
    assert before.returncode == 1
    lines = before.stdout.splitlines()
    assert f"kafka: topic {_name(cluster)}.posts is missing; run `photolog migrate`" in lines
    assert f"Cassandra: keyspace {_name(cluster)} is missing; run `photolog migrate`" in lines
    assert f"S3: there is no bucket {_name(cluster)}. `photolog migrate` makes it" in lines
    cluster.prepare()
    well = cluster.run("doctor")
    assert (well.returncode, well.stdout) == (0, "everything answers and is as it should be\n")
    assert orjson.loads(cluster.run("doctor", "--json").stdout) == {"wrong": []}


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("PHOTOLOG_KAFKA", "{}", "kafka: {} does not answer"),
        ("PHOTOLOG_CASSANDRA", "{}", "Cassandra: NoHostAvailable"),
        ("PHOTOLOG_REDIS", "redis://{}/0", "redis: "),
        ("PHOTOLOG_S3", "http://{}", "S3 at http://{}"),
    ],
)
def test_a_service_that_is_away_is_one_line(cluster: Cluster, setting: str, value: str, told: str) -> None:
    nobody = f"{HOST}:{free_block(1)}"
    cluster.settings[setting] = value.format(nobody)
    done = cluster.run("doctor", "--json")
    wrong = orjson.loads(done.stdout)["wrong"]
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len([line for line in wrong if line.startswith(told.format(nobody))]) == 1


def test_a_newer_schema_is_left_alone_and_nothing_is_made(cluster: Cluster, session: Session) -> None:
    name = _name(cluster)
    session.execute(
        f"CREATE KEYSPACE {name} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}",
        timeout=DEFINE_TIMEOUT_S,
    )
    session.execute(
        f"CREATE TABLE {name}.schema_version (one int PRIMARY KEY, version int)", timeout=DEFINE_TIMEOUT_S
    )
    session.execute(f"INSERT INTO {name}.schema_version (one, version) VALUES (1, {VERSION + 1})")
    done = cluster.run("migrate")
    assert done.returncode == 2
    assert f"has version {VERSION + 1}, this program knows {VERSION}" in done.stderr
    assert not [topic for topic in asyncio.run(_topics(cluster)) if topic.startswith(f"{name}.")]


async def _topics(cluster: Cluster) -> list[str]:
    async with administrator(cluster.settings["PHOTOLOG_KAFKA"]) as admin:
        found: list[str] = await admin.list_topics()
        return found
