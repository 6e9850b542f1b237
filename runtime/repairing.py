"""Repairing what is live part by part, where its store keeps it in parts: an empty part is filled again from the log by those who
feed it, and readers are answered otherwise meanwhile.

What keeps no parts is not repaired but built anew: a row that is wrong bears a stamp that no repair could tell from a right one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import click

from projectors.catalogue import BY_NAME
from replay.certificate import Certificate
from runtime.beside import Beside
from runtime.operating import Operator
from stores.ports.registry import Generation
from stores.ports.view import InParts

_POLL_S = 0.2
_STILL_COUNT = 50
"""After so many polls without an event applied it is said who is waited for."""

Compare = Callable[[], Awaitable[Certificate]]
"""What the repair is for, held against the log."""
Tell = Callable[[str], None]


class Repairs:
    """Of the live generation of one projection. Raises ClickException where that is not in parts."""

    def __init__(self, system: Beside, live: Generation, operator: Operator, tell: Tell) -> None:
        view = system.fresh_view(live)
        if not isinstance(view, InParts):
            raise click.ClickException(
                f"{live.projection} is not kept in parts that could be repaired; "
                f"`photolog replay {live.projection}` builds it anew while it serves"
            )
        self._view: InParts = view
        self._system, self._live, self._operator, self._tell = system, live, operator, tell

    async def until_equal(self, compare: Compare, first_id: int | None) -> Certificate:
        """Empty one part after the other until nothing differs any more; the part where what has `first_id` lives goes first.

        Begins with what an earlier repair has left half done. May be broken off, and called again.
        """
        for part in await self._view.half_emptied():
            await self._refilled(part)
        certificate = await compare()
        for part in self._order(first_id):
            if certificate.equal:
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
        stood, still_count = await self._system.positions(self._live), 0
        while not await self._is_filled(goal):
            await asyncio.sleep(_POLL_S)
            stands = await self._system.positions(self._live)
            stood, still_count = stands, still_count + 1 if stands == stood else 0
            if still_count == _STILL_COUNT:
                self._tell(f"nobody fills it: does `photolog worker {projection}` still run?")

    async def _is_filled(self, goal: dict[tuple[str, int], int]) -> bool:
        stands = await self._system.positions(self._live)
        is_there = all(stands.get(at, -1) >= offset for at, offset in goal.items())
        view = self._system.fresh_view(self._live)
        return is_there and isinstance(view, InParts) and await view.believed()
