"""The embedded engine: every step in one thread beside the server, pulling from the log when something was appended.

It pulls with the view's position as a distributed worker does; nothing is projected inside the request that appended it. It knows
steps and their order of business, no technology.
"""

import asyncio
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from projectors.engines.progress import EmbeddedProgress
from projectors.step import Step

_CHECK_S = 1.0
"""Positions are compared with the log's end this often even when nobody reports an append."""


class EmbeddedEngine:
    """`start` returns when every view was found on the log; a step that fails later calls `failed` once, and all of them stop."""

    def __init__(
        self, steps: Sequence[Step[Any]], progress: EmbeddedProgress, failed: Callable[[BaseException], None]
    ) -> None:
        self._steps = steps
        self._progress = progress
        self._failed = failed
        self._wakes: Mapping[str, list[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._started: threading.Event = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="projectors", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Every step ends the batch it is in; what it has not read waits on the log."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def wake(self, topics: Collection[str]) -> None:
        """Something was appended to these topics. Callable from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake, topics)

    def _wake(self, topics: Collection[str]) -> None:
        for topic in topics:
            for event in self._wakes.get(topic, ()):
                event.set()

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 - a thread has nobody to raise to; `failed` ends the process
            self._error = error
            if self._started.is_set():
                self._failed(error)
            self._started.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        wakes: dict[str, list[asyncio.Event]] = {}
        async with asyncio.TaskGroup() as group:
            for step in self._steps:
                await step.open()
                self._progress.publish(step.projection.name, step.positions)
            for step in self._steps:
                event = asyncio.Event()
                for topic in step.projection.topics:
                    wakes.setdefault(topic, []).append(event)
                group.create_task(self._pull(step, event))
            self._wakes = wakes
            self._started.set()
            await self._stopping.wait()
            for event in {event for events in wakes.values() for event in events}:
                event.set()

    async def _pull(self, step: Step[Any], wake: asyncio.Event) -> None:
        while not self._stopping.is_set():
            wake.clear()
            while await step.catch_up() and not self._stopping.is_set():
                self._progress.publish(step.projection.name, step.positions)
                await asyncio.sleep(0)
            try:
                async with asyncio.timeout(_CHECK_S):
                    await wake.wait()
            except TimeoutError:
                continue
