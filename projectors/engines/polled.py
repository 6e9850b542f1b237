"""How far the live views have come, for processes that do not write them: their positions are read while somebody waits.

All who wait for one projection share its readings, which begin at some distance from each other: a store that is busy is not kept
busier by those who wait for it. Which view is live, and where it stands, is asked of `stands`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from stores.ports.log import Positions

_EVERY_S = 0.02

Stands = Callable[[str], Awaitable[Positions]]
"""Where the live view of a projection stands."""


class PolledProgress:
    """`topics` are those that each projection reads: it is only waited for on these. Used in one event loop."""

    def __init__(self, topics: Mapping[str, Collection[str]], stands: Stands) -> None:
        self._topics = topics
        self._stands = stands
        self._reading: dict[str, asyncio.Future[Positions]] = {}
        self._due_s: dict[str, float] = {}

    async def reached(self, projections: Collection[str], positions: Positions, within_ms: int) -> bool:
        """Looks at least once, however little time there is. Raises UnavailableError when a view is out of reach."""
        until = asyncio.get_running_loop().time() + within_ms / 1000
        goals = {name: goal for name in projections if (goal := self._goal(name, positions))}
        return all(await asyncio.gather(*(self._reach(name, goal, until) for name, goal in goals.items())))

    def _goal(self, projection: str, positions: Positions) -> Positions:
        topics = self._topics[projection]
        return {at: offset for at, offset in positions.items() if at[0] in topics and offset >= 0}

    async def _reach(self, projection: str, goal: Positions, until: float) -> bool:
        while not _passed(await self._look(projection), goal):
            if asyncio.get_running_loop().time() >= until:
                return False
        return True

    async def _look(self, projection: str) -> Positions:
        reading = self._reading.get(projection)
        if reading is None or reading.done():
            reading = asyncio.ensure_future(self._read(projection))
            self._reading[projection] = reading
        return await asyncio.shield(reading)

    async def _read(self, projection: str) -> Positions:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._due_s.get(projection, 0) - loop.time())
        self._due_s[projection] = loop.time() + _EVERY_S
        return await self._stands(projection)


def _passed(stands: Positions, goal: Positions) -> bool:
    return all(stands.get(at, -1) >= offset for at, offset in goal.items())
