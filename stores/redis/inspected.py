"""Looking a view in Redis through: what its keys, and the members of some of them, say is held. Goes through all keys there are."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from struct import Struct
from typing import Any

from redis.asyncio import Redis

from stores.ports.inspected import Held
from stores.redis.client import answering

Named = Callable[[bytes], Held]
"""What a name, or the member of an index, says is held."""

_AT_ONCE = 1_000
_ID = Struct(">Q")


def by_id(kind: str) -> Named:
    """Named by an id."""
    return lambda name: (kind, _ID.unpack(name)[0], None)


def by_text(kind: str) -> Named:
    return lambda name: (kind, name.decode(), None)


def by_word(kind: str) -> Named:
    """A word, a byte 0, and an id."""
    return lambda name: (kind, name[: -_ID.size - 1].decode(), None)


async def of_keys(redis: Redis, view: bytes, kinds: Mapping[bytes, Named]) -> AsyncIterator[Sequence[Held]]:
    """Of the view's keys of these kinds: `{<view>.<number of the bucket>}:<kind>:<name>`."""
    cursor = 0
    while True:
        with answering():
            found: Any = await redis.scan(cursor, b"{%s.*" % view, _AT_ONCE)
        cursor, keys = found
        parts = (key.partition(b"}:")[2].partition(b":") for key in keys)
        yield [kinds[kind](name) for kind, _, name in parts if kind in kinds]
        if cursor == 0:
            return


async def of_index(redis: Redis, key: bytes, named: Named) -> AsyncIterator[Sequence[Held]]:
    """Of the members of a sorted set."""
    cursor = 0
    while True:
        with answering():
            found: Any = await redis.zscan(key, cursor, count=_AT_ONCE)
        cursor, members = found
        yield [named(member) for member, _ in members]
        if cursor == 0:
            return
