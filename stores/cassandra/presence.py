"""Which processes are there, and the shard number that each holds for its ids. One lease is both: while its row lives, the number
is this process's alone, and what the process has begun is running; afterwards it is not.

The row lives for `LEASE_S` by the clocks of Cassandra, and the process trusts it for `TRUSTED_S` by its own, counted from before it
asked: clocks may differ by what is between. Numbers are given in turn, so that one comes back only after all others, even
when a clock was set back between two starts. What a process does with its presence is not known here.
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
TRUSTED_S = 45
_RENEW_EVERY_S = 10
_NUMBERS_TRIED = 100

_LAST = "SELECT shard FROM last_shard WHERE one = 1"
_COUNT_UP = "UPDATE last_shard SET shard = ? WHERE one = 1 IF shard = ?"
_ENTER = f"INSERT INTO shards (shard, process) VALUES (?, ?) IF NOT EXISTS USING TTL {LEASE_S}"
_RENEW = f"UPDATE shards USING TTL {LEASE_S} SET process = ? WHERE shard = ? IF process = ?"
_LEAVE = "DELETE FROM shards WHERE shard = ? IF process = ?"
_HOLDER = "SELECT process FROM shards WHERE shard = ?"


class PresenceLostError(Exception):
    """The lease ran out or could not be renewed in time: the process has to stop, since another may get its shard number."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, told apart from all that had or will have its number."""

    shard: int
    process: UUID


class Presence:
    """Made by `enter`. Somebody has to run `hold` for as long as the process lives. Used in one event loop."""

    def __init__(self, cassandra: Cassandra, holder: Holder, asked_at_s: float) -> None:
        self.holder = holder
        self._cassandra = cassandra
        self._trusted_until_s = asked_at_s + TRUSTED_S
        self._chores: list[Callable[[], Awaitable[None]]] = []

    @classmethod
    async def enter(cls, cassandra: Cassandra) -> "Presence":
        """Take the next number that nobody holds. Raises UnavailableError, also when there are too many others at it."""
        process = uuid4()
        for _ in range(_NUMBERS_TRIED):
            shard = await _counted_up(cassandra)
            asked_at_s = asyncio.get_running_loop().time()
            if shard is not None and await cassandra.applied(_ENTER, shard, process):
                return cls(cassandra, Holder(shard, process), asked_at_s)
        raise UnavailableError("Cassandra: found no shard number that is free")

    @property
    def shard(self) -> int:
        return self.holder.shard

    def after_renewal(self, chore: Callable[[], Awaitable[None]]) -> None:
        """`chore` is called after every renewal by `hold`, and may raise UnavailableError."""
        self._chores.append(chore)

    async def is_there(self, holder: Holder) -> bool:
        """Whether that process has not left, and its lease not run out."""
        rows = await self._cassandra.rows(_HOLDER, holder.shard)
        return bool(rows) and rows[0][0] == holder.process

    async def renew(self) -> None:
        """Raises PresenceLostError, or UnavailableError: then it may be tried again for as long as the lease is trusted."""
        asked_at_s = asyncio.get_running_loop().time()
        process, shard = self.holder.process, self.holder.shard
        if not await self._cassandra.applied(_RENEW, process, shard, process):
            raise PresenceLostError(f"shard {shard} is not held any more")
        self._trusted_until_s = asked_at_s + TRUSTED_S

    async def hold(self) -> None:
        """Renew for as long as this runs. Raises PresenceLostError."""
        while True:
            try:
                async with asyncio.timeout_at(self._trusted_until_s):
                    await self._renew_soon()
            except TimeoutError as error:
                raise PresenceLostError(f"shard {self.shard} could not be renewed in time") from error
            for chore in self._chores:
                with suppress(UnavailableError):
                    await chore()

    async def leave(self) -> None:
        """Nobody has to wait for the lease to run out. A Cassandra that is away leaves it to that."""
        with suppress(UnavailableError):
            await self._cassandra.applied(_LEAVE, self.holder.shard, self.holder.process)

    async def _renew_soon(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_EVERY_S)
            with suppress(UnavailableError):
                return await self.renew()


async def _counted_up(cassandra: Cassandra) -> int | None:
    """The next number in turn, None when somebody else was given it."""
    rows = await cassandra.rows(_LAST)
    last = rows[0][0] if rows else None
    shard = 0 if last is None else (last + 1) % SHARD_COUNT
    return shard if await cassandra.applied(_COUNT_UP, shard, last) else None
