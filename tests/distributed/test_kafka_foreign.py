"""What others put on our topics: everything has its entry, none of it is an event, and what lies behind is read."""

import struct
from collections.abc import AsyncIterator

import pytest
from aiokafka.record.default_records import _DefaultRecordBatchPy as DefaultRecordBatch
from aiokafka.record.util import calc_crc32c

from events.codec import Unreadable, decode
from events.topics import ENGAGEMENT
from stores.kafka.envelope import message_of
from stores.kafka.log import KafkaLog
from stores.kafka.names import physical
from stores.ports.log import Entry
from tests.contract.log import record
from tests.distributed.kafka import fresh_topics, producing, put
from tests.services.addresses import Addresses

PLACE = (ENGAGEMENT, 0)
VALUE = b'{"post_id":"17","author_id":"7"}'
OURS = message_of(record(value=VALUE), "photolog")
Shape = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]


def _with(name: str, value: bytes | None) -> list[tuple[str, bytes | None]]:
    return [(other, value if other == name else said) for other, said in OURS.headers]


SHAPES: dict[str, Shape] = {
    "nothing but a key": (b"17", None, []),
    "nothing but a value": (None, b"hello", []),
    "no headers": (OURS.key, OURS.value, []),
    "null value": (OURS.key, None, list(OURS.headers)),
    "null key": (None, OURS.value, list(OURS.headers)),
    "another key": (b"18", OURS.value, list(OURS.headers)),
    "key is no text": (b"\xff\xfe", OURS.value, list(OURS.headers)),
    "long key": (b"1" * 10_000, OURS.value, list(OURS.headers)),
    "value is no JSON": (OURS.key, b"\x00\x01", list(OURS.headers)),
    "value is no object": (OURS.key, b"[1]", list(OURS.headers)),
    "another event's value": (OURS.key, b'{"followed_id":"1"}', list(OURS.headers)),
    "envelope in the value": (OURS.key, b'{"post_id":"17","author_id":"7","id":"9"}', list(OURS.headers)),
    "unknown type": (OURS.key, OURS.value, _with("ce_type", b"post.adored")),
    "type of another topic": (OURS.key, OURS.value, _with("ce_type", b"user.followed")),
    "later version": (OURS.key, OURS.value, _with("ce_version", b"99")),
    "null header": (OURS.key, OURS.value, _with("ce_id", None)),
    "id is too large": (OURS.key, OURS.value, _with("ce_id", b"9223372036854775808")),
    "later CloudEvents": (OURS.key, OURS.value, _with("ce_specversion", b"2.0")),
    "structured mode": (
        OURS.key,
        b'{"specversion":"1.0"}',
        [("content-type", b"application/cloudevents+json")],
    ),
    "header twice": (OURS.key, OURS.value, [*OURS.headers, ("ce_type", b"post.liked")]),
    "header without a name": (OURS.key, OURS.value, [*_with("ce_time", b""), ("", b"")]),
}


@pytest.fixture
async def namespace(addresses: Addresses) -> AsyncIterator[str]:
    async with fresh_topics(addresses.kafka) as namespace:
        yield namespace


@pytest.fixture
async def log(addresses: Addresses, namespace: str) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(addresses.kafka, namespace)
    yield log
    await log.close()


async def whole(log: KafkaLog) -> list[Entry]:
    """Read by one at a time; the same as all at once."""
    end = (await log.ends([ENGAGEMENT]))[PLACE]
    found = await log.read(PLACE, 0, 1_000)
    assert found == [entry for offset in range(end + 1) for entry in await log.read(PLACE, offset, 1)]
    assert [entry.offset for entry in found] == list(range(end + 1))
    return found


def is_event(entry: Entry) -> bool:
    return not isinstance(decode(entry.record, {}), Unreadable)


async def test_messages_of_any_shape_are_read_and_are_no_events(
    log: KafkaLog, addresses: Addresses, namespace: str
) -> None:
    topic = physical(namespace, ENGAGEMENT)
    async with producing(addresses.kafka) as producer:
        for key, value, headers in SHAPES.values():
            await producer.send_and_wait(topic, value, key, partition=0, headers=headers)
            await producer.send_and_wait(topic, OURS.value, OURS.key, partition=0, headers=OURS.headers)
    found = await whole(log)
    assert [is_event(entry) for entry in found] == [False, True] * len(SHAPES)


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
async def test_events_are_read_however_they_are_compressed(
    log: KafkaLog, addresses: Addresses, namespace: str, compression: str
) -> None:
    async with producing(addresses.kafka, compression_type=compression, linger_ms=20) as producer:
        topic = physical(namespace, ENGAGEMENT)
        sent = [
            await producer.send(topic, OURS.value, OURS.key, partition=0, headers=OURS.headers)
            for _ in range(50)
        ]
        for one in sent:
            await one
    assert all(is_event(entry) for entry in await whole(log))


@pytest.mark.parametrize("end", ["commit_transaction", "abort_transaction"])
async def test_the_marks_of_a_transaction_have_entries(
    log: KafkaLog, addresses: Addresses, namespace: str, end: str
) -> None:
    """So that every offset up to the log's end can be reached. Ours are read as others read them: uncommitted."""
    topic = physical(namespace, ENGAGEMENT)
    async with producing(addresses.kafka, transactional_id=namespace) as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, OURS.value, OURS.key, partition=0, headers=OURS.headers)
        await getattr(producer, end)()
    while (await log.ends([ENGAGEMENT]))[PLACE] < 1:
        pass  # the mark is written after it was answered
    await put(addresses.kafka, topic, OURS.key, OURS.value, OURS.headers)
    assert [is_event(entry) for entry in await whole(log)] == [True, False, True]


async def test_a_batch_that_cannot_be_taken_apart_is_nobodys_events(
    log: KafkaLog, addresses: Addresses, namespace: str
) -> None:
    """The name of a header is no UTF-8, which brokers do not look at."""
    topic = physical(namespace, ENGAGEMENT)
    await put(addresses.kafka, topic, OURS.key, OURS.value, OURS.headers)
    async with producing(addresses.kafka) as producer:
        batch = producer.create_batch()
        for _ in range(3):
            batch.append(timestamp=None, key=b"17", value=b"{}", headers=[("name", b"")])
        batch._build()
        batch._buffer = _with_another_name(bytes(batch._buffer))
        await (await producer.send_batch(batch, topic, partition=0))
    await put(addresses.kafka, topic, OURS.key, OURS.value, OURS.headers)
    assert [is_event(entry) for entry in await whole(log)] == [True, False, False, False, True]


def _with_another_name(batch: bytes) -> bytes:
    """Of as many bytes; the checksum is right again."""
    changed = batch.replace(b"name", b"\xff\xfe\xfd\xfc")
    checked = changed[DefaultRecordBatch.ATTRIBUTES_OFFSET :]
    return changed[: DefaultRecordBatch.CRC_OFFSET] + struct.pack(">I", calc_crc32c(checked)) + checked
