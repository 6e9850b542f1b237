"""The shared step before a log that is not the one it knows, or does not show all it holds."""

from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from events.ids import first_id_at
from events.topics import ENGAGEMENT
from projectors.likes import LIKES
from projectors.step import ForeignLogError
from stores.ports.log import Entry
from stores.sqlite.likes import SqliteLikes
from tests.property.worlds import World
from tests.unit.stepping import TOLD, acts


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path, LIKES, SqliteLikes, partition_count=1)
    yield made
    made.close()


async def test_a_view_of_another_log_is_refused(world: World) -> None:
    await world.append(acts(*TOLD))
    await world.drain()
    entries = await world.log.read((ENGAGEMENT, 0), 0, 99)
    forged = replace(entries[-1], record=replace(entries[-1].record, id=first_id_at(1) + 5))
    world.step._log = _Showing(lambda first: [e for e in [*entries[:-1], forged] if e.offset >= first])
    with pytest.raises(ForeignLogError):
        await world.step.open()


async def test_a_view_beyond_the_end_of_the_log_is_refused(world: World) -> None:
    await world.append(acts(*TOLD))
    await world.drain()
    entries = await world.log.read((ENGAGEMENT, 0), 0, 99)
    world.step._log = _Showing(lambda first: [e for e in entries[:3] if e.offset >= first])
    with pytest.raises(ForeignLogError):
        await world.step.open()


async def test_a_delivery_beyond_the_end_of_the_log_is_refused(world: World) -> None:
    await world.append(acts(*TOLD))
    entries = await world.log.read((ENGAGEMENT, 0), 0, 99)
    world.step._log = _Showing(lambda first: [e for e in entries[:3] if e.offset >= first])
    with pytest.raises(ForeignLogError):
        await world.step.apply(entries[4:])


async def test_a_log_that_does_not_show_for_a_moment_what_it_holds_is_waited_for(world: World) -> None:
    """A leader that was elected just now."""
    await world.append(acts(*TOLD))
    await world.drain()
    entries = await world.log.read((ENGAGEMENT, 0), 0, 99)
    blind: Iterator[list[Entry]] = iter([[], []])
    log = _Showing(lambda first: next(blind, [e for e in entries if e.offset >= first]))
    log.end = 4
    world.step._log = log
    await world.step.open()
    assert next(blind, None) is None


class _Showing:
    """A log that shows what it was told."""

    end: int | None = None
    """Where it says it ends; None: where it does."""

    def __init__(self, shown: Callable[[int], list[Entry]]) -> None:
        self._shown = shown

    async def read(self, partition: Any, first: int, limit: int) -> list[Entry]:
        return self._shown(first)[:limit]

    async def ends(self, topics: Collection[str]) -> dict[Any, int]:
        return {(topic, 0): self._shown(0)[-1].offset if self.end is None else self.end for topic in topics}
