"""The nine laws, one after the other. `tests/mutants` breaks each of them on purpose, and a test of it is seen to fail.

1. Nothing is written that was not first appended, and success is answered only after the log has acknowledged.
2. A fold is pure.
3. Replay equals live, and both equal the oracle.
4. A view's position is the truth: stored with the data, never moving back, never trusting what was delivered.
5. A row has one owner; counts are sizes of sets; what is late or repeated changes nothing.
6. A failing event never vanishes and never blocks the rest.
7. What a viewer may not see is in no answer, whatever a feed or an index contains.
8. Reads never block on a rebuild, and a switch is one write.
9. What comes from outside is bounded and answered; broken own state stops loudly.
"""

import builtins
import os
import random
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, cast

import orjson
import pytest

from api.hydrate import present_posts
from events.codec import Unreadable, decode
from events.envelope import Envelope
from events.topics import ENGAGEMENT
from producers.journal import Journal
from producers.likes import like_post
from projectors import step as step_module
from projectors.graph import GRAPH
from projectors.likes import LIKES
from projectors.projection import Projection
from projectors.step import TooManyParkedError
from replay.rebuild import switch
from stores.ports.crash import CrashPoint
from stores.ports.errors import UnavailableError
from stores.ports.keys import Keys
from stores.ports.log import Log
from stores.ports.registry import Registry
from stores.sqlite import registry as sqlite_registry
from stores.sqlite.database import MEMORY, Database
from stores.sqlite.graph import SqliteGraph
from stores.sqlite.likes import SqliteLikes
from stores.sqlite.log import SqliteLog
from stores.sqlite.registry import SqliteRegistry
from tests.contract.log import record
from tests.property.stories import Story
from tests.property.subjects import SUBJECTS, Subject
from tests.property.worlds import VIEW_CRASH_POINTS, DiedError, Fuse, World
from tests.unit.folding import ADA, BOB, CY
from tests.unit.folding import World as Folding

EVENT_COUNT = 120
_CHAPTER_COUNT = 15


def history(subject: Subject) -> list[Envelope]:
    """Dense: much happens to few things. The same for ever."""
    told = Random(11)
    choices = [
        (told.randrange(16), told.randrange(4), told.randrange(12), told.randrange(8))
        for _ in range(EVENT_COUNT)
    ]
    return Story().tell(subject.actions, choices)


