"""Repairing what is live part by part, where its store keeps it in parts: an empty part is filled again from the log by those who
feed it, and readers are answered otherwise meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from projectors.catalogue import BY_NAME
from replay.certificate import Certificate
from runtime.beside import Beside
from runtime.notices import Tell, in_words
from runtime.operating import Operator
from runtime.reaching import until_reached
from stores.ports.registry import Generation
from stores.ports.view import InParts

PARKED = "a repair would meet the parked events again; see `photolog parked list`, mend the cause and have them tried again"
"""Why nothing is built anew."""
_POLL_S = 0.2

Compare = Callable[[], Awaitable[Certificate]]
"""What the repair is for, held against the log."""


class Repairs:
    """Of the live generation of one projection, whose view this is."""

    def __init__(
        self, system: Beside, live: Generation, view: InParts, operator: Operator, tell: Tell = in_words
    ) -> None:
        self._system, self._live, self._view, self._operator = system, live, view, operator
        self._tell = tell

    async def until_equal(self, compare: Compare, first_id: int | None) -> Certificate:
        """Empty one part after the other until nothing is wrong any more; the part where what has `first_id` lives goes first.

        Begins with what an earlier repair has left half done. Empties nothing while events are parked. May be broken off, and
        called again.
        """
        for part in await self._view.half_emptied():
            await self._refilled(part)
        certificate = await compare()
        for part in self._order(first_id):
            if certificate.parked_count:
                self._tell(f"{self._live.projection}: {PARKED}")
                break
            if not certificate.is_wrong:
                break
            await self._refilled(part)
            certificate = await compare()
        return certificate

    def _order(self, first_id: int | None) -> Iterable[int]:
        parts = range(self._view.parts_count)
        if first_id is None:
            return parts
        first = self._view.part_of(first_id)
        return sorted(parts, key=lambda part: part != first)

    async def _refilled(self, part: int) -> None:
        projection, number = self._live.projection, self._live.number
        await self._operator.repair(self._live, self._view, part)
        self._tell(f"{projection}: part {part} of generation {number} is empty and is filled again")
        goal = await self._system.log.ends(BY_NAME[projection].topics)
        await until_reached(self._system, self._live, goal, self._tell)
        is_filled = await self._view.is_filled()
        while not is_filled:  # which its projector says once it has seen the end
            await asyncio.sleep(_POLL_S)
            is_filled = await self._view.is_filled()
