"""A world: a log in a file and one view of one projection, driven as the engines drive them, and worse.

The process dies by an exception that nothing catches, raised at a named crash point; whatever was not committed is gone, and
everything is opened again. Where the view is kept is up to whoever makes the world.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from events import codec
from events.envelope import Envelope
from projectors.projection import Projection
from projectors.step import Step
from stores.ports.crash import Crash, CrashPoint
from stores.ports.errors import UnavailableError
from stores.ports.log import Entry, Partition
from stores.ports.view import View
from stores.sqlite import keys as sqlite_keys
from stores.sqlite.database import MEMORY, Database
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import SqliteLog
from stores.sqlite.view import SqliteView

VIEW_CRASH_POINTS: tuple[CrashPoint, ...] = (
    "step.before_apply",
    "view.before_position",
    "view.before_commit",
    "view.after_commit",
)

OpenView = Callable[[Path, Crash], View[Any]]
"""The path stands for the view where it is not a file: the same path, the same view."""


class DiedError(BaseException):
    """The process died. Not an `Exception`, so that nothing but the test can survive it."""


@dataclass
class Fuse:
    """Ends the process at a crash point, the `countdown`-th time it is passed; nothing happens while it is not armed."""

    point: CrashPoint | None = None
    countdown: int = 0
    burnt: list[CrashPoint] = field(default_factory=list)

    def arm(self, point: CrashPoint, countdown: int) -> None:
        self.point, self.countdown = point, countdown

    def __call__(self, point: CrashPoint) -> None:
        if point != self.point:
            return
        if self.countdown > 0:
            self.countdown -= 1
            return
        self.point = None
        self.burnt.append(point)
        raise DiedError(point)


async def _no_wait(_seconds: float) -> None:
    """A store that is away is asked again at once."""


async def _look_away() -> None:
    """Nobody reads."""


class World:
    """`look` is how somebody reads the view between two writes, who may remember what they saw."""

    def __init__(
        self, folder: Path, projection: Projection[Any], open_view: OpenView, partition_count: int = 2
    ) -> None:
        self._folder, self._projection, self._open_view = folder, projection, open_view
        self._partition_count = partition_count
        self._state = Database(MEMORY, sqlite_keys.SCHEMA, "NORMAL")
        self.keys = SqliteKeys(self._state)
        self.fuse = Fuse()
        self.look: Callable[[], Awaitable[object]] = _look_away
        self._rebuilt: list[View[Any]] = []
        self.log = self._open_log()
        self.view = self._open()
        self.step = self._new_step()

    async def open(self) -> None:
        """Start the process again with what was written."""
        _close(self.view)
        self.view = self._open()
        self.step = self._new_step()
        await self.step.open()

    async def open_log(self) -> None:
        self.log.close()
        self.log = self._open_log()
        await self.open()

    async def append(self, events: Sequence[Envelope]) -> None:
        if events:
            await self.log.append([await self.record(event) for event in events])

    async def record(self, event: Envelope) -> codec.Record:
        if not event.personal:
            return codec.encode(event, None)
        await self.keys.create(event.subject_id)
        key = (await self.keys.get([event.subject_id]))[event.subject_id]
        assert isinstance(key, bytes)
        return codec.encode(event, key)

    async def entries(self, partition: Partition, first: int = 0, limit: int = 10_000) -> list[Entry]:
        return await self.log.read(partition, first, limit)

    async def partitions(self) -> list[Partition]:
        return list(await self.log.ends(self._projection.topics))

    async def drain(self) -> None:
        """As a healthy process: everything on the log reaches the view."""
        while await self.step.catch_up():
            pass

    async def replay(self) -> View[Any]:
        """A new generation, built from the log alone."""
        view = self._open_view(self._folder / f"rebuilt_{len(self._rebuilt)}.db", Fuse())
        self._rebuilt.append(view)
        step = Step(self._projection, view, self.log, self.keys)
        while await step.catch_up():
            pass
        return view

    def arm(self, a: int, b: int) -> None:
        """The process is to die soon; the numbers say where."""
        self.fuse.arm(VIEW_CRASH_POINTS[a % len(VIEW_CRASH_POINTS)], b % 2)

    def disarm(self) -> None:
        self.fuse.point = None

    async def catch_up_while_away(self, a: int, b: int) -> None:
        """The store is away for some writes, and then is not."""
        apply = self.view.apply
        left = 1 + a % 3

        async def away(events: Sequence[Any]) -> None:
            nonlocal left
            if left:
                left -= 1
                raise UnavailableError("away")
            await apply(events)

        self.step.view.apply = away  # type: ignore[method-assign]
        try:
            await self.step.catch_up()
        finally:
            self.step.view.apply = apply  # type: ignore[method-assign]

    def close(self) -> None:
        for view in (self.view, *self._rebuilt):
            _close(view)
        self.log.close()
        self._state.close()

    def _open_log(self) -> SqliteLog:
        return SqliteLog(self._folder / "log.db", self._partition_count, crash=self.fuse)

    def _open(self) -> View[Any]:
        return self._open_view(self._folder / "view.db", self.fuse)

    def _new_step(self) -> Step[Any]:
        return Step(self._projection, self.view, self.log, self.keys, crash=self.fuse, sleep=_no_wait)


def _close(view: View[Any]) -> None:
    """A view that is no file holds nothing open."""
    if isinstance(view, SqliteView):
        view.close()


@contextmanager
def running() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


Happening = Literal["append", "deliver", "catch_up", "crash", "reopen", "away", "look"]
HAPPENINGS: tuple[Happening, ...] = (
    "append",
    "deliver",
    "deliver",
    "catch_up",
    "crash",
    "look",
    "reopen",
    "away",
)
Plan = Sequence[tuple[int, int, int, int]]
"""What happens, one after the other; the numbers say which, where and how many."""


async def live_through(world: World, events: Sequence[Envelope], plan: Plan) -> None:
    """Everything in the plan, then what is left of the events, then a healthy end."""
    left = list(events)
    for what, a, b, c in plan:
        happening = HAPPENINGS[what % len(HAPPENINGS)]
        if happening == "append":
            count = 1 + a * 3 + b
            await world.append(left[:count])
            del left[:count]
        elif happening == "crash":
            world.arm(a, b)
        else:
            await _surviving(world, happening, a, b, c)
    await world.append(left)
    world.disarm()
    await world.drain()


async def _surviving(world: World, happening: Happening, a: int, b: int, c: int) -> None:
    try:
        match happening:
            case "deliver":
                await world.step.apply(await _batch(world, a, b, c))
            case "away":
                await world.catch_up_while_away(a, b)
            case "catch_up":
                await world.step.catch_up()
            case "look":
                await world.look()
            case _:
                await world.open()
    except DiedError:
        await world.open()


async def _batch(world: World, a: int, b: int, c: int) -> list[Entry]:
    """Any piece of one or two partitions: from anywhere, of any length, in order, reversed, or twice."""
    partitions = await world.partitions()
    batch = await world.entries(partitions[a % len(partitions)], b * 2, 1 + c)
    if c % 2:
        batch += await world.entries(partitions[(a + 1) % len(partitions)], c, 1 + b)
    match (a + b + c) % 4:
        case 0:
            return batch[::-1]
        case 1:
            return batch + batch
        case _:
            return batch
