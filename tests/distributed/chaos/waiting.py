"""Waiting for what happens by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from stores.ports.errors import UnavailableError

T = TypeVar("T")
_EVERY_S = 0.1


async def lasting(seconds: float) -> None:
    """How long a fault, or a client's thought, lasts. Nothing is hoped to have happened meanwhile: what has to is waited for."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    timer = loop.call_later(seconds, over.set_result, None)
    try:
        await over
    finally:
        timer.cancel()


async def eventually(what: Callable[[], str], within_s: float, look: Callable[[], Awaitable[T | None]]) -> T:
    """The first true thing that is seen; a store that is away shows nothing. Raises AssertionError when it takes longer."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    while loop.time() < until:
        try:
            if found := await look():
                return found
        except UnavailableError:
            pass
        await lasting(_EVERY_S)
    raise AssertionError(f"{what()}: not within {within_s} s")
