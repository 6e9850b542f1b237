"""The runner of reactors: where it begins, what it waits for, what it does again."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pytest

from events.envelope import Envelope
from events.media import MediaUploaded, MediaUploadStarted
from events.topics import MEDIA
from producers.reactors.reactor import AT_ONCE_COUNT, BATCH_COUNT, ParkedError, Runner
from stores.ports.errors import UnavailableError
from stores.ports.log import Entry, Partition
from tests.unit.media_world import CONTENT, MediaWorld


@dataclass
class Recorder:
    """Remembers what it reacted to; fails as it is told."""

    name: ClassVar[str] = "recorder"
    events: tuple[type[Envelope], ...] = (MediaUploadStarted,)
    delay_ms: int = 0
    seen: list[Envelope] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)

    async def react(self, event: Envelope) -> None:
        if self.failures:
            raise self.failures.pop()
        self.seen.append(event)
        self.called.set()


@dataclass
class Busy(Recorder):
    """Takes a few turns of the loop for each."""

    at_once: int = 0
    most_at_once: int = 0

    async def react(self, event: Envelope) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        for _ in range(3):
            await asyncio.sleep(0)
        self.at_once -= 1
        await super().react(event)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[MediaWorld]:
    made = MediaWorld(tmp_path)
    yield made
    made.close()


def runner(world: MediaWorld, reactor: Recorder) -> Runner:
    return Runner(reactor, world.log, world.keys, world.positions, world.clock, world.wait)


class BrokenOff(Recorder):
    async def react(self, event: Envelope) -> None:
        raise asyncio.CancelledError


async def test_a_reaction_that_somebody_else_breaks_off_is_not_taken_for_done(world: MediaWorld) -> None:
    await world.declared()
    with pytest.raises(RuntimeError, match="broken off"):
        await runner(world, BrokenOff()).catch_up()
    reactor = Recorder()
    await runner(world, reactor).catch_up()
    assert len(reactor.seen) == 1


async def test_every_event_of_its_kind_once(world: MediaWorld) -> None:
    reactor = Recorder()
    media = [await world.declared(), await world.uploaded()]
    await runner(world, reactor).catch_up()
    assert [event.media_id for event in reactor.seen if isinstance(event, MediaUploadStarted)] == [
        one.media_id for one in media
    ]
    assert len(reactor.seen) == 2
    await runner(world, reactor).catch_up()
    assert len(reactor.seen) == 2
    await world.declared()
    await runner(world, reactor).catch_up()
    assert len(reactor.seen) == 3


async def test_it_begins_at_the_beginning_of_the_log(world: MediaWorld) -> None:
    for _ in range(BATCH_COUNT + 3):
        await world.declared()
    reactor = Recorder()
    await runner(world, reactor).catch_up()
    assert len({event.id for event in reactor.seen}) == BATCH_COUNT + 3


async def test_what_is_not_due_waits_with_all_that_follows(world: MediaWorld) -> None:
    reactor = Recorder(delay_ms=1_000)
    await world.declared()
    world.now_ms += 600
    await world.declared()
    await runner(world, reactor).catch_up()
    assert len(reactor.seen) == 0
    world.now_ms += 400
    await runner(world, reactor).catch_up()
    assert len(reactor.seen) == 1
    world.now_ms += 600
    await runner(world, reactor).catch_up()
    assert len(reactor.seen) == 2


async def test_what_is_not_due_is_not_looked_at_for_every_append(
    world: MediaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep, reads = asyncio.Event(), list[Partition]()
    read = world.log.read

    async def counted(partition: Partition, first: int, limit: int) -> list[Entry]:
        reads.append(partition)
        return await read(partition, first, limit)

    async def sleep(seconds: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(world.log, "read", counted)
    reactor = Recorder(delay_ms=1_000)
    running = Runner(reactor, world.log, world.keys, world.positions, world.clock, sleep)
    world.log.on_append(running.wake)
    await world.declared()
    task = asyncio.create_task(running.run())
    await asleep.wait()
    before = len(reads)
    await world.declared()
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(reads) == before


async def test_a_clock_that_is_set_back_holds_nothing_up(world: MediaWorld) -> None:
    reactor = Recorder()
    await world.declared()
    world.now_ms -= 3_600_000
    await runner(world, reactor).catch_up()
    assert len(reactor.seen) == 1


async def test_only_a_few_are_reacted_to_at_once(world: MediaWorld) -> None:
    """Whatever is left to be done, requests have their turn in between."""
    for _ in range(BATCH_COUNT):
        await world.declared()
    reactor = Busy()
    await runner(world, reactor).catch_up()
    assert len(reactor.seen) == BATCH_COUNT
    assert reactor.most_at_once == AT_ONCE_COUNT


async def test_a_store_that_is_away_is_waited_for(world: MediaWorld) -> None:
    reactor = Recorder(failures=[UnavailableError("away") for _ in range(3)])
    await world.declared()
    began_ms = world.now_ms
    await runner(world, reactor).catch_up()
    assert len(reactor.seen) == 1
    assert world.now_ms > began_ms


@dataclass
class Held(Recorder):
    """Something is parked by which these media are decided."""

    parked: set[int] = field(default_factory=set)

    async def react(self, event: Envelope) -> None:
        assert isinstance(event, MediaUploadStarted)
        if event.media_id in self.parked:
            raise ParkedError
        await super().react(event)


async def test_what_waits_for_what_is_parked_holds_nothing_else_up(world: MediaWorld) -> None:
    first, second, third = [(await world.declared()).media_id for _ in range(3)]
    reactor = Held(parked={first, third})
    following = runner(world, reactor)
    await following.catch_up()
    assert ids(reactor) == [second]
    (partition,) = [at for at, end in (await world.log.ends([MEDIA])).items() if end >= 0]
    running = asyncio.create_task(following.run())
    reactor.parked.clear()
    fourth = (await world.declared()).media_id
    while not {first, third, fourth} <= set(ids(reactor)):
        reactor.called.clear()
        await reactor.called.wait()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert (await world.positions.get("recorder"))[partition] >= 2


async def test_what_waits_is_not_forgotten_by_the_next_process(world: MediaWorld) -> None:
    first, second = [(await world.declared()).media_id for _ in range(2)]
    await runner(world, Held(parked={first})).catch_up()
    reactor = Held()
    await runner(world, reactor).catch_up()
    assert sorted(ids(reactor)) == [first, second]


async def test_so_many_may_wait_and_no_more(world: MediaWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.reactors.reactor.WAITING_COUNT", BATCH_COUNT)
    parked = {(await world.declared()).media_id for _ in range(BATCH_COUNT)}
    await world.declared()
    reactor = Held(parked=parked)
    await runner(world, reactor).catch_up()
    assert reactor.seen == []


def ids(reactor: Recorder) -> list[int]:
    return [event.media_id for event in reactor.seen if isinstance(event, MediaUploadStarted)]


async def test_a_mistake_is_told_and_its_event_comes_again(world: MediaWorld) -> None:
    reactor = Recorder(failures=[LookupError()])
    await world.declared()
    with pytest.raises(ExceptionGroup):
        await runner(world, reactor).catch_up()
    await runner(world, reactor).catch_up()
    assert len(reactor.seen) == 1


async def test_what_cannot_be_read_is_passed_over(world: MediaWorld) -> None:
    media = await world.declared()
    (entry,) = [e for p in await world.log.ends([MEDIA]) for e in await world.log.read(p, 0, 9)]
    await world.log.append([replace(entry.record, id=world.ids.next(), version=99)])
    reactor = Recorder()
    await runner(world, reactor).catch_up()
    assert [event.id for event in reactor.seen] == [entry.record.id]
    assert media.status == "pending"


async def test_running_it_reacts_when_woken(world: MediaWorld) -> None:
    reactor = Recorder(events=(MediaUploaded, MediaUploadStarted))
    running = runner(world, reactor)
    world.log.on_append(running.wake)
    await world.declared()
    task = asyncio.create_task(running.run())
    await reactor.called.wait()
    reactor.called.clear()
    await world.declared(CONTENT + b"!")
    await reactor.called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(reactor.seen) == 2
