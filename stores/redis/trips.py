"""Commands that go to Redis together: a page asks for its limit and its feed, then for its posts and their counts, and a hundred
pages ask at once; each round trip takes whatever waits for it.

Commands of different askers are carried out one after the other, not as one: what has to be one is a script, or a transaction,
which goes alone.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from redis.asyncio import ConnectionPool
from redis.asyncio.client import Pipeline

from stores.ports.sharing import Asked, Limits, Shared

TRIPS_COUNT = 4
"""Under way at a time."""
COMMANDS_COUNT = 500
"""On one trip, unless one asker has more: all of them wait for the last reply."""

Replies = list[Any]

_SHARED: WeakKeyDictionary[ConnectionPool, Shared[Pipeline, Replies]] = WeakKeyDictionary()
"""By the pool of the connections on which they go."""


async def carried_out(pipeline: Pipeline) -> Replies:
    """The replies to the commands of the pipeline, errors among them."""
    if pipeline.is_transaction:
        alone: Replies = await pipeline.execute(raise_on_error=False)
        return alone
    if not pipeline.command_stack:
        return []
    shared = _SHARED.get(pipeline.connection_pool)
    if shared is None:
        shared = Shared(Limits(TRIPS_COUNT, COMMANDS_COUNT, COMMANDS_COUNT), _trip)
        _SHARED[pipeline.connection_pool] = shared
    return await shared.ask(pipeline, len(pipeline.command_stack))


async def _trip(asked: Sequence[Asked[Pipeline, Replies]]) -> None:
    first, *others = (each.what for each in asked)
    first.command_stack += [command for pipeline in others for command in pipeline.command_stack]
    replies = await first.execute(raise_on_error=False)
    start = 0
    for each in asked:
        end = start + each.weight
        each.answer(replies[start:end])
        start = end
