"""A lane reads from the log by itself only what nobody delivers."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from typing import Any, cast

import pytest

from projectors.engines import lanes as lanes_module
from projectors.engines.lanes import Lane
from projectors.step import Step
from stores.ports.log import Partition

BUSY, QUIET = ("photolog.posts", 0), ("photolog.posts", 1)


class Steps:
    """Tells what it is asked to leave to others."""

    def __init__(self) -> None:
        self.positions: dict[Partition, int] = {BUSY: 5, QUIET: 5}
        self.left: asyncio.Queue[Collection[Partition]] = asyncio.Queue()
        self.is_far_behind = False
        self.has_more = asyncio.Queue[bool]()
        """What catching up finds next, waited for once there was something."""
        self._was_told = False

    async def open(self) -> None:
        pass

    async def apply(self, entries: object) -> None:
        self.positions[BUSY] += 1

    async def catch_up(self, owned: Collection[Partition], delivered: Collection[Partition]) -> bool:
        self.left.put_nowait(set(delivered))
        if self.has_more.empty() and not self._was_told:
            return False
        self._was_told = True
        return await self.has_more.get()


async def _looks(lane: Lane, steps: Steps, *, delivers: bool) -> list[Collection[Partition]]:
    """What is left to others at the first three looks."""
    running = asyncio.create_task(lane.run())
    found = []
    for _ in range(3):
        found.append(await steps.left.get())
        if delivers:
            await lane.deliver([])
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return found


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    monkeypatch.setattr(lanes_module, "_CHECK_S", 0.01)
    return Steps()


@pytest.fixture
def lane(steps: Steps) -> Lane:
    return Lane(("timelines", 1), cast(Step[Any], steps), lambda: (BUSY, QUIET))


async def test_what_is_delivered_is_left_to_those_who_deliver_it(lane: Lane, steps: Steps) -> None:
    assert await _looks(lane, steps, delivers=True) == [set(), {BUSY}, {BUSY}]


async def test_what_stands_still_is_looked_at(lane: Lane, steps: Steps) -> None:
    assert await _looks(lane, steps, delivers=False) == [set(), set(), set()]


async def test_who_is_woken_looks_at_everything(
    lane: Lane, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes_module, "_CHECK_S", 60)
    running = asyncio.create_task(lane.run())
    await steps.left.get()
    await lane.deliver([])
    lane.wake()
    assert await steps.left.get() == set()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_who_is_a_little_behind_takes_what_is_delivered(lane: Lane, steps: Steps) -> None:
    """And reads no further by itself, since others do."""
    steps.has_more.put_nowait(True)
    running = asyncio.create_task(lane.run())
    await steps.left.get()
    await steps.left.get()  # there is more, and nobody delivers: it goes on at once
    assert not lane.is_filling
    delivering = asyncio.create_task(lane.deliver([]))
    await asyncio.sleep(0)
    steps.has_more.put_nowait(True)
    await delivering
    assert steps.positions[BUSY] == 6
    assert await steps.left.get() == {BUSY}
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_deliveries_pass_by_who_is_far_behind(lane: Lane, steps: Steps) -> None:
    steps.is_far_behind = True
    steps.has_more.put_nowait(True)
    running = asyncio.create_task(lane.run())
    for _ in range(2):
        await steps.left.get()
    assert lane.is_filling
    await lane.deliver([])
    assert steps.positions[BUSY] == 5
    steps.has_more.put_nowait(False)
    await asyncio.sleep(0)
    assert not lane.is_filling
    await lane.deliver([])
    assert steps.positions[BUSY] == 6
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
