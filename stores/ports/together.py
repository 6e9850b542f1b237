"""How reads that do not depend on each other are asked for: in the way that suits the stores behind them.

Stores in this process answer before anybody could wait; asking them in turn costs nothing more. Of those across a network one waits
for the slowest instead of for the sum.
"""

from collections.abc import Awaitable, Callable
from typing import Any

Together = Callable[..., Awaitable[list[Any]]]
"""Given awaitables, their results in the same order. `asyncio.gather` is one."""


async def in_turn(*reads: Awaitable[Any]) -> list[Any]:
    return [await read for read in reads]
