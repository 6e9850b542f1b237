"""Reactors: consume events, act on the world, append what came of it. Never run by a replay.

A runner follows every partition of the reactor's topics from a position of its own, which advances after the work is done. So
work is done at least once, and again after a crash or when an append was not confirmed: effects are repeatable, and what is done
already is seen in the views and not done again. The runner knows no views, no effects and no technology.

What a view cannot say yet, because events of the same key are parked in it, waits beside the others, which go on. The position
stays before it, so that it is not forgotten.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Protocol, TypeVar

import structlog

from events.catalogue import BY_TYPE
from events.codec import Unreadable, decode
from events.envelope import Envelope
from events.ids import Clock
from stores.ports.errors import UnavailableError
from stores.ports.keys import Keys
from stores.ports.log import Entry, Log, Partition
from stores.ports.reactor_positions import ReactorPositions

BATCH_COUNT = 64
"""Events read at once; the position advances when all of them are dealt with."""
AT_ONCE_COUNT = 8
"""Events of one reactor that are reacted to at the same time. Few, because requests share the event loop: whatever is left to be
done after a restart, they have their turn between these.
"""
_CHECK_MS = 1_000
"""The log's end is looked at this often even when nobody reports an append."""
_CLOCK_CHECK_MS = 10_000
"""The clock is looked at this often while an event is not due: it may be set."""
_LONGEST_WAIT_S = 5.0
WAITING_COUNT = 1_000
"""With so many events of a partition waiting for what is parked, its others wait too."""
T = TypeVar("T")
_log = structlog.get_logger(__name__)


class ParkedError(Exception):
    """What has to be decided by is parked."""


class Reactor(Protocol):
    """`name` is for ever: the position is kept under it. `events` come when they are at least `delay_ms` old; with 0 at once, even
    when the clock was set back and they seem to be of the future.
    """

    @property
    def name(self) -> str: ...
    @property
    def events(self) -> tuple[type[Envelope], ...]: ...
    @property
    def delay_ms(self) -> int: ...

    async def react(self, event: Envelope) -> None:
        """Do what follows from the event; may be called again for the same one, and for several at a time.

        UnavailableError means that it shall be tried again, with all that follows; ParkedError, that it shall be tried now and then
        while the others go on; anything else is a mistake that ends the process.
        """


