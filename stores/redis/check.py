"""What is wrong with a Redis for our use, for `photolog doctor`."""

from collections.abc import Sequence

from redis.asyncio import Redis

from stores.ports.errors import StoreError
from stores.redis.client import answering, connect

_EVICTS_OURS = frozenset({"allkeys-lru", "allkeys-lfu", "allkeys-random"})
"""Policies under which keys without a time to live are thrown out: feeds, fences, the search index."""


async def check(url: str) -> Sequence[str]:
    """One line each."""
    redis = connect(url)
    try:
        return await _look(redis)
    except StoreError as error:
        return [str(error)]
    finally:
        await redis.aclose()


async def _look(redis: Redis) -> Sequence[str]:
    with answering():
        memory = await redis.info("memory")
        persistence = await redis.info("persistence")
    found = []
    if (policy := memory["maxmemory_policy"]) in _EVICTS_OURS:
        found.append(f"redis: maxmemory-policy {policy} throws out feeds; use noeviction or a volatile one")
    if not persistence["aof_enabled"]:
        found.append("redis: without appendonly, feeds and search are filled anew after every restart")
    return found