@pytest.fixture(params=SUBJECTS, ids=lambda subject: subject.projection.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.param
    return found


@pytest.fixture
async def world(subject: Subject, tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path, subject.projection, subject.open_view)
    yield made
    made.close()


@pytest.fixture
async def likes(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path, LIKES, SqliteLikes, partition_count=1)
    yield made
    made.close()


@pytest.fixture
async def folding() -> AsyncIterator[Folding]:
    """Views of accounts, posts and what belongs to them, without a log."""
    made = Folding()
    await made.register(ADA, BOB, CY)
    yield made
    made.close()


@pytest.mark.parametrize("point", ["log.before_commit", "log.after_commit"])
async def test_law_1_success_is_answered_only_after_the_log_has_acknowledged(
    tmp_path: Path, folding: Folding, point: CrashPoint
) -> None:
    await folding.post(21)
    fuse = Fuse()
    fuse.arm(point, 0)
    log = SqliteLog(tmp_path / "log.db", crash=fuse, failed=lambda _error: None)
    with closing(log), pytest.raises(UnavailableError):
        await like_post(_journal(log), folding.views, folding.command(BOB), 21)
    with closing(SqliteLog(tmp_path / "log.db")) as log:
        there = max((await log.ends([ENGAGEMENT])).values()) + 1
    assert there == {"log.before_commit": 0, "log.after_commit": 1}[point]


async def test_law_1_what_was_answered_is_on_the_log(tmp_path: Path, folding: Folding) -> None:
    await folding.post(21)
    with closing(SqliteLog(tmp_path / "log.db")) as log:
        positions = await like_post(_journal(log), folding.views, folding.command(BOB), 21)
    with closing(SqliteLog(tmp_path / "log.db")) as log:
        ((partition, offset),) = positions.items()
        assert (await log.read(partition, offset, 1))[0].record.type == "post.liked"


def test_law_2_a_fold_is_pure(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [event for event in history(subject) if isinstance(event, subject.projection.events)]
    said = [event.model_dump_json() for event in events]
    first = [subject.projection.project(event) for event in events]
    for owner, name in _IMPURE:
        monkeypatch.setattr(owner, name, _refused)
    again = [subject.projection.project(event) for event in reversed(events)][::-1]
    monkeypatch.undo()
    assert again == first
    assert [event.model_dump_json() for event in events] == said


_IMPURE = (
    (time, "time"),
    (time, "time_ns"),
    (time, "monotonic"),
    (random, "random"),
    (os, "urandom"),
    (os, "getenv"),
    (builtins, "open"),
    (socket, "socket"),
    (sqlite3, "connect"),
)


def _refused(*_arguments: object, **_more: object) -> Any:
    raise AssertionError("a fold reached out of itself")


async def test_law_3_replay_equals_live_and_both_equal_the_oracle(subject: Subject, world: World) -> None:
    """Looked at again and again while the history goes on, so that what was seen before must not be seen any more."""
    events = history(subject)
    for told_count in range(0, EVENT_COUNT, _CHAPTER_COUNT):
        await world.append(events[told_count : told_count + _CHAPTER_COUNT])
        await world.drain()
        told = events[: told_count + _CHAPTER_COUNT]
        live = await subject.read(world.view, told, world.log)
        assert live == subject.oracle(told)
    rebuilt = await world.replay()
    assert await subject.read(rebuilt, events, world.log) == live
    assert await rebuilt.positions() == await world.view.positions()


@pytest.mark.parametrize("point", VIEW_CRASH_POINTS)
async def test_law_4_the_position_is_stored_with_the_data(
    subject: Subject, world: World, point: CrashPoint
) -> None:
    events = history(subject)
    await world.append(events[: EVENT_COUNT // 2])
    await world.drain()
    await world.append(events[EVENT_COUNT // 2 :])
    world.fuse.arm(point, 0)
    with pytest.raises(DiedError):
        await world.drain()
    await world.open()
    await world.drain()
    assert await subject.read(world.view, events, world.log) == subject.oracle(events)


async def test_law_4_what_was_not_delivered_is_read_from_the_log(likes: World) -> None:
    await likes.append(_liked(*range(1, 9)))
    entries = await likes.entries((ENGAGEMENT, 0))
    await likes.step.apply([entries[6], entries[2]])
    assert await _likers(likes) == {1, 2, 3, 4, 5, 6, 7}


async def test_law_4_the_position_never_moves_back(likes: World) -> None:
    await likes.append(_liked(*range(1, 9)))
    await likes.drain()
    stands = await likes.view.positions()
    await likes.step.apply((await likes.entries((ENGAGEMENT, 0)))[:3])
    assert await likes.view.positions() == stands
    assert likes.step.positions == {partition: position.offset for partition, position in stands.items()}


async def test_law_5_what_is_repeated_counts_once(subject: Subject, world: World) -> None:
    """Every command twice, and every event delivered twice: readings hold each count against its set."""
    events = [_again(event, n) for event in history(subject) for n in (0, 1)]
    await world.append(events)
    for partition in await world.partitions():
        await world.step.apply(await world.entries(partition) * 2)
    await world.open()
    for partition in await world.partitions():
        await world.step.apply(await world.entries(partition))
    assert await subject.read(world.view, events, world.log) == subject.oracle(events)


async def test_law_6_a_failing_event_blocks_nobody_else_and_is_not_lost(
    subject: Subject, world: World
) -> None:
    """Later events of its key wait for it, though they could be applied."""
    events = history(subject)
    mine = [event for event in events if isinstance(event, subject.projection.events)]
    poisoned = max(mine, key=lambda event: sum(_place(other) == _place(event) for other in mine))
    world.step.projection = _failing_for(subject.projection, poisoned)
    await world.append(events)
    await world.drain()
    others = [e for e in events if _place(e) != _place(poisoned) or e.id < poisoned.id]
    waiting = [e for e in mine if _place(e) == _place(poisoned) and e.id >= poisoned.id]
    assert len(waiting) > 1
    assert [event.event_id for event in await world.view.parked()] == [event.id for event in waiting]
    if (
        subject.projection.name != "feeds"
    ):  # what a feed shows comes from timelines too, where nothing is parked
        assert await subject.read(world.view, others, world.log) == subject.oracle(others)
    world.step.projection = subject.projection
    await world.view.ask_retry(*_place(poisoned))
    await world.drain()
    assert await world.view.parked() == []
    assert await subject.read(world.view, events, world.log) == subject.oracle(events)


async def test_law_6_a_follower_whose_events_are_parked_may_see_nothing(tmp_path: Path) -> None:
    """The parked event may be the end of the follow that lets them see a post."""
    with closing(World(tmp_path, GRAPH, SqliteGraph)) as world:
        assert isinstance(world.view, SqliteGraph)
        await world.append(Story().tell(("follow",), [(0, 0, 1, 1), (0, 2, 1, 1)]))
        await world.drain()
        assert await world.view.following_among(11, [12]) == {12}
        ended = Story().tell(("unfollow",), [(0, 0, 1, 3)])
        world.step.projection = _failing_for(GRAPH, ended[0])
        await world.append(ended)
        await world.drain()
        assert await world.view.following_among(11, [12]) == set()
        assert await world.view.followers_among(12, [11, 13]) == {13}
        await world.view.ask_retry("photolog.graph", "11")
        world.step.projection = GRAPH
        await world.append(Story().tell(("follow",), [(0, 0, 1, 5)]))
        await world.drain()
        assert await world.view.following_among(11, [12]) == {12}


async def test_law_7_an_index_is_asked_and_the_rule_decides(folding: Folding) -> None:
    """A follower's feed still has the post when the follow has ended and the feeds view does not know it yet."""
    await folding.post(21, visibility="followers")
    await folding.follow(BOB, ADA)
    assert [await _shown(folding, viewer, 21) for viewer in (ADA, BOB, CY, None)] == [[21], [21], [], []]
    await folding.unfollow(BOB, ADA)
    assert [await _shown(folding, viewer, 21) for viewer in (ADA, BOB, CY, None)] == [[21], [], [], []]


async def test_law_8_a_switch_is_one_write_and_one_generation_is_live_whenever_it_breaks_off() -> None:
    with closing(Database(MEMORY, sqlite_registry.SCHEMA, "FULL")) as state:
        registry = SqliteRegistry(state)
        old, new = await registry.begin("likes", 1), await registry.begin("likes", 1)
        await registry.mark("likes", new.number, "ready")
        fuse = Fuse()
        fuse.arm("rebuild.before_switch", 0)
        with pytest.raises(DiedError):
            await switch(registry, old, new, record(), fuse)
        assert await _live(registry) == [old.number]
        fuse.arm("rebuild.after_switch", 0)
        with pytest.raises(DiedError):
            await switch(registry, old, new, record(), fuse)
        assert await _live(registry) == [new.number]
        assert not await switch(registry, old, new, record(), fuse)
        assert await _live(registry) == [new.number]


async def test_law_8_reads_go_on_while_a_view_is_written(likes: World, tmp_path: Path) -> None:
    """A write that is not committed is in nobody's way, and nobody sees it."""
    await likes.append(_liked(1, 2))
    await likes.drain()
    seen: list[set[int]] = []
    with closing(SqliteLikes(tmp_path / "view.db")) as beside:

        def look(point: CrashPoint) -> None:
            if point == "view.before_commit":
                rows = beside._reader.execute("SELECT user_id FROM likes")
                seen.append({row[0] for row in rows})

        assert isinstance(likes.view, SqliteLikes)
        likes.view._crash = look
        await likes.append(_liked(3))
        await likes.drain()
    assert seen == [{1, 2}]
    assert await _likers(likes) == {1, 2, 3}


async def test_law_9_what_is_no_event_is_a_typed_outcome(likes: World) -> None:
    good = await likes.record(_liked(1)[0])
    for bad in (replace(good, value=b"{"), replace(good, type="post.loved"), replace(good, version=7)):
        assert isinstance(decode(bad, {}), Unreadable)


async def test_law_9_too_much_that_is_broken_stops_loudly(
    likes: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_module, "PARKED_KEYS_LIMIT", 1)
    good = [await likes.record(event) for event in _liked(1, 2, 3)]
    await likes.log.append([replace(good[0], version=7), replace(good[1], version=7, key="18"), good[2]])
    with pytest.raises(TooManyParkedError):
        await likes.drain()
    assert await likes.view.positions() == {}


def _journal(log: Log) -> Journal:
    """For events without personal content."""
    return Journal(log, cast(Keys, None))


async def _shown(folding: Folding, viewer_id: int | None, *post_ids: int) -> list[int]:
    presented = await present_posts(folding.app, folding.views, viewer_id, post_ids)
    return [int(orjson.loads(post)["id"]) for post in presented]


def _liked(*user_ids: int) -> list[Envelope]:
    story = Story()
    events = story.tell(("like",), [(0, 0, 0, 1)] * len(user_ids))
    return [
        event.model_copy(update={"actor_id": user_id})
        for event, user_id in zip(events, user_ids, strict=True)
    ]


async def _likers(world: World) -> set[int]:
    assert isinstance(world.view, SqliteLikes)
    post_id = (await world.entries((ENGAGEMENT, 0)))[0].record.key
    return set((await world.view.likers(int(post_id), None, 99)).items)


def _again(event: Envelope, n: int) -> Envelope:
    """The same command once more: another event."""
    return event.model_copy(update={"id": event.id + n * (1 << 22)})


def _place(event: Envelope) -> tuple[str, str]:
    """Events of one place stay in order."""
    return event.topic, event.key


def _failing_for(projection: Projection[Any], poisoned: Envelope) -> Projection[Any]:
    def project(event: Envelope) -> Sequence[Any]:
        if event == poisoned:
            raise ZeroDivisionError
        changes: Sequence[Any] = projection.project(event)
        return changes

    return replace(projection, project=project)


async def _live(registry: Registry) -> list[int]:
    return [generation.number for generation in await registry.generations() if generation.state == "live"]
