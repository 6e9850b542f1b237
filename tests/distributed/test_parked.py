"""`photolog parked` beside workers and on the services of a distributed system. A like cannot be applied where the set of a post's
likers is something else; the cause is mended by removing that.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from secrets import token_hex
from struct import Struct
from typing import Any

import orjson
import pytest

from events.codec import encode
from events.topics import ENGAGEMENT, NAMES
from stores.kafka.envelope import message_of
from stores.kafka.log import KafkaLog
from stores.kafka.names import physical
from stores.ports.view import ParkedEvent
from stores.redis.search import RedisSearch
from tests.contract.log import record
from tests.distributed.kafka import producing
from tests.distributed.redis import PARKED, emptied, opened
from tests.e2e.cluster import Cluster
from tests.e2e.world import until
from tests.services.addresses import Addresses
from tests.unit.stepping import acts

BROKEN, GIVEN_UP, OTHER = 13, 14, 17
"""Posts."""
_ID = Struct(">Q")


@pytest.fixture(scope="module")
def cluster(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """With a worker for search alone."""
    asyncio.run(_empty(addresses))
    made = Cluster(addresses, f"parked{token_hex(4)}", PARKED, tmp_path_factory.mktemp("parked"))
    made.prepare()
    with made.running("search"):
        yield made


async def _empty(addresses: Addresses) -> None:
    async with emptied(addresses, PARKED):
        pass


def _append(cluster: Cluster, *told: tuple[str, int, int]) -> None:
    """(like or unlike, user, post)"""
    asyncio.run(_appended(cluster, told))


async def _appended(cluster: Cluster, told: Sequence[tuple[str, int, int]]) -> None:
    log = KafkaLog(cluster.settings["PHOTOLOG_KAFKA"], cluster.settings["PHOTOLOG_NAMESPACE"])
    await log.append([encode(event, None) for event in acts(*told)])
    await log.close()


def _break(addresses: Addresses, post_id: int) -> None:
    asyncio.run(_ask(addresses, "SET", post_id, "no set"))


def _mend(addresses: Addresses, post_id: int) -> None:
    asyncio.run(_ask(addresses, "DEL", post_id))


def _likers(addresses: Addresses, post_id: int) -> set[int]:
    return {_ID.unpack(user)[0] for user in asyncio.run(_ask(addresses, "SMEMBERS", post_id))}


async def _ask(addresses: Addresses, command: str, post_id: int, *arguments: str) -> Any:
    """Of the set of the post's likers."""
    async with opened(addresses, PARKED) as redis:
        key = RedisSearch(redis, 1, 2)._bucket_of(post_id) + b":likes:" + _ID.pack(post_id)
        return await redis.execute_command(command, key, *arguments)  # type: ignore[no-untyped-call]


def _parked(addresses: Addresses, post_id: int) -> list[ParkedEvent]:
    return asyncio.run(_parked_now(addresses, str(post_id)))


def _until_parked(addresses: Addresses, post_id: int, count: int) -> None:
    """And tried once more, since the other shards have passed them."""

    def is_settled() -> bool:
        found = _parked(addresses, post_id)
        return len(found) == count and not any(event.retry for event in found)

    until(is_settled)


async def _parked_now(addresses: Addresses, key: str) -> list[ParkedEvent]:
    async with opened(addresses, PARKED) as redis:
        return [event for event in await RedisSearch(redis, 1, 2).parked() if event.key == key]


def test_a_key_is_parked_and_shown_and_retried_when_the_cause_is_mended(
    cluster: Cluster, addresses: Addresses
) -> None:
    _break(addresses, BROKEN)
    _append(cluster, ("like", 1, BROKEN), ("like", 1, OTHER), ("like", 2, BROKEN), ("unlike", 1, BROKEN))
    _until_parked(addresses, BROKEN, 3)
    until(lambda: _likers(addresses, OTHER) == {1})
    listed = [orjson.loads(line) for line in cluster.run("parked", "list", "--json").stdout.splitlines()]
    assert [(e["projection"], e["topic"], e["key"]) for e in listed] == [("search", ENGAGEMENT, "13")] * 3
    assert listed[0]["reason"] == "StoreError: cannot be applied"
    assert cluster.run("projections").returncode == 1
    shown = cluster.run("parked", "show", "search", str(BROKEN)).stdout
    assert re.findall(r"@\d+ (\S+)", shown) == ["post.liked", "post.liked", "post.unliked"]

    assert cluster.run("parked", "retry", "search", str(BROKEN)).returncode == 0
    _until_parked(addresses, BROKEN, 3)
    assert {event.reason for event in _parked(addresses, BROKEN)} == {"StoreError: cannot be applied"}

    _mend(addresses, BROKEN)
    assert cluster.run("parked", "retry", "search", str(BROKEN)).returncode == 0
    until(lambda: not _parked(addresses, BROKEN))
    assert _likers(addresses, BROKEN) == {2}


def test_after_a_discard_the_key_goes_on(cluster: Cluster, addresses: Addresses) -> None:
    _break(addresses, GIVEN_UP)
    _append(cluster, ("like", 1, GIVEN_UP), ("like", 2, GIVEN_UP))
    _until_parked(addresses, GIVEN_UP, 2)
    first, _ = _parked(addresses, GIVEN_UP)
    _mend(addresses, GIVEN_UP)
    discard = ("parked", "discard", "search", str(GIVEN_UP), "--yes")
    assert cluster.run(*discard, "--event", str(first.event_id)).returncode == 0
    until(lambda: _likers(addresses, GIVEN_UP) == {2})

    _break(addresses, GIVEN_UP)
    _append(cluster, ("like", 3, GIVEN_UP))
    _until_parked(addresses, GIVEN_UP, 1)
    _mend(addresses, GIVEN_UP)
    assert cluster.run(*discard).returncode == 0
    _append(cluster, ("like", 4, GIVEN_UP))
    until(lambda: _likers(addresses, GIVEN_UP) == {4})
    assert _parked(addresses, GIVEN_UP) == []


def test_too_many_parked_keys_end_the_worker(cluster: Cluster) -> None:
    asyncio.run(_append_unreadable(cluster, 1_001))
    ended = cluster.run("worker", "names")
    assert ended.returncode == 1
    assert "TooManyParkedError" in ended.stderr
    listed = cluster.run("parked", "list", "--json").stdout.splitlines()
    assert len([line for line in listed if orjson.loads(line)["projection"] == "names"]) <= 1_000


async def _append_unreadable(cluster: Cluster, keys_count: int) -> None:
    namespace = cluster.settings["PHOTOLOG_NAMESPACE"]
    topic = physical(namespace, NAMES)
    async with producing(cluster.settings["PHOTOLOG_KAFKA"]) as producer:
        for number in range(keys_count):
            unknown = replace(record(f"name{number}", NAMES, id_=number + 1), type="name.forgotten")
            message = message_of(unknown, namespace)
            await producer.send(topic, message.value, message.key, headers=message.headers)
