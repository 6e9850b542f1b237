"""One generation under examination: how it is read, what is in doubt about it, and what is wrong with it apart from what it says.

A doubt is an entity that was not what the oracle said. Under traffic most of them are only ahead of what the oracle has heard.
"""

import asyncio
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson

from replay.certificate import Digests, canonical
from replay.differences import UNREADABLE, Way, ways
from replay.subjects.subject import Entity, Subject, Value
from replay.telling import Pieces, Telling
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.log import LogReader, Partition, Positions
from stores.ports.view import Position

T = TypeVar("T")

DOUBTS_LIMIT = 100_000
"""More are not looked at again: they count as differences."""
_AT_ONCE = 32
_TRIES_COUNT = 5
_LONGEST_WAIT_S = 2.0
_BROKEN = (AttributeError, TypeError, ValueError, struct.error)
"""What comes of rows that do not hold what they must. Their texts may quote what people wrote."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A generation. `open_view` opens it anew each time: what a view remembers may be old when others write it."""

    number: int
    version: int
    open_view: Callable[[], Any]


@dataclass(slots=True)
class Doubt:
    """`at_cut` is what the oracle said at the positions of the certificate, `expected` at those that it heard last.

    `open_ways` are those in which the view has not said what the oracle said at any moment since it was read last; None: all.
    """

    known: Pieces
    at_cut: Value
    expected: Value
    actual: Value
    open_ways: set[str] | None = None

    def read_again(self, actual: Value) -> None:
        self.actual, self.open_ways = actual, None

    def hold_against(self, expected: Value) -> bool:
        """Whether nothing is in doubt any more. A view gives its answers one after the other while it goes on: each has to be right
        for some moment.
        """
        self.expected = expected
        asked = {*expected, *self.actual} if self.open_ways is None else self.open_ways
        self.open_ways = {
            way
            for way in asked
            if way not in expected or way not in self.actual or expected[way] != self.actual[way]
        }
        return not self.open_ways

    def differing(self) -> tuple[Way, ...]:
        """The ways in which it was right at no moment."""
        found = ways(self.expected, self.actual)
        if self.open_ways is None or UNREADABLE in self.actual:
            return found
        return tuple(way for way in found if way.way.partition(".")[0] in self.open_ways)


@dataclass(slots=True)
class Side:
    kept: Kept
    sleep: Sleep
    digests: Digests = field(default_factory=Digests)
    doubts: dict[Entity, Doubt] = field(default_factory=dict)
    differing_count: int = 0
    """Doubts beyond the limit."""
    faults: list[str] = field(default_factory=list)

    async def opened(self) -> Any | None:
        """None, and a fault, when the store cannot open it."""
        try:
            return await self._patiently(self._open)
        except StoreError as error:
            self.faults.append(f"cannot be opened: {error}")
            return None

    async def _open(self) -> Any:
        return self.kept.open_view()

    async def positions(self, view: Any) -> Mapping[Partition, Position]:
        try:
            found: Mapping[Partition, Position] = await self._asked(view, view.positions)
        except StoreError as error:
            self.faults.append(f"positions cannot be read: {error}")
            return {}
        return found

    async def look_through(self, view: Any, telling: Telling) -> None:
        """Tell of everything that the view has rows of, and find what the store finds broken."""
        try:
            self.faults += await view.damage()
            with view.answering():
                async for some in view.held():
                    for kind, key, member in some:
                        telling.held((kind, key), member)
        except StoreError as error:
            self.faults.append(f"cannot be looked through: {error}")
        except _BROKEN as error:
            self.faults.append(f"cannot be looked through: {type(error).__name__}")

    async def check_positions(self, log: LogReader, stands: Mapping[Partition, Position]) -> None:
        for (topic, number), position in sorted(stands.items()):
            found = await log.read((topic, number), position.offset, 1)
            where = f"position {position.offset} of {topic} {number}"
            if not found or found[0].offset != position.offset:
                self.faults.append(f"{where} is not on the log")
            elif found[0].record.id != position.event_id:
                self.faults.append(f"{where} is event {position.event_id}; on the log it is another")

    async def read(
        self, view: Any, subject: Subject, asked: Sequence[tuple[Entity, Pieces]]
    ) -> Mapping[Entity, Value]:
        """What the view says of each of them."""
        found: dict[Entity, Value] = {}
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            values = await asyncio.gather(*(self._read(view, subject, *each) for each in some))
            found |= dict(zip((entity for entity, _ in some), values, strict=True))
        return found

    async def _read(self, view: Any, subject: Subject, entity: Entity, known: Pieces) -> Value:
        try:
            value = await self._asked(view, lambda: subject.read(view, entity, known.pieces, known.held))
        except StoreError as error:
            return {UNREADABLE: str(error)}
        except _BROKEN as error:
            return {UNREADABLE: type(error).__name__}
        said: Value = orjson.loads(canonical(value))
        return said

    async def _asked(self, view: Any, ask: Callable[[], Awaitable[T]]) -> T:
        async def answered() -> T:
            with view.answering():
                return await ask()

        return await self._patiently(answered)

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """A store that is away is asked again for some seconds. Raises UnavailableError when it stays away."""
        wait_s = 0.1
        for _ in range(_TRIES_COUNT):
            try:
                return await call()
            except UnavailableError:
                await self.sleep(wait_s)
                wait_s = min(wait_s * 3, _LONGEST_WAIT_S)
        return await call()

    def judge(self, entity: Entity, known: Pieces, expected: Value, actual: Value, nothing: Value) -> None:
        """Take up what the first look has found."""
        if expected == actual:
            self._count(entity, expected, nothing)
        elif len(self.doubts) < DOUBTS_LIMIT:
            self.doubts[entity] = Doubt(known, expected, expected, actual)
        else:
            self.differing_count += 1
            self._count(entity, actual, nothing)

    def settle(self, entity: Entity, nothing: Value) -> None:
        """It was right: at the cut it is taken for what the oracle said there."""
        self._count(entity, self.doubts.pop(entity).at_cut, nothing)

    def close(self, nothing: Callable[[Entity], Value]) -> None:
        """What is in doubt still is a difference."""
        for entity, doubt in self.doubts.items():
            self._count(entity, doubt.actual, nothing(entity))
        self.differing_count += len(self.doubts)

    def _count(self, entity: Entity, value: Value, nothing: Value) -> None:
        if value != nothing:
            self.digests.add(entity, value)


def offsets(positions: Mapping[Partition, Position], ends: Positions) -> dict[Partition, int]:
    """For every partition that has an end."""
    return {at: positions[at].offset if at in positions else -1 for at in ends}
