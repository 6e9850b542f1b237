"""Nothing in Cassandra rests on who writes when: every cell bears the stamp of its event, and halves are completed."""

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

import pytest

from events.envelope import Envelope
from stores.cassandra.session import Statement
from stores.cassandra.view import CassandraView
from stores.ports.view import Folded
from tests.contract.view import Events, Read
from tests.distributed.cassandra import Keyspace, Kind
from tests.distributed.test_cassandra_view import events, kind, read, subject, told

__all__ = ["events", "kind", "read", "subject", "told"]


class _Writes:
    """What a view writes, piece by piece, in the order in which it asks for it."""

    def __init__(self) -> None:
        self.pieces: list[list[Statement]] = []

    def watch(self, view: CassandraView[Any]) -> CassandraView[Any]:
        write = view._batches

        async def seen(batches: Iterable[Sequence[Statement]]) -> None:
            kept = [list(batch) for batch in batches]
            self.pieces += kept
            await write(kept)

        view._batches = seen  # type: ignore[method-assign]
        return view


def cuts(events: Events) -> Iterator[Sequence[Sequence[Folded[Any]]]]:
    """As one, one by one, and in threes."""
    yield [events]
    yield [[event] for event in events]
    yield [events[start : start + 3] for start in range(0, len(events), 3)]


async def written(keyspace: Keyspace, kind: Kind, events: Events) -> list[list[Statement]]:
    """By three views which cut the same events differently."""
    writes = _Writes()
    for batches in cuts(events):
        view = writes.watch(keyspace.fresh(kind))
        for batch in batches:
            await view.apply(batch)
    return writes.pieces


async def expected(keyspace: Keyspace, kind: Kind, events: Events, read: Read) -> object:
    view = keyspace.fresh(kind)
    await view.apply(events)
    return await read(view)


async def test_writes_land_in_any_order(keyspace: Keyspace, kind: Kind, events: Events, read: Read) -> None:
    said = await expected(keyspace, kind, events, read)
    pieces = await written(keyspace, kind, events)
    Random(7).shuffle(pieces)
    view = keyspace.fresh(kind)
    for piece in pieces:
        await view._batch(piece)
    assert await read(view) == said


@pytest.mark.parametrize("part", [1, 3])
async def test_whoever_comes_after_a_half_completes_it(
    keyspace: Keyspace, kind: Kind, events: Events, read: Read, part: int
) -> None:
    """Others cut the events otherwise than who died."""
    said = await expected(keyspace, kind, events, read)
    writes = _Writes()
    await writes.watch(keyspace.fresh(kind)).apply(events)
    for batches in cuts(events):
        view = keyspace.fresh(kind)
        for piece in writes.pieces[: len(writes.pieces) * part // 4]:
            await view._batch(piece)
        for batch in batches:
            await view.apply(batch)
        assert await read(view) == said


async def test_who_was_overtaken_changes_nothing(
    keyspace: Keyspace, kind: Kind, events: Events, told: Sequence[Envelope], read: Read
) -> None:
    """Somebody who has found where the view stands, and goes on when others are far beyond."""
    view = keyspace.fresh(kind)
    await view.apply(events)
    said = await read(view)
    for start in range(0, len(events), 3):
        if late := [event for event in events[start : start + 3] if event.changes]:
            await view._write(late, await view._known(late))
            assert await read(view) == said


async def test_who_has_read_and_was_overtaken_changes_nothing(
    keyspace: Keyspace, kind: Kind, events: Events, told: Sequence[Envelope], read: Read
) -> None:
    """Somebody who was frozen between reading and writing."""
    said = await expected(keyspace, kind, events, read)
    for start in range(0, len(events), 5):
        late = [event for event in events[start : start + 3] if event.changes]
        view = keyspace.fresh(kind)
        await view.apply(events[:start])
        known = await view._known(late)
        await view.apply(events[start:])
        if late:
            await view._write(late, known)
        assert await read(view) == said
