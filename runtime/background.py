"""What goes on beside requests: reactors, and upkeep at intervals. Every job is repeatable and may be cancelled at any time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from producers.reactors.reactor import Runner
from stores.ports.errors import StoreError

_logger = structlog.get_logger(__name__)


Upkeep = tuple[Callable[[], Awaitable[None]], float]
"""A job and the seconds between two runs of it."""


class Failure:
    """Of a part without which a system cannot serve. Used in one event loop."""

    def __init__(self) -> None:
        self.is_there = False
        self._followers: list[Callable[[], None]] = []

    def follow(self, follower: Callable[[], None]) -> None:
        """`follower` is called when there is a failure, at once if there is one."""
        self._followers.append(follower)
        if self.is_there:
            follower()

    def tell(self, _: BaseException) -> None:
        """Whoever noticed it has logged it."""
        self.is_there = True
        for follower in self._followers:
            follower()


class Background:
    """`failed` is called with the exception of each job that breaks."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, runners: Sequence[Runner], upkeep: Sequence[Upkeep]) -> None:
        for runner in runners:
            self._begin(runner.run(), runner.reactor.name)
        for job, every_s in upkeep:
            self._begin(_repeat(job, every_s), job.__name__)

    def once(self, job: Awaitable[None]) -> None:
        self._begin(job, "once")

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.remove_done_callback(self._ended)
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, job: Awaitable[None], name: str) -> None:
        task = asyncio.ensure_future(job)
        task.set_name(name)
        task.add_done_callback(self._ended)
        self._tasks.add(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            _logger.error("background job failed", job=task.get_name(), exc_info=error)
            self._failed(error)


async def _repeat(job: Callable[[], Awaitable[None]], every_s: float) -> None:
    while True:
        try:
            await job()
        except StoreError as error:
            _logger.warning("upkeep will be tried again", job=job.__name__, error=str(error))
        await asyncio.sleep(every_s)
