"""Whoever waits for Redis ends when told to, whatever the library makes of that."""

import asyncio
from contextlib import suppress

import pytest

from stores.redis.client import answering


async def test_a_cancellation_that_is_lost_on_the_way_is_heeded() -> None:
    async def ask() -> None:
        with answering(), suppress(asyncio.CancelledError):  # as when a command was sent at the same time
            await asyncio.get_running_loop().create_future()

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
