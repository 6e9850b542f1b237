"""Views are verified while everybody writes: what is only ahead of the oracle is no difference, what is wrong stays one."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path

import pytest

from api.feeds import skeleton
from events.envelope import Envelope
from replay.certificate import Certificate
from replay.side import Kept
from replay.subjects.catalogue import judged
from replay.subjects.feeds import READ_COUNT
from replay.verify import World as Around
from replay.verify import verify
from stores.ports.log import Entry, Partition
from tests.property.subjects import SUBJECTS, Subject
from tests.property.test_laws import history
from tests.property.verifying import opener
from tests.property.worlds import World

_BEFORE_COUNT = 60
_AT_ONCE_COUNT = 10


async def _in_turn(seconds: float) -> None:
    """Who verifies lets the others go on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def _go_on(world: World, events: Sequence[Envelope]) -> None:
    for event in events:
        await world.append([event])
        await world.drain()
        await _in_turn(0)


async def _verified_meanwhile(subject: Subject, folder: Path, world: World, plant: str = "") -> Certificate:
    events = history(subject)
    await world.append(events[:_BEFORE_COUNT])
    await world.drain()
    if plant:
        with closing(sqlite3.connect(folder / "view.db")) as connection, connection:
            assert connection.execute(plant).rowcount > 0
    with ExitStack() as stack:
        kept = Kept(2, 1, opener(stack, subject, folder / "view.db"))
        around = Around(world.log, world.keys, sleep=_in_turn)
        traffic = asyncio.create_task(_go_on(world, events[_BEFORE_COUNT:]))
        found = await verify(judged(subject.projection.name, skeleton), around, kept, None, made_at_ms=0)
        await traffic
    return found


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.projection.name)
async def test_what_is_only_ahead_is_equal(subject: Subject, tmp_path: Path) -> None:
    with closing(World(tmp_path, subject.projection, subject.open_view)) as world:
        found = await _verified_meanwhile(subject, tmp_path, world)
    assert found.equal, found.json_text().decode()
    assert found.digests["generation"] == found.digests["oracle"]
    assert found.events_count < len(history(subject))


class _Meanwhile:
    """The log, as who verifies reads it: others go on right after the cut was found, and between two looks at what is in doubt."""

    def __init__(self, world: World, rest: Sequence[Envelope]) -> None:
        self._world, self._rest, self._has_begun = world, iter(rest), False
        self.ends = world.log.ends

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        if not self._has_begun:
            self._has_begun = True
            await self.go_on(0)
        return await self._world.log.read(partition, first, limit)

    async def go_on(self, seconds: float) -> None:
        await self._world.append(list(islice(self._rest, _AT_ONCE_COUNT)))
        await self._world.drain()


@pytest.mark.parametrize("read_count", [READ_COUNT, 2])
@pytest.mark.parametrize("before_count", range(10, 50, 5))
async def test_a_feed_that_stood_still_while_it_was_read_is_held_against_its_moment(
    before_count: int, read_count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Posts that are merged into it, and those that are deleted, are those of the same moment."""
    monkeypatch.setattr("replay.subjects.feeds.READ_COUNT", read_count)
    (subject,) = (subject for subject in SUBJECTS if subject.projection.name == "feeds")
    events = history(subject)
    with closing(World(tmp_path, subject.projection, subject.open_view)) as world, ExitStack() as stack:
        await world.append(events[:before_count])
        await world.drain()
        busy = _Meanwhile(world, events[before_count:])
        kept = Kept(2, 1, opener(stack, subject, tmp_path / "view.db"))
        around = Around(busy, world.keys, sleep=busy.go_on)
        found = await verify(judged(subject.projection.name, skeleton), around, kept, None, made_at_ms=0)
    assert found.equal, found.json_text().decode()


@pytest.mark.parametrize(
    ("name", "plant", "way"),
    [
        ("likes", "INSERT INTO likes SELECT DISTINCT post_id, 777777, 5 FROM likes", "likers"),
        ("comments", "UPDATE counts SET count = count + 1", "count"),
        ("graph", "INSERT INTO follows VALUES (777777, 888888, 5)", "following"),
        ("feeds", "INSERT INTO entries SELECT reader_id, 777777, 888888 FROM readers", "served"),
        ("search", "INSERT INTO terms SELECT DISTINCT term, 777777 FROM terms", "date"),
    ],
)
async def test_what_is_wrong_stays_wrong(name: str, plant: str, way: str, tmp_path: Path) -> None:
    subject = next(subject for subject in SUBJECTS if subject.projection.name == name)
    with closing(World(tmp_path, subject.projection, subject.open_view)) as world:
        found = await _verified_meanwhile(subject, tmp_path, world, plant)
    assert not found.equal
    assert way in {each.way for difference in found.differences for each in difference.ways}