class Runner:
    """Runs one reactor in one event loop. Partitions advance separately."""

    def __init__(
        self,
        reactor: Reactor,
        log: Log,
        keys: Keys,
        positions: ReactorPositions,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.reactor = reactor
        self._log, self._keys, self._positions, self._clock, self._sleep = log, keys, positions, clock, sleep
        self._types = frozenset(event.type for event in reactor.events)
        self._topics = tuple(dict.fromkeys(event.topic for event in reactor.events))
        self._places = asyncio.Semaphore(AT_ONCE_COUNT)
        self._wakes: dict[Partition, asyncio.Event] = {}
        self._waiting: defaultdict[Partition, list[Entry]] = defaultdict(list)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def topics(self) -> Sequence[str]:
        """Those that the reactor's events are on."""
        return self._topics

    async def run(self, owned: Collection[Partition] | None = None) -> None:
        """Until it is cancelled, which may be at any time. `owned` are the partitions that are this process's; None: all."""
        self._loop = asyncio.get_running_loop()
        stands = dict(await self._patiently(partial(self._positions.get, self.reactor.name)))
        ends = await self._patiently(partial(self._log.ends, self._topics))
        self._wakes.clear()
        self._waiting.clear()
        async with asyncio.TaskGroup() as group:
            for partition in ends if owned is None else ends.keys() & owned:
                self._wakes[partition] = asyncio.Event()
                group.create_task(self._follow(partition, stands.get(partition, -1)))

    def wake(self, topics: Collection[str]) -> None:
        """Something was appended to these topics. Callable from any thread."""
        if self._loop is not None and not self._loop.is_closed() and not set(self._topics).isdisjoint(topics):
            self._loop.call_soon_threadsafe(self._wake)

    async def catch_up(self) -> None:
        """Deal with everything that is due now."""
        self._waiting.clear()
        stands = dict(await self._positions.get(self.reactor.name))
        for partition in await self._log.ends(self._topics):
            await self._advance(partition, stands.get(partition, -1))

    def _wake(self) -> None:
        for wake in self._wakes.values():
            wake.set()

    async def _follow(self, partition: Partition, offset: int) -> None:
        wake = self._wakes[partition]
        while True:
            wake.clear()
            offset, due_ms = await self._advance(partition, offset)
            if due_ms is not None:  # what is appended meanwhile comes after it
                await self._sleep(min(due_ms, _CLOCK_CHECK_MS) / 1000)
                continue
            try:
                async with asyncio.timeout(_CHECK_MS / 1000):
                    await wake.wait()
            except TimeoutError:
                continue

    async def _advance(self, partition: Partition, offset: int) -> tuple[int, int | None]:
        """Deal with what is due in one partition: where it stands then, and in how many milliseconds the next event is due, None
        at the end of the log.
        """
        if waited := self._waiting.pop(partition, []):
            await self._deal_with(partition, waited, offset)
        while offset < (await self._patiently(partial(self._log.ends, (partition[0],))))[partition]:
            if len(self._waiting[partition]) >= WAITING_COUNT:
                break
            entries = await self._patiently(partial(self._log.read, partition, offset + 1, BATCH_COUNT))
            due = self._due(entries)
            if due:
                offset = due[-1].offset
                await self._deal_with(partition, due, offset)
            if len(due) < len(entries):
                return offset, max(1, self._due_at_ms(entries[len(due)]) - self._clock())
        return offset, None

    async def _deal_with(self, partition: Partition, entries: Sequence[Entry], last: int) -> None:
        """React to these; those that have to wait are kept. `last` is the offset up to which events were read."""
        waiting = self._waiting[partition]
        waiting += await self._react(entries)
        done = waiting[0].offset - 1 if waiting else last
        await self._patiently(partial(self._positions.advance, self.reactor.name, partition, done))

    def _due(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those before the first that is not due yet."""
        if not self.reactor.delay_ms:
            return entries
        now_ms = self._clock()
        count = next((n for n, entry in enumerate(entries) if self._due_at_ms(entry) > now_ms), len(entries))
        return entries[:count]

    def _due_at_ms(self, entry: Entry) -> int:
        return entry.record.occurred_at_ms + self.reactor.delay_ms

    async def _react(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Returns those that have to wait, in their order."""
        wanted = [entry for entry in entries if entry.record.type in self._types]
        sealed = {e.record.subject_id for e in wanted if BY_TYPE[e.record.type].personal}
        keys = await self._patiently(partial(self._keys.get, sealed)) if sealed else {}
        reactions: list[tuple[Entry, asyncio.Task[bool]]] = []
        async with asyncio.TaskGroup() as group:
            for entry in wanted:
                event = decode(entry.record, keys)
                if isinstance(event, Unreadable):
                    _log.error("event passed over", reactor=self.reactor.name, reason=event.reason)
                    continue
                await self._places.acquire()
                reaction = group.create_task(self._reacted(event))
                reaction.add_done_callback(lambda _: self._places.release())
                reactions.append((entry, reaction))
        if any(reaction.cancelled() for _, reaction in reactions):
            # Nobody asked for that, and a group takes it for an end like any other.
            raise RuntimeError(f"a reaction of {self.reactor.name} was broken off by somebody else")
        return [entry for entry, reaction in reactions if not reaction.result()]

    async def _reacted(self, event: Envelope) -> bool:
        """False: it has to wait."""
        try:
            await self._patiently(partial(self.reactor.react, event))
        except ParkedError:
            return False
        return True

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        wait_s = 0.05
        while True:
            try:
                return await call()
            except UnavailableError as error:
                _log.warning("waiting", reactor=self.reactor.name, error=str(error), wait_s=wait_s)
                await self._sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
