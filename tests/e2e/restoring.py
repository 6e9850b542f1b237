"""Backs up a distributed system and restores it under another namespace, as `docs/operations.md` says, with plain clients of the
services: what is not copied here is not needed.
"""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from aiokafka import AIOKafkaProducer
from cassandra.concurrent import execute_concurrent_with_args
from minio.commonconfig import CopySource

from events.topics import TOPICS
from runtime.cluster import cassandra_hosts
from runtime.objects import s3_address
from runtime.settings import Settings
from stores.cassandra.session import connect
from stores.kafka.names import physical
from stores.s3.connection import S3Connection
from tests.e2e.topics import messages, topics_of

_MANUAL = Path(__file__).parents[2] / "docs" / "operations.md"
_ROW = re.compile(r"^\| (?:Cassandra )?\| (?P<tables>`.*?)(?:: .*)? \| yes", re.MULTILINE)


def restore(source: Settings, target: Settings) -> None:
    """The target was prepared, and nobody works there yet. Kafka comes first: each event needs the key that it was sealed with."""
    asyncio.run(_copy_events(source, target))
    _copy_rows(source, target)
    _copy_files(source, target)


def backed_up_tables() -> Sequence[str]:
    """As the manual lists them."""
    manual = _MANUAL.read_text()
    return [name for row in _ROW.finditer(manual) for name in re.findall(r"`(\w+)`", row["tables"])]


async def _copy_events(source: Settings, target: Settings) -> None:
    """To the same partitions, in the same order."""
    renamed = {physical(source.namespace, topic): physical(target.namespace, topic) for topic in TOPICS}
    async with AIOKafkaProducer(bootstrap_servers=target.kafka, enable_idempotence=True) as producer:
        for it in await messages(source.kafka, topics_of(source.namespace)):
            await producer.send(
                renamed[it.topic], it.value, it.key, it.partition, it.timestamp, headers=list(it.headers)
            )
        await producer.flush()


def _copy_rows(source: Settings, target: Settings) -> None:
    hosts, port = cassandra_hosts(source)
    session = connect(hosts, port, None)
    for table in backed_up_tables():
        insert = session.prepare(f"INSERT INTO {target.namespace}.{table} JSON ?")
        rows = session.execute(f"SELECT JSON * FROM {source.namespace}.{table}")
        execute_concurrent_with_args(session, insert, [tuple(row) for row in rows])
    session.cluster.shutdown()


def _copy_files(source: Settings, target: Settings) -> None:
    origin, copy = s3_address(source), s3_address(target)
    store = S3Connection(copy)
    for found in store.client.list_objects(origin.bucket, recursive=True):
        store.client.copy_object(copy.bucket, found.object_name, CopySource(origin.bucket, found.object_name))
    store.close()
