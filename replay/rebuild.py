"""Building a new generation of a projection from the log, beside the one that serves.

It only reads the log and writes the new view. Who serves it afterwards is decided in the registry, by one write.
"""

from collections.abc import Callable
from typing import TypeVar

from projectors.step import Step
from stores.ports.crash import Crash, survive
from stores.ports.log import LogReader
from stores.ports.registry import Generation, Registry

C = TypeVar("C")

Report = Callable[[int, int], None]
"""Told (events behind the view, events on the log) after each batch, both up to the end that the build aims at."""


async def build(step: Step[C], log: LogReader, report: Report) -> None:
    """Fold the log into the step's view, from where the view stands to the log's present end.

    Can be broken off anywhere and called again: it goes on from the view's position.
    """
    await step.open()
    ends = await log.ends(step.projection.topics)
    total_count = sum(end + 1 for end in ends.values())
    while any(step.positions.get(partition, -1) < end for partition, end in ends.items()):
        await step.catch_up()
        report(sum(offset + 1 for offset in step.positions.values()), total_count)


async def switch(registry: Registry, live: Generation, fresh: Generation, crash: Crash = survive) -> bool:
    """Make `fresh` the live one; `live` goes on being fed, so that switching back is as quick. False: somebody else was first."""
    crash("rebuild.before_switch")
    switched = await registry.switch(live.projection, live.number, fresh.number)
    crash("rebuild.after_switch")
    return switched
