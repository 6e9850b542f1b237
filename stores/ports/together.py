"""How what does not depend on each other is done: in the way that suits the stores behind it.

Stores in this process answer before anybody could wait; asking them in turn costs nothing more. Of those across a network one waits
for the slowest instead of for the sum.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

Check = Callable[[], Awaitable[None]]
Work = Callable[[], Awaitable[Any]]


class Together(Protocol):
    async def __call__(self, *reads: Awaitable[Any]) -> list[Any]:
        """Their results, in their order."""

    async def guarded(self, check: Check, work: Work) -> Any:
        """The result of work that changes nothing, if the check does not raise; what that raises goes first."""


class _InTurn:
    async def __call__(self, *reads: Awaitable[Any]) -> list[Any]:
        return [await read for read in reads]

    async def guarded(self, check: Check, work: Work) -> Any:
        await check()
        return await work()


class _AtOnce:
    async def __call__(self, *reads: Awaitable[Any]) -> list[Any]:
        return await asyncio.gather(*reads)

    async def guarded(self, check: Check, work: Work) -> Any:
        """The work is broken off when the check raises, so that it costs little more than the check."""
        working = asyncio.ensure_future(work())
        try:
            await check()
        except BaseException:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            raise
        return await working


in_turn: Together = _InTurn()
at_once: Together = _AtOnce()
