"""What all shards of a search index hold together, however many there are."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from stores.redis.search import RedisSearch
from tests.distributed.redis_buckets import keys_of

_OF_A_VIEW = {"fence", "state", "parked", "parked_keys", "retries"}


@dataclass
class Index:
    """`rows` are (index, member), `facts` what stands in a key of a post or user."""

    rows: set[tuple[str, bytes]] = field(default_factory=set)
    facts: dict[bytes, bytes] = field(default_factory=dict)
    likes: dict[int, set[int]] = field(default_factory=dict)
    tag_counts: Counter[bytes] = field(default_factory=Counter)

    def of(self, index: str) -> set[tuple[str, bytes]]:
        """(term, member) of the indexes of this kind."""
        kind = f"{index}:"
        return {(name.removeprefix(kind), member) for name, member in self.rows if name.startswith(kind)}

    def levels(self) -> set[tuple[str, int, int]]:
        """(term, level, post)."""
        return {(term, member[0], _id(member[1:])) for term, member in self.of("level")}

    def levels_due(self) -> set[tuple[str, int, int]]:
        """By the posts of every word and by who likes them."""
        return {
            (term, len(self.likes.get(_id(member), ())).bit_length(), _id(member))
            for term, member in self.of("date")
            if " " not in term
        }


async def index_of(redis: Redis, view: RedisSearch) -> Index:
    found = Index()
    for shard in view.buckets:
        for key in await keys_of(redis, shard):
            await _add(found, redis, key, key[len(shard) + 1 :])
    return found


async def _add(index: Index, redis: Any, key: bytes, name: bytes) -> None:
    kind, _, id_ = name.partition(b":")
    match kind.decode():
        case "post" | "user":
            index.facts[name] = await redis.get(key)
        case "likes":
            index.likes[_id(id_)] = {_id(user) for user in await redis.smembers(key)}
        case "tag_counts":
            index.tag_counts += Counter(_numbers(await redis.hgetall(key)))
        case kept if kept not in _OF_A_VIEW:
            index.rows |= {(name.decode(), member) for member in await redis.zrange(key, 0, -1)}


def _numbers(stored: Mapping[bytes, bytes]) -> dict[bytes, int]:
    return {tag: int(count) for tag, count in stored.items()}


def _id(packed: bytes) -> int:
    return int.from_bytes(packed, "big")
