"""Verify finds every planted difference, and says where it is and which events made what is not there."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from events.envelope import Envelope
from replay.certificate import Certificate
from stores.sqlite.feeds import SqliteFeeds
from tests.property.planting import PLANTED, Planted
from tests.property.stories import Story
from tests.property.subjects import SUBJECTS, Subject
from tests.property.test_laws import history
from tests.property.verifying import verified
from tests.property.worlds import World

BY_NAME = {subject.projection.name: subject for subject in SUBJECTS}
_LASTING_MEDIA = replace(
    BY_NAME["media"], actions=("declare", "declare", "upload", "process", "edit_media", "attach")
)
_PLAIN_FEEDS = replace(BY_NAME["feeds"], open_view=SqliteFeeds, actions=("register", "follow", "post"))
_PLAIN_DAY = [
    *((0, user, 0, 2) for user in range(4)),
    *((1, user, (user + 1) % 4, 2) for user in range(4)),
    *((2, 0, slot, 2) for slot in range(8)),
]
"""Everybody follows the next one, and then everybody posts twice: nothing is merged into feeds."""


def lasting(projection: str) -> tuple[Subject, list[Envelope]]:
    """A history of which enough is left to be taken away."""
    match projection:
        case "media":
            return _LASTING_MEDIA, history(_LASTING_MEDIA)
        case "feeds":
            return _PLAIN_FEEDS, Story().tell(_PLAIN_FEEDS.actions, _PLAIN_DAY)
        case _:
            return BY_NAME[projection], history(BY_NAME[projection])


@pytest.fixture(params=SUBJECTS, ids=lambda subject: subject.projection.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.param
    return found


@pytest.fixture
async def world(subject: Subject, tmp_path: Path) -> AsyncIterator[World]:
    made = await _lived(subject, history(subject), tmp_path)
    yield made
    made.close()


async def _lived(subject: Subject, events: Sequence[Envelope], folder: Path) -> World:
    made = World(folder, subject.projection, subject.open_view)
    await made.append(events)
    await made.drain()
    return made


def _change(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / "view.db")) as connection, connection:
        assert connection.execute(sql).rowcount > 0


@pytest.mark.parametrize("planted", PLANTED, ids=str)
async def test_a_planted_difference_is_found(planted: Planted, tmp_path: Path) -> None:
    subject, events = lasting(planted.projection)
    with closing(await _lived(subject, events, tmp_path)) as world:
        assert (await verified(world, subject, tmp_path)).equal
        _change(tmp_path, planted.sql)
        found = await verified(world, subject, tmp_path)
    assert not found.equal
    assert found.digests["generation"] != found.digests["oracle"]
    said = {(d.kind, way.way, way.how) for d in found.differences for way in d.ways}
    assert (planted.kind, planted.way, planted.how) in said
    located = [d for d in found.differences for w in d.ways if (d.kind, w.way) == (planted.kind, planted.way)]
    assert all(bool(difference.events) == planted.is_made_by_events for difference in located), located
    await _are_on_the_log(found, world)


async def _are_on_the_log(found: Certificate, world: World) -> None:
    with closing(world.log.__class__(world._folder / "log.db")) as log:
        for event in (event for difference in found.differences for event in difference.events):
            (entry,) = await log.read((event.topic, event.partition), event.offset, 1)
            assert (str(entry.record.id), entry.record.type) == (event.id, event.type)


async def test_a_position_that_ran_ahead_is_found(subject: Subject, tmp_path: Path) -> None:
    """The view says that it has everything and lacks what came last."""
    events = [event for event in history(subject) if isinstance(event, subject.projection.events)]
    with closing(World(tmp_path, subject.projection, subject.open_view, partition_count=1)) as world:
        few = len(events) // 4
        await world.append(events[:few])
        await world.drain()
        await world.append(events[few:])
        ends = await world.log.ends(subject.projection.topics)
        for (topic, number), end in ends.items():
            if end >= 0:
                (last,) = await world.log.read((topic, number), end, 1)
                _change(
                    tmp_path, f"REPLACE INTO position VALUES ('{topic}', {number}, {end}, {last.record.id})"
                )
        found = await verified(world, subject, tmp_path)
    assert not found.equal
    assert found.faults == ()
    told = {event.id for difference in found.differences for event in difference.events}
    assert told & {str(event.id) for event in events[few:]}


async def test_a_position_beyond_the_log_is_found(world: World, subject: Subject, tmp_path: Path) -> None:
    _change(tmp_path, "UPDATE position SET offset = offset + 1000")
    found = await verified(world, subject, tmp_path)
    assert not found.equal
    assert all("is not on the log" in fault for fault in found.faults)
    assert len(found.faults) == len([stood for stood in found.positions if stood.offset >= 0])


async def test_a_position_at_another_event_is_found(world: World, subject: Subject, tmp_path: Path) -> None:
    _change(tmp_path, "UPDATE position SET event_id = event_id + 1")
    found = await verified(world, subject, tmp_path)
    assert not found.equal
    assert all("on the log it is another" in fault for fault in found.faults)


async def test_a_lost_page_is_found(world: World, subject: Subject, tmp_path: Path) -> None:
    """Whichever it is."""
    path = tmp_path / "view.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((page_bytes,),) = connection.execute("PRAGMA page_size")
    whole = path.read_bytes()
    for at in range(0, len(whole), page_bytes):
        lost = tmp_path / f"lost_{at // page_bytes}.db"
        lost.write_bytes(whole[:at] + bytes(page_bytes) + whole[at + page_bytes :])
        found = await verified(world, subject, tmp_path, lost.name)
        assert not found.equal, f"page {at // page_bytes + 1} of {len(whole) // page_bytes}"
        assert found.faults
