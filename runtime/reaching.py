"""Waiting until a generation that others feed stands somewhere, and saying so when nobody does."""

import asyncio

from runtime.beside import Beside
from runtime.errors import CommandError
from runtime.folder import FolderInUseError
from runtime.notices import Tell, in_words
from stores.ports.log import Positions
from stores.ports.registry import Generation

_POLL_S = 0.2
_STILL_COUNT = 50
"""After so many polls without an event applied it is said who is waited for."""


async def until_reached(
    system: Beside, generation: Generation, goal: Positions, tell: Tell = in_words
) -> None:
    """A server or worker feeds it; while there is no server, this does. Raises CommandError when it is fed no more."""
    stood, still_count = await system.positions(generation), 0
    while not _reached(stood, goal):
        if not await system.is_fed(generation):
            raise CommandError(f"{generation.projection} {generation.number} broke; see the server's log")
        try:
            with system.unfed():
                await system.build(generation, lambda reached: None)
        except FolderInUseError:
            await asyncio.sleep(_POLL_S)
        stands = await system.positions(generation)
        stood, still_count = stands, still_count + 1 if stands == stood else 0
        if still_count == _STILL_COUNT:
            tell(_waits(generation))


def _reached(stands: Positions, goal: Positions) -> bool:
    return all(stands.get(at, -1) >= offset for at, offset in goal.items())


def _waits(generation: Generation) -> str:
    name = generation.projection
    return (
        f"{name} {generation.number} is built and waits to be fed with what was written since, but nothing comes: "
        f"does `photolog worker {name}`, or the embedded server, still run?"
    )
