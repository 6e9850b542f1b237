"""Where views stand is read together for all who ask at once, and each is told of its own."""

import asyncio
from typing import Any

import pytest

from stores.cassandra.comments import CassandraComments
from stores.cassandra.likes import CassandraLikes
from stores.cassandra.session import Row
from stores.cassandra.view import CassandraView
from stores.ports.errors import UnavailableError
from stores.ports.view import Folded, Position
from tests.distributed.cassandra import Keyspace

_AT = ("photolog.engagement", 0)


async def standing(keyspace: Keyspace) -> list[CassandraView[Any]]:
    """Two generations of likes and one of comments, each at another offset."""
    views = [
        keyspace.open(kind, keyspace.generation(kind))
        for kind in (CassandraLikes, CassandraLikes, CassandraComments)
    ]
    for number, view in enumerate(views):
        await view.apply([Folded(_AT, offset, 100 * number + offset, "a") for offset in range(number + 1)])
    return views


async def test_each_is_told_of_its_own_in_a_query_for_each_generation_number(
    keyspace: Keyspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = await standing(keyspace)
    asked: list[tuple[object, ...]] = []
    rows = keyspace.cassandra.rows

    async def counted(cql: str, *values: object) -> list[Row]:
        asked.append(values)
        return await rows(cql, *values)

    monkeypatch.setattr(keyspace.cassandra, "rows", counted)
    found = await asyncio.gather(*(view.positions() for view in (*views, *views)))
    assert found == [{_AT: Position(number, 101 * number)} for number in (0, 1, 2)] * 2
    names = [(sorted(projections), number) for projections, number in asked]  # type: ignore[call-overload]
    assert sorted(names, key=str) == [(["comments", "likes"], 1), (["likes"], 2)]


async def test_all_are_told_that_nobody_answers(keyspace: Keyspace, monkeypatch: pytest.MonkeyPatch) -> None:
    views = await standing(keyspace)

    async def away(*_: object) -> list[Row]:
        raise UnavailableError("away")

    monkeypatch.setattr(keyspace.cassandra, "rows", away)
    found = await asyncio.gather(*(view.positions() for view in views), return_exceptions=True)
    assert [type(each) for each in found] == [UnavailableError] * 3
