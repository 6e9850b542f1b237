"""The generations of one projection that a worker feeds, whoever delivers to it: each in a lane of its own, that neither waits for
the others nor fails with them.

What is delivered is applied at once. What nobody delivers, on a quiet partition or to a view that went back in time, is found every
second by comparing positions with the log's end, where nothing was delivered meanwhile, and is read until somebody delivers. Only a
view that is far behind is filled from the log while deliveries pass it by: else each event would be read by two, for one of them.
It knows steps and when to run them, no technology.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog

from projectors.engines.progress import GenerationKey
from projectors.step import FarBehindError, Step
from stores.ports.log import Entry, Partition

_CHECK_S = 1.0
_logger = structlog.get_logger(__name__)

Owned = Callable[[], Collection[Partition]]
"""The partitions that this process writes now."""


class Lane:
    """One generation and the step that feeds it; the step is used by one caller at a time."""

    def __init__(self, generation: GenerationKey, step: Step[Any], owned: Owned) -> None:
        self.generation = generation
        self.step = step
        self.is_filling = True
        self._owned = owned
        self._deliveries_count = 0
        self._using = asyncio.Lock()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until it is cancelled."""
        async with self._using:
            await self.step.open()
        delivered: Collection[Partition] = ()
        while True:
            self._wake.clear()
            while await self._catch_up(delivered):
                delivered = ()
            delivered = await self._delivered_meanwhile()

    async def deliver(self, entries: Sequence[Entry]) -> None:
        """Returns when the entries are durable in the view, or will be found by `run`."""
        if self.is_filling:
            return
        self._deliveries_count += 1
        try:
            async with self._using:
                await self.step.apply(entries)
        except FarBehindError:
            self.is_filling = True
            self._wake.set()
        finally:
            self._deliveries_count -= 1

    def wake(self) -> None:
        self._wake.set()

    async def _delivered_meanwhile(self) -> Collection[Partition]:
        """Which partitions went on until the next look at the log; none when somebody asks for it."""
        stood = dict(self.step.positions)
        with suppress(TimeoutError):
            async with asyncio.timeout(_CHECK_S):
                await self._wake.wait()
                return ()
        return {at for at, offset in self.step.positions.items() if offset != stood.get(at)}

    async def _catch_up(self, delivered: Collection[Partition]) -> bool:
        """Whether to go on at once."""
        async with self._using:
            has_more = await self.step.catch_up(self._owned(), delivered)
            self.is_filling = has_more and self.step.is_far_behind
            return has_more and (self.is_filling or not self._deliveries_count)


class Lanes:
    """`failed` is told of a lane that cannot go on, once; it is fed no more."""

    def __init__(self, failed: Callable[[GenerationKey, BaseException], None]) -> None:
        self._failed = failed
        self._lanes: dict[GenerationKey, tuple[Lane, asyncio.Task[None]]] = {}

    def steps(self) -> Mapping[GenerationKey, Step[Any]]:
        """Of the generations that are fed now. Callable from any thread."""
        return {lane.generation: lane.step for lane, _ in list(self._lanes.values())}

    def feed(self, lane: Lane) -> None:
        task = asyncio.create_task(lane.run(), name=f"{lane.generation[0]} {lane.generation[1]}")
        self._lanes[lane.generation] = lane, task
        task.add_done_callback(lambda ended: self._judge(lane, ended))

    async def leave(self, generation: GenerationKey) -> None:
        if (found := self._lanes.pop(generation, None)) is not None:
            await _ended(found[1])

    async def deliver(self, entries: Sequence[Entry]) -> None:
        """Returns when no lane needs the entries any more."""
        await asyncio.gather(*(self._deliver(lane, entries) for lane, _ in list(self._lanes.values())))

    def wake(self) -> None:
        """Other partitions are owned now."""
        for lane, _ in self._lanes.values():
            lane.wake()

    async def stop(self) -> None:
        """Breaks off whatever is being done: it is done again after the next start."""
        for generation in list(self._lanes):
            await self.leave(generation)

    async def _deliver(self, lane: Lane, entries: Sequence[Entry]) -> None:
        try:
            await lane.deliver(entries)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this lane's end alone
            self._give_up(lane, error)

    def _judge(self, lane: Lane, ended: "asyncio.Task[None]") -> None:
        error = None if ended.cancelled() else ended.exception()
        if error is not None:
            self._give_up(lane, error)

    def _give_up(self, lane: Lane, error: BaseException) -> None:
        found = self._lanes.pop(lane.generation, None)
        if found is None:
            return  # it was said, or the lane was left
        found[1].cancel()
        _logger.error("projection failed", view=lane.generation, exc_info=error)
        self._failed(lane.generation, error)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
