"""Trying out before a replay, beside a system: what one would change, what a setting would cost, what was there once, and whether
what concerns one user or one partition is right. Nothing here is switched, recorded, or written to a store that serves.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.feeds import skeleton
from events.ids import system_clock
from events.topics import ACCOUNTS
from projectors.catalogue import BY_NAME
from replay.certificate import Certificate
from replay.concerned import is_named, of_partition, of_user
from replay.costs import FeedCosts, feed_costs
from replay.past import PastLog, cut_at
from replay.rebuild import Reached, Throttle
from replay.rebuild import Report as Building
from replay.side import Kept
from replay.subjects.catalogue import Judged, judged
from replay.verify import Report as Judging
from replay.verify import World, verify
from runtime.beside import Beside
from runtime.scratch import NUMBER, TOGETHER, Scratch, file_of
from runtime.settings import Settings
from runtime.verifying import kept, world
from stores.ports.log import Partition, Positions

TRIED: Mapping[str, tuple[str, ...]] = {"feeds": ("celebrity_threshold", "feed_cap")}
"""Settings by the projection whose views are made with them. How a store divides a view says nothing about what is in it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """`costs` as feeds are kept with the present settings, and with those that were tried."""

    certificate: Certificate
    costs: tuple[FeedCosts, FeedCosts] | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What shows how far each part of a trial is."""

    building: Callable[[], AbstractContextManager[Building]]
    judging: Callable[[], AbstractContextManager[Judging]]


class Trials:
    """`throttle` holds builds back, None: they go as fast as they can."""

    def __init__(self, system: Beside, settings: Settings, throttle: Throttle | None = None) -> None:
        self._system, self._settings, self._throttle = system, settings, throttle

    async def dry_run(self, projection: str, changed: Mapping[str, Any], shown: Shown) -> Trial:
        """What is there after a replay with these settings, held against the log beside what is live."""
        scratch = Scratch(self._system, self._settings.model_copy(update=dict(changed)))
        with scratch.trial(projection) as folder:
            path = file_of(folder, projection)
            with shown.building() as building:
                await scratch.build(projection, path, self._system.log, building, self._throttle)
            with shown.judging() as judging:
                certificate = await self._compared(scratch, projection, path, judging)
            costs = await self._costs(scratch, path, shown) if changed else None
        return Trial(certificate, costs)

    async def _compared(self, scratch: Scratch, projection: str, path: Path, report: Judging) -> Certificate:
        """The live generation goes on meanwhile, and so does this one."""
        live = await self._system.live(projection)
        feeding = asyncio.Lock()

        async def go_on(seconds: float) -> None:
            async with feeding:
                await scratch.build(projection, path, self._system.log, _quiet)
            await asyncio.sleep(seconds)

        around = World(self._system.log, self._system.keys, self._system.folder, go_on)
        with ExitStack() as opened:

            def open_view() -> Any:
                return opened.enter_context(closing(scratch.open_view(projection, path)))

            mine = Kept(NUMBER, BY_NAME[projection].version, open_view)
            found = judged(projection, skeleton)
            return await verify(found, around, mine, kept(self._system, live), system_clock(), report)

    async def _costs(self, tried: Scratch, path: Path, shown: Shown) -> tuple[FeedCosts, FeedCosts]:
        """Both built from the same log in the same kind of store, so that they differ in the settings alone."""
        present, beside = Scratch(self._system, self._settings), path.with_name("present.db")
        with shown.building() as building:
            await present.build("feeds", beside, self._system.log, building, self._throttle)
        timelines = (await self._system.views()).timelines
        with (
            closing(present.open_view("feeds", beside)) as one,
            closing(tried.open_view("feeds", path)) as other,
        ):
            return (
                await feed_costs(one, timelines, skeleton),  # type: ignore[arg-type]
                await feed_costs(other, timelines, skeleton),  # type: ignore[arg-type]
            )

    async def as_of(
        self, projection: str, moment: int | Positions, report: Building
    ) -> tuple[Path, Positions]:
        """Keep what was there at a time in milliseconds since 1970 UTC, or at positions. Returns the folder, and the cut."""
        names = TOGETHER.get(projection, (projection,))
        topics = topics_of(projection)
        cut = await cut_at(self._system.log, topics, moment) if isinstance(moment, int) else moment
        scratch = Scratch(self._system, self._settings)
        with scratch.kept(projection) as folder:
            for name in names:
                past = PastLog(self._system.log, cut)
                await scratch.build(name, file_of(folder, name), past, report, self._throttle)
        return scratch.folder(projection), cut

    async def only_user(self, projection: str, user_id: int, report: Judging) -> Certificate:
        """What concerns the user in the live generation, held against the log."""
        around = world(self._system)
        return await self._judged(await of_user(judged(projection, skeleton), around, user_id), report)

    async def is_known(self, user_id: int) -> bool:
        """Whether the log knows of such a user, who may have done nothing but register."""
        return await is_named(world(self._system), ACCOUNTS, user_id)

    async def only_partition(self, projection: str, partition: Partition, report: Judging) -> Certificate:
        """What events of the partition decide in the live generation, held against the log."""
        around = world(self._system)
        return await self._judged(await of_partition(judged(projection, skeleton), around, partition), report)

    async def _judged(self, narrowed: Judged, report: Judging) -> Certificate:
        live = await self._system.live(narrowed.projection.name)
        mine = kept(self._system, live)
        return await verify(narrowed, world(self._system), mine, None, system_clock(), report)


def topics_of(projection: str) -> tuple[str, ...]:
    """Of everything that is built together with the projection."""
    names = TOGETHER.get(projection, (projection,))
    return tuple(dict.fromkeys(topic for name in names for topic in BY_NAME[name].topics))


def _quiet(reached: Reached) -> None:
    """Nobody is told."""
