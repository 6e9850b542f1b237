"""The embedded engine: every generation's step in one thread beside the server, pulling from the log when something was appended.

It pulls from the view's position as a distributed worker does; nothing is projected inside the request that appended it. It knows
steps and when to run them, no technology.
"""

import asyncio
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from projectors.engines.progress import EmbeddedProgress, GenerationKey
from projectors.step import Step

_CHECK_S = 1.0
"""Positions are compared with the log's end this often even when nobody reports an append."""
_GRACE_S = 5.0
"""How long a step may go on at the end. One that waits for a store which is away is broken off: nothing is half done then."""
_logger = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Lane:
    """One generation of one projection and the step that feeds it."""

    generation: GenerationKey
    step: Step[Any]
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class EmbeddedEngine:
    """Lanes advance separately. `failed` is told of a lane that cannot go on, once, in the engine's thread; the others go on."""

    def __init__(
        self, progress: EmbeddedProgress, failed: Callable[[GenerationKey, BaseException], None]
    ) -> None:
        self._progress = progress
        self._failed = failed
        self._lanes: dict[GenerationKey, tuple[Lane, asyncio.Task[None]]] = {}
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._main()), name="projectors", daemon=True
        )

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Every step ends the batch it is in; what it has not read waits on the log."""
        self._call(self._stopping.set)
        self._thread.join()

    def steps(self) -> Mapping[GenerationKey, Step[Any]]:
        """Of the generations that are fed now. Callable from any thread."""
        return {lane.generation: lane.step for lane, _ in list(self._lanes.values())}

    def feed(self, lanes: Sequence[Lane]) -> None:
        """Begin to feed these generations. Callable from any thread."""
        self._call(lambda: self._feed(lanes))

    def leave(self, generation: GenerationKey) -> None:
        """Feed this generation no more; its batch is ended first."""
        self._call(lambda: self._leave(generation))

    def wake(self, topics: Collection[str]) -> None:
        """Something was appended to these topics. Callable from any thread."""
        self._call(lambda: self._wake(topics))

    def _call(self, function: Callable[[], None]) -> None:
        if self._loop is None:
            raise RuntimeError("the engine was not started")
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function)

    def _feed(self, lanes: Sequence[Lane]) -> None:
        for lane in lanes:
            self._lanes[lane.generation] = lane, asyncio.create_task(self._run(lane))

    def _leave(self, generation: GenerationKey) -> None:
        if (found := self._lanes.pop(generation, None)) is not None:
            found[0].wake.set()

    def _wake(self, topics: Collection[str]) -> None:
        for lane, _ in self._lanes.values():
            if not set(topics).isdisjoint(lane.step.projection.topics):
                lane.wake.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._stopping.wait()
        for lane, _ in self._lanes.values():
            lane.wake.set()
        if tasks := [task for _, task in self._lanes.values()]:
            _, waiting = await asyncio.wait(tasks, timeout=_GRACE_S)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, lane: Lane) -> None:
        try:
            await lane.step.open()
            self._progress.publish(lane.generation, lane.step.positions)
            await self._pull(lane)
        except Exception as error:
            _logger.exception(
                "projection failed", projection=lane.generation[0], generation=lane.generation[1]
            )
            self._lanes.pop(lane.generation, None)
            self._failed(lane.generation, error)

    async def _pull(self, lane: Lane) -> None:
        while lane.generation in self._lanes and not self._stopping.is_set():
            lane.wake.clear()
            while await lane.step.catch_up() and not self._stopping.is_set():
                self._progress.publish(lane.generation, lane.step.positions)
                await asyncio.sleep(0)  # the other lanes' turn
            try:
                async with asyncio.timeout(_CHECK_S):
                    await lane.wake.wait()
            except TimeoutError:
                continue
