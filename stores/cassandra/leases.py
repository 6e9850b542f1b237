"""Who is at a piece of work that only one process does at a time. A lease lives for `LEASE_S` by the clocks of Cassandra, so that
the work of a process that died can soon be taken over.

It saves work and is no lock: while Cassandra is away it may run out, and then two processes may be at the same.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID, uuid4

from stores.cassandra.session import Cassandra
from stores.ports.errors import UnavailableError

TABLES = ("CREATE TABLE IF NOT EXISTS leases (work text PRIMARY KEY, holder uuid)",)
LEASE_S = 10
_RENEW_EVERY_S = 3

_TAKE = "INSERT INTO leases (work, holder) VALUES (?, ?) IF NOT EXISTS USING TTL ?"
_RENEW = "UPDATE leases USING TTL ? SET holder = ? WHERE work = ? IF holder = ?"
_HOLDER = "SELECT holder FROM leases WHERE work = ?"
_LEAVE = "DELETE FROM leases WHERE work = ? IF holder = ?"


class LeaseHeldError(Exception):
    """Another process is at this work."""


@asynccontextmanager
async def leased(cassandra: Cassandra, work: str) -> AsyncIterator[None]:
    """Raises LeaseHeldError, or UnavailableError."""
    holder = uuid4()
    if not await cassandra.applied(_TAKE, work, holder, LEASE_S):
        raise LeaseHeldError(work)
    renewing = asyncio.create_task(_renew(cassandra, work, holder))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        with suppress(UnavailableError):  # then it runs out
            await cassandra.applied(_LEAVE, work, holder)


async def is_leased(cassandra: Cassandra, work: str) -> bool:
    """Whether somebody is at it, or has died within the last `LEASE_S`."""
    return bool(await cassandra.rows(_HOLDER, work))


async def _renew(cassandra: Cassandra, work: str, holder: UUID) -> None:
    """A lease that ran out is taken again, unless somebody else has it by now."""
    while True:
        await asyncio.sleep(_RENEW_EVERY_S)
        with suppress(UnavailableError):
            if not await cassandra.applied(_RENEW, LEASE_S, holder, work, holder):
                await cassandra.applied(_TAKE, work, holder, LEASE_S)
