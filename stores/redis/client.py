"""Redis and Valkey: how a client is made, how scripts are run, and what its errors become.

Nothing is retried here: a command whose reply was lost may have been carried out, and only the caller knows whether it may be sent
again. What is in the keys belongs to the modules beside this one. A script touches the keys of one slot.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from hashlib import sha1
from importlib.resources import files
from itertools import islice
from typing import Any

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from stores.ports.cancelling import cancellation_heeded
from stores.ports.closed import closed_as
from stores.ports.errors import StoreError, UnavailableError
from stores.redis.trips import carried_out

_CONNECT_TIMEOUT_S = 2
_REPLY_TIMEOUT_S = 5
_WAIT_FOR_CONNECTION_S = 5
_CONNECTIONS_LIMIT = 50
_IN_PART_COUNT = 500

_AWAY = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.OutOfMemoryError,
    exceptions.ReadOnlyError,
    exceptions.ClusterDownError,
    exceptions.TryAgainError,
)
_AWAY_CODES = re.compile(r"\b(BUSY|MISCONF|NOREPLICAS|EMPTYING) ")
"""Replies that the client knows no class for: a script runs too long; the disk is full; too few replicas; and one of ours, of a
bucket that is being emptied.
"""

Call = tuple[bytes, Sequence[Any]]
"""The key that says in which slot a script runs, and its arguments."""


class _Pool(BlockingConnectionPool):
    """Before it hands out a connection, redis-py 8.1 looks whether it has come to its end, but not whether it broke (#4287)."""

    async def ensure_connection(self, connection: AbstractConnection) -> None:
        if _is_broken(connection):
            await connection.disconnect(nowait=True)
        await super().ensure_connection(connection)


def _is_broken(connection: AbstractConnection) -> bool:
    """The transport knows it a moment before the reader does, but not uvloop's for TLS."""
    reader, writer = connection._reader, connection._writer
    return (writer is not None and writer.is_closing()) or (
        reader is not None and reader.exception() is not None
    )


def connect(url: str) -> Redis:
    """A client that connects when it is first used. It belongs to one event loop and is closed with `aclose`.

    It does not listen for notices of maintenance, which only one vendor's Redis sends: while it does, redis-py 8.1 hands out
    connections that the server has closed (redis-py #4252), and after a restart each idle one fails somebody's request.
    """
    pool = _Pool.from_url(
        url,
        max_connections=_CONNECTIONS_LIMIT,
        timeout=_WAIT_FOR_CONNECTION_S,
        socket_connect_timeout=_CONNECT_TIMEOUT_S,
        socket_timeout=_REPLY_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis.from_pool(pool)


@contextmanager
def answering() -> Iterator[None]:
    """Driver errors leave as store errors: a Redis that is away, slow, loading, full, or does not let us in, as UnavailableError,
    since no event is to blame and somebody can mend it. A cancellation that the driver loses is heeded.
    """
    try:
        with cancellation_heeded(), closed_as(exceptions.ConnectionError):
            yield
    except (*_AWAY, exceptions.AuthenticationError, exceptions.NoPermissionError) as error:
        raise UnavailableError(f"redis: {error}") from error
    except exceptions.ResponseError as error:
        is_away = _AWAY_CODES.search(str(error)) is not None
        raise (UnavailableError if is_away else StoreError)(f"redis: {error}") from error
    except exceptions.RedisError as error:
        raise StoreError(f"redis: {error}") from error


async def ping(redis: Redis) -> None:
    """Returns when Redis has answered."""
    with answering():
        await redis.ping()


async def replies(pipeline: Pipeline) -> list[Any]:
    """Send what is in the pipeline, with what others send. All of it is carried out, then the first error is raised, without the
    command's arguments.
    """
    with answering():
        found = await carried_out(pipeline)
        for reply in found:
            if isinstance(reply, Exception):
                raise reply
        return found


class Script:
    """A Lua script: the named files of this folder, one after the other.

    It must be harmless to run twice. KEYS[1] is the key given; what it touches besides must be in the same slot.
    """

    def __init__(self, *names: str) -> None:
        self._names = names

    @cached_property
    def _source(self) -> str:
        return "\n".join(files(__package__).joinpath(name).read_text() for name in self._names)

    @cached_property
    def _sha(self) -> str:
        return sha1(self._source.encode(), usedforsecurity=False).hexdigest()

    async def run(self, redis: Redis, key: bytes, *arguments: Any) -> Any:
        """One round trip."""
        return (await self.run_each(redis, [(key, arguments)]))[0]

    async def run_each(self, redis: Redis, calls: Sequence[Call]) -> list[Any]:
        """All calls in one round trip, each for itself: others may come in between. Replies in their order.

        A server that does not know the script, as after a restart, is given it, and all calls are sent again.
        """
        try:
            return await replies(self._sent(redis, calls))
        except StoreError as error:
            if not isinstance(error.__cause__, exceptions.NoScriptError):
                raise
        with answering():
            await redis.script_load(self._source)
        return await replies(self._sent(redis, calls))

    async def run_in_parts(self, redis: Redis, calls: Iterable[Call]) -> None:
        """Any number of calls, some hundred a round trip: to pack more of them would hold up the event loop."""
        left = iter(calls)
        while some := list(islice(left, _IN_PART_COUNT)):
            await self.run_each(redis, some)

    def _sent(self, redis: Redis, calls: Sequence[Call]) -> Pipeline:
        pipeline = redis.pipeline(transaction=False)
        for key, arguments in calls:
            pipeline.evalsha(self._sha, 1, key, *arguments)
        return pipeline
