"""Where views stand: a row for each partition of the log that a generation reads.

Whoever waits for several views asks for all of them again and again: those that are asked for at once are read together.
"""

import asyncio
from collections.abc import Sequence
from itertools import chain
from weakref import WeakKeyDictionary

from stores.cassandra.session import Cassandra
from stores.ports.log import Partition
from stores.ports.sharing import Asked, Limits, Shared
from stores.ports.view import Position

TABLE = """CREATE TABLE IF NOT EXISTS positions (
  projection text, generation int, topic text, partition int, offset bigint, event_id bigint,
  PRIMARY KEY ((projection, generation), topic, partition))"""
_OF_VIEWS = """SELECT projection, generation, topic, partition, offset, event_id FROM positions
               WHERE projection IN ? AND generation = ?"""
_LIMITS = Limits(requests_count=32, shared_count=16, weight=16)

View = tuple[str, int]
"""Projection and generation."""
Stands = dict[Partition, Position]
Question = tuple[Cassandra, View]

_SHARED: WeakKeyDictionary[Cassandra, Shared[Question, Stands]] = WeakKeyDictionary()


async def positions_of(cassandra: Cassandra, view: View) -> Stands:
    shared = _SHARED.get(cassandra)
    if shared is None:
        shared = _SHARED[cassandra] = Shared(_LIMITS, _read)
    return await shared.ask((cassandra, view), 1)


async def _read(asked: Sequence[Asked[Question, Stands]]) -> None:
    """In a query for each generation number, of which there are few: no partition is read that was not asked for."""
    cassandra, _ = asked[0].what
    projections: dict[int, set[str]] = {}
    for _, (projection, generation) in (each.what for each in asked):
        projections.setdefault(generation, set()).add(projection)
    lists = await asyncio.gather(
        *(cassandra.rows(_OF_VIEWS, list(names), generation) for generation, names in projections.items())
    )
    stands: dict[View, Stands] = {}
    for projection, generation, topic, number, offset, event_id in chain.from_iterable(lists):
        stands.setdefault((projection, generation), {})[topic, number] = Position(offset, event_id)
    for each in asked:
        each.answer(dict(stands.get(each.what[1], {})))
