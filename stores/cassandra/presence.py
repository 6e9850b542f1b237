"""Which processes are there, and the shard number that each holds for its ids. One lease is both: while its row lives, the number
is this process's alone, and what the process has begun is running; afterwards it is not.

The row lives for `LEASE_S` by the clocks of Cassandra. A process that cannot renew it in time, as while Cassandra is away, goes on
with its number until it can ask again, and then takes another: numbers are given in turn, so one comes back only after all others
were given, even when a clock was set back between two starts. What a process does with its presence is not known here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

from events.ids import SHARD_COUNT
from stores.cassandra.session import Cassandra
from stores.ports.errors import UnavailableError

TABLES = (
    "CREATE TABLE IF NOT EXISTS shards (shard int PRIMARY KEY, process uuid)",
    "CREATE TABLE IF NOT EXISTS last_shard (one int PRIMARY KEY, shard int)",
)
LEASE_S = 60
_RENEW_EVERY_S = 10
_NUMBERS_TRIED = 100

_LAST = "SELECT shard FROM last_shard WHERE one = 1"
_COUNT_UP = "UPDATE last_shard SET shard = ? WHERE one = 1 IF shard = ?"
_ENTER = f"INSERT INTO shards (shard, process) VALUES (?, ?) IF NOT EXISTS USING TTL {LEASE_S}"
_RENEW = f"UPDATE shards USING TTL {LEASE_S} SET process = ? WHERE shard = ? IF process = ?"
_LEAVE = "DELETE FROM shards WHERE shard = ? IF process = ?"
_HOLDER = "SELECT process FROM shards WHERE shard = ?"


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, told apart from all that had or will have its number."""

    shard: int
    process: UUID


class Presence:
    """Made by `enter`. Somebody has to run `hold` for as long as the process lives. Used in one event loop."""

    def __init__(self, cassandra: Cassandra, holder: Holder) -> None:
        self.holder = holder
        self._cassandra = cassandra
        self._chores: list[Callable[[], Awaitable[None]]] = []
        self._followers: list[Callable[[int], None]] = []

    @classmethod
    async def enter(cls, cassandra: Cassandra) -> "Presence":
        """Take the next number that nobody holds. Raises UnavailableError, also when there are too many others at it."""
        return cls(cassandra, await _entered(cassandra, uuid4()))

    @property
    def shard(self) -> int:
        return self.holder.shard

    def after_renewal(self, chore: Callable[[], Awaitable[None]]) -> None:
        """`chore` is called after every renewal by `hold`, and may raise UnavailableError."""
        self._chores.append(chore)

    def on_move(self, follower: Callable[[int], None]) -> None:
        """`follower` is told the number that is held from now on, whenever it is another."""
        self._followers.append(follower)

    async def is_there(self, holder: Holder) -> bool:
        """Whether that process has not left, and its lease not run out."""
        rows = await self._cassandra.rows(_HOLDER, holder.shard)
        return bool(rows) and rows[0][0] == holder.process

    async def renew(self) -> None:
        """Hold the number for as long again, or another if it is not held any more. Raises UnavailableError."""
        process, shard = self.holder.process, self.holder.shard
        if not await self._cassandra.applied(_RENEW, process, shard, process):
            self.holder = await _entered(self._cassandra, process)
            for follower in self._followers:
                follower(self.shard)

    async def hold(self) -> None:
        """Renew for as long as this runs, however often Cassandra is away."""
        while True:
            await asyncio.sleep(_RENEW_EVERY_S)
            with suppress(UnavailableError):
                await self.renew()
                for chore in self._chores:
                    await chore()

    async def leave(self) -> None:
        """Nobody has to wait for the lease to run out. A Cassandra that is away leaves it to that."""
        with suppress(UnavailableError):
            await self._cassandra.applied(_LEAVE, self.holder.shard, self.holder.process)


async def _entered(cassandra: Cassandra, process: UUID) -> Holder:
    for _ in range(_NUMBERS_TRIED):
        shard = await _counted_up(cassandra)
        if shard is not None and await cassandra.applied(_ENTER, shard, process):
            return Holder(shard, process)
    raise UnavailableError("Cassandra: found no shard number that is free")


async def _counted_up(cassandra: Cassandra) -> int | None:
    """The next number in turn, None when somebody else was given it."""
    rows = await cassandra.rows(_LAST)
    last = rows[0][0] if rows else None
    shard = 0 if last is None else (last + 1) % SHARD_COUNT
    return shard if await cassandra.applied(_COUNT_UP, shard, last) else None
