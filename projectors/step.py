"""The one shared step: what is done with events of a projection, whoever delivers them.

It belongs to one view. Faust, the embedded engine and a replay hand it batches or let it catch up; it

- trusts the view's position alone: sorts, drops what was applied, and reads from the log what was not delivered,
- opens, folds and applies, many events in one write,
- waits out a store that is away, and parks the one event that cannot be applied together with all later ones of its key.

It knows no technology and no other view. One step feeds a view at a time; nothing here is safe to call concurrently.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from time import perf_counter
from typing import Generic, TypeVar

import structlog

from projectors.folding import folded, parked, subjects
from projectors.projection import Projection
from projectors.tally import Tally
from projectors.upcoming import Upcoming
from stores.ports.crash import Crash, survive
from stores.ports.errors import UnavailableError
from stores.ports.keys import Keys
from stores.ports.log import Entry, LogReader, Partition, Positions
from stores.ports.together import Together, in_turn
from stores.ports.view import Folded, GapError, View, offsets_of

C = TypeVar("C")
T = TypeVar("T")
_log = structlog.get_logger(__name__)

BATCH_COUNT = 2_000
"""Most events applied in one write while catching up, where others wait for their turn."""
ALONE_BATCH_COUNT = 10_000
"""The same in a process that does nothing else: the more there are, the more rows of one partition of a store go together."""
PARKED_KEYS_LIMIT = 1_000
"""With more keys parked than this, something is wrong with the code rather than with events."""
FAR_COUNT = 10_000
"""Events between a view and what is delivered to it beyond which it is not filled while the delivery waits."""
_LONGEST_WAIT_S = 2.0


class ForeignLogError(Exception):
    """The view holds events that this log does not have: the log was replaced or cut. Restore it, or rebuild the view."""


class TooManyParkedError(Exception):
    """More keys are parked than a sound system ever has. Fix the cause, then retry the parked events."""


class FarBehindError(Exception):
    """The view lacks so much of what comes before a delivery that it has to catch up first."""


class WentBackError(Exception):
    """The view stands before where it stood: its store was emptied, or put back to an older state."""


class Step(Generic[C]):
    def __init__(
        self,
        projection: Projection[C],
        view: View[C],
        log: LogReader,
        keys: Keys,
        crash: Crash = survive,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        batch_count: int = BATCH_COUNT,
        together: Together = in_turn,
    ) -> None:
        self.projection = projection
        self.view = view
        self.positions: dict[Partition, int] = {}
        self.ends: Positions = {}
        """Where the partitions that this process writes ended when this caught up last."""
        self.tally = Tally()
        self._log, self._keys, self._crash, self._sleep = log, keys, crash, sleep
        self._batch_count, self._together = batch_count, together
        self._parked: set[tuple[str, str]] = set()
        self._goal: Positions | None = None
        """Where the log ended when this began to fill the view, until the view has come so far."""
        self._is_filled = False
        self._upcoming = Upcoming(self._read, together)

    @property
    def parked_keys_count(self) -> int:
        return len(self._parked)

    @property
    def is_far_behind(self) -> bool:
        """When this caught up last."""
        return any(end - self.positions.get(at, -1) > FAR_COUNT for at, end in self.ends.items())

    async def open(self) -> None:
        """Find where the view stands. Raises ForeignLogError when that is nowhere on this log."""
        for partition, position in (await self._patiently(self.view.positions)).items():
            found = await self._read_what_is_there(partition, position.offset, 1)
            if not found or found[0].offset != position.offset or found[0].record.id != position.event_id:
                raise ForeignLogError(f"{self.projection.name} stands at {position.offset} of {partition}")
        await self._locate()

    async def apply(self, entries: Sequence[Entry]) -> None:
        """Returns when everything delivered, and everything before it, is durable in the view or parked.

        Raises FarBehindError when that would take long; then a part of it is.
        """
        delivered = {(entry.partition, entry.offset): entry for entry in entries}
        ordered = [entry for _, entry in sorted(delivered.items())]
        while True:
            try:
                return await self._bring(ordered)
            except WentBackError:
                continue  # from where the view stands now, which may lack more than what was refused

    async def _bring(self, ordered: Sequence[Entry]) -> None:
        run: list[Entry] = []
        last = dict(self.positions)
        for entry in ordered:
            partition, offset = entry.partition, entry.offset
            stands = last.get(partition, -1)
            if offset > stands + 1:
                await self._feed(run)
                run = []
                await self._fill(partition, offset)
            if offset > stands:
                run.append(entry)
                last[partition] = offset
        await self._feed(run)

    async def catch_up(
        self, owned: Collection[Partition] | None = None, delivered: Collection[Partition] = ()
    ) -> bool:
        """Bring the view towards the log's end by one batch; False when it stood there. Also takes up retries.

        `owned` are the partitions that this process writes; None: all of them. `delivered` are left to those who deliver them.
        """
        await self._locate()
        ends = await self._patiently(lambda: self._log.ends(self.projection.topics))
        if owned is not None:
            ends = {partition: end for partition, end in ends.items() if partition in owned}
        self.ends = ends
        await self._retry(ends)
        wanted = {at: end for at, end in ends.items() if at not in delivered}
        batch = await self._upcoming.take(self.positions, wanted, self._batch_count)
        after = {**self.positions, **{entry.partition: entry.offset for entry in batch}}
        try:
            await self._together.guarded(
                partial(self._feed, batch), partial(self._upcoming.read_on, after, wanted, self._batch_count)
            )
        except WentBackError:
            return True  # the next batch begins there
        if not batch and not (self._is_filled and await self._patiently(self.view.is_filled)):
            await self._see_whether_filled()
        return bool(batch)

    async def _see_whether_filled(self) -> None:
        """Others may write the other partitions: the view is filled when all have come to where the log ended once."""
        if self._goal is None:
            self._goal = await self._patiently(lambda: self._log.ends(self.projection.topics))
        if all(self.positions.get(partition, -1) >= end for partition, end in self._goal.items()):
            await self._patiently(self.view.filled)
            self._is_filled, self._goal = True, None

    async def _read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        return await self._patiently(lambda: self._log.read(partition, first, limit))

    async def _read_what_is_there(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        """Nothing only when the log ends before that. A broker that has just become the leader may not show yet what it holds; it
        does not say before that where its log ends.
        """

        async def read() -> list[Entry]:
            found = await self._log.read(partition, first, limit)
            if not found and first <= (end := (await self._log.ends((partition[0],))).get(partition, -1)):
                raise UnavailableError(f"{partition} ends at {end} and shows nothing of {first}")
            return found

        return await self._patiently(read)

    async def _locate(self) -> None:
        positions = await self._patiently(self.view.positions)
        stands = offsets_of(positions)
        if any(stands.get(partition, -1) < stood for partition, stood in self.positions.items()):
            self._is_filled = False  # the store went back in time
        self.positions = stands
        await self._look_who_is_parked()

    async def _look_who_is_parked(self) -> None:
        self._parked = set(await self._patiently(self.view.parked_keys))

    async def _fill(self, partition: Partition, before: int) -> None:
        """Read what was not delivered: everything between the view's position and `before`."""
        if before - self.positions.get(partition, -1) > FAR_COUNT:
            raise FarBehindError(f"{self.projection.name} is far behind in {partition}")
        while (stands := self.positions.get(partition, -1)) < before - 1:
            count = min(BATCH_COUNT, before - 1 - stands)
            missing = await self._read_what_is_there(partition, stands + 1, count)
            if not missing:
                raise ForeignLogError(f"{partition} was delivered at {before} and ends after {stands}")
            self.tally.gap_events_count += len(missing)
            await self._feed(missing)

    async def _feed(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        if any((entry.partition[0], entry.record.key) in self._parked for entry in entries):
            await self._look_who_is_parked()  # what these would be parked behind may have been discarded
        events = await self._fold(entries)
        try:
            await self._write(events)
        except GapError:
            stood = self.positions
            await self._locate()  # the store went back in time; what it lacks is read again from the log
            if self.positions == stood:
                raise  # it did not: a view that refuses what begins where it stands is broken
            raise WentBackError(self.projection.name) from None
        except TooManyParkedError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one event does to the store, the others go on
            await self._halve(entries, error)

    async def _halve(self, entries: Sequence[Entry], error: Exception) -> None:
        if len(entries) == 1:
            await self._write([parked(entries[0], f"{type(error).__name__}: cannot be applied")])
            _log.error("event parked", projection=self.projection.name, error=type(error).__name__)
            return
        middle = len(entries) // 2
        await self._feed(entries[:middle])
        await self._feed(entries[middle:])

    async def _write(self, events: Sequence[Folded[C]]) -> None:
        """Waits for as long as the store is away: its outage is not the events' fault."""
        keys = self._parked | {(e.partition[0], e.key) for e in events if e.parked is not None}
        if len(keys) > PARKED_KEYS_LIMIT:
            raise TooManyParkedError(f"{self.projection.name}: {len(keys)} keys are parked")
        self._crash("step.before_apply")
        await self._patiently(lambda: self._apply(events))
        self._parked = keys
        self.tally.events_count += len(events)
        self.tally.parked_count += sum(event.parked is not None for event in events)
        for event in events:
            self.positions[event.partition] = event.offset

    async def _apply(self, events: Sequence[Folded[C]]) -> None:
        begun = perf_counter()
        await self.view.apply(events)
        self.tally.writes.observe(perf_counter() - begun)

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        wait_s = 0.05
        while True:
            try:
                return await call()
            except UnavailableError as error:
                self.tally.waits_count += 1
                _log.warning("store away", projection=self.projection.name, error=str(error), wait_s=wait_s)
                await self._sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    async def _fold(self, entries: Sequence[Entry]) -> list[Folded[C]]:
        sealed = subjects(self.projection, entries)
        keys = await self._patiently(lambda: self._keys.get(sealed)) if sealed else {}
        return folded(self.projection, entries, keys, self._parked)

    async def _retry(self, owned: Collection[Partition]) -> None:
        """Apply the parked events of the keys that an operator asked for, in order, up to the batch of one that cannot be."""
        if not self._parked or not await self._patiently(self.view.asked):
            return
        known = [event for event in await self._patiently(self.view.parked) if event.partition in owned]
        for topic, key in sorted({(event.partition[0], event.key) for event in known if event.retry}):
            offsets = [(e.partition, e.offset) for e in known if (e.partition[0], e.key) == (topic, key)]
            self._parked.discard((topic, key))
            for first in range(0, len(offsets), self._batch_count):
                some = offsets[first : first + self._batch_count]
                entries = [entry for at in some for entry in await self._read(*at, 1)]
                if not await self._released(topic, key, entries):
                    break
        await self._locate()

    async def _released(self, topic: str, key: str, entries: Sequence[Entry]) -> bool:
        """All of them, or none and the key's retry is refused."""
        events = await self._fold(entries)
        refused = next((event for event in events if event.parked is not None), None)
        broken = None if refused is None else f"event {refused.event_id}: {refused.parked}"
        try:
            if broken is None:
                await self._patiently(lambda: self.view.release(topic, key, events))
        except Exception as error:  # noqa: BLE001 - what failed before may fail again, in any way
            broken = f"{type(error).__name__}: cannot be applied"
        if broken is not None:
            reason = broken
            await self._patiently(lambda: self.view.refuse_retry(topic, key, reason))
        return broken is None
