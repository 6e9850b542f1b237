"""Building a new generation of a projection from the log, beside the one that serves.

It only reads the log and writes the new view. Who serves it afterwards is decided in the registry, by one write.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from events.codec import Record
from projectors.step import ALONE_BATCH_COUNT, Step
from stores.ports.crash import Crash, survive
from stores.ports.log import LogReader, Positions
from stores.ports.registry import Generation, Registry

C = TypeVar("C")
_BATCHES_PER_S = 5
"""A build that is held back writes in batches so small that none of them is felt by who reads beside it."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a build is, in events: applied of those that it aims at, and what of the log as it is now is not applied."""

    applied_count: int
    goal_count: int
    behind_count: int


Report = Callable[[Reached], None]
"""Told at the beginning and after each batch."""


class Throttle:
    """Holds a build back to `events_per_s`. What was not used while a store was away is not caught up on."""

    def __init__(
        self,
        events_per_s: float,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.batch_count = max(1, min(ALONE_BATCH_COUNT, int(events_per_s / _BATCHES_PER_S)))
        self._event_s, self._clock, self._sleep = 1 / events_per_s, clock, sleep
        self._free_at_s = clock()

    async def applied(self, events_count: int) -> None:
        """Returns when the next batch may be begun."""
        self._free_at_s = max(self._free_at_s + events_count * self._event_s, self._clock())
        await self._sleep(self._free_at_s - self._clock())


async def build(step: Step[C], log: LogReader, report: Report, throttle: Throttle | None = None) -> None:
    """Fold the log into the step's view, from where the view stands to the log's present end.

    Can be broken off anywhere and called again: it goes on from the view's position.
    """
    await step.open()
    goal = await log.ends(step.projection.topics)
    report(_reached(step.positions, goal, goal))
    while any(step.positions.get(partition, -1) < end for partition, end in goal.items()):
        counted = step.tally.events_count
        await step.catch_up()
        report(_reached(step.positions, goal, step.ends))
        if throttle is not None:
            await throttle.applied(step.tally.events_count - counted)
    await step.view.filled()


def _reached(stands: Positions, goal: Positions, ends: Positions) -> Reached:
    applied_count = sum(min(stands.get(partition, -1), end) + 1 for partition, end in goal.items())
    behind_count = sum(max(0, end - stands.get(partition, -1)) for partition, end in ends.items())
    return Reached(applied_count, sum(end + 1 for end in goal.values()), behind_count)


async def switch(
    registry: Registry, live: Generation, fresh: Generation, note: Record, crash: Crash = survive
) -> bool:
    """Make `fresh` the live one; `live` goes on being fed, so that switching back is as quick. `note` is the record of it.

    False: somebody else was first.
    """
    crash("rebuild.before_switch")
    switched = await registry.switch(live.projection, live.number, fresh.number, note)
    crash("rebuild.after_switch")
    return switched
