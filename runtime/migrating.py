"""Makes what a distributed system needs before its processes start: topics, keyspace and tables, bucket, first generations."""

import asyncio
from collections.abc import Sequence

from events.ids import system_clock
from projectors.catalogue import PROJECTIONS
from runtime.cluster import cassandra_hosts, connected
from runtime.cluster_place import ClusterPlace
from runtime.objects import s3_address
from runtime.settings import Settings
from stores.cassandra import schema
from stores.kafka import topics
from stores.ports.errors import UnavailableError
from stores.redis import check as redis
from stores.s3 import bucket


async def migrate(settings: Settings) -> Sequence[str]:
    """Repeatable: what is there stays as it is. Returns what the services cannot do by themselves, one line each."""
    hosts, port = cassandra_hosts(settings)
    partitions, replication = settings.kafka_partitions, settings.kafka_replication
    await schema.prepare(hosts, port, settings.namespace, settings.cassandra_replication)  # may refuse
    await topics.create_topics(settings.kafka, settings.namespace, partitions, replication)
    remarks = await bucket.prepare(s3_address(settings), settings.cors_origins)
    await _begin(settings)
    return remarks


async def _begin(settings: Settings) -> None:
    """Every projection that has none gets its first generation, whose tables are there before it is known."""
    place = ClusterPlace(await connected(settings))
    try:
        known = {generation.projection for generation in await place.registry.generations()}
        for projection in PROJECTIONS:
            if projection.name not in known:
                await place.prepare(projection.name, 1)
                await place.registry.begin(projection.name, projection.version)
    finally:
        await place.close()


async def examine(settings: Settings) -> Sequence[str]:
    """What is wrong with the services that the settings name, one line each."""
    hosts, port = cassandra_hosts(settings)
    checks = await asyncio.gather(
        topics.check_topics(
            settings.kafka, settings.namespace, settings.kafka_partitions, settings.kafka_replication
        ),
        schema.check(hosts, port, settings.namespace, settings.cassandra_replication),
        redis.check(settings.redis.get_secret_value()),
        bucket.check(s3_address(settings), system_clock),
    )
    found = [line for lines in checks for line in lines]
    return found or await _not_begun(settings)


async def _not_begun(settings: Settings) -> Sequence[str]:
    try:
        cluster = await connected(settings)
    except UnavailableError as error:
        return [str(error)]
    try:
        live = {g.projection for g in await cluster.registry.generations() if g.state == "live"}
    finally:
        await cluster.close()
    missing = [projection.name for projection in PROJECTIONS if projection.name not in live]
    return [f"{name} has no live generation; run `photolog migrate`" for name in missing]
