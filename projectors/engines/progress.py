"""How far the embedded engine's live views have come; requests wait here, in the server's thread, without polling."""

import asyncio
import threading
from collections.abc import Collection, Mapping

from stores.ports.log import Partition, Positions

GenerationKey = tuple[str, int]
"""(projection, number of the generation)"""


class _Waiter:
    def __init__(self, projections: Collection[str], positions: Positions) -> None:
        self.projections = projections
        self.positions = positions
        self.loop = asyncio.get_running_loop()
        self.done = asyncio.Event()


class EmbeddedProgress:
    """`topics` are those that each projection reads: it is only waited for on these."""

    def __init__(self, topics: Mapping[str, Collection[str]]) -> None:
        self._topics = topics
        self._live: dict[str, int] = {}
        self._positions: dict[GenerationKey, Positions] = {}
        self._waiters: set[_Waiter] = set()
        self._lock = threading.Lock()

    def go_live(self, numbers: Mapping[str, int]) -> None:
        """From now on requests wait for these generations, by projection."""
        with self._lock:
            self._live.update(numbers)
        self._release()

    def publish(self, generation: GenerationKey, positions: Positions) -> None:
        """The generation stands here, and readers see it. Callable from any thread."""
        with self._lock:
            self._positions[generation] = dict(positions)
        self._release()

    def positions(self, generation: GenerationKey) -> Positions:
        with self._lock:
            return self._positions.get(generation, {})

    async def reached(self, projections: Collection[str], positions: Positions, within_ms: int) -> bool:
        waiter = _Waiter(projections, positions)
        with self._lock:
            if self._passed(waiter):
                return True
            self._waiters.add(waiter)
        try:
            async with asyncio.timeout(within_ms / 1000):
                await waiter.done.wait()
        except TimeoutError:
            return False
        finally:
            with self._lock:
                self._waiters.discard(waiter)
        return True

    def _release(self) -> None:
        with self._lock:
            ready = [waiter for waiter in self._waiters if self._passed(waiter)]
            self._waiters.difference_update(ready)
        for waiter in ready:
            waiter.loop.call_soon_threadsafe(waiter.done.set)

    def _passed(self, waiter: _Waiter) -> bool:
        return all(self._stands(name, at) for name in waiter.projections for at in waiter.positions.items())

    def _stands(self, projection: str, at: tuple[Partition, int]) -> bool:
        (topic, number), offset = at
        if topic not in self._topics[projection]:
            return True
        stands = self._positions.get((projection, self._live.get(projection, 0)), {})
        return stands.get((topic, number), -1) >= offset
