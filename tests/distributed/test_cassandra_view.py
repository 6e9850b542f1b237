"""The contract of views on Cassandra, for the view of every projection that is kept there."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from events.envelope import Envelope
from stores.cassandra.accounts import CassandraAccounts
from stores.cassandra.comments import CassandraComments
from stores.cassandra.graph import CassandraGraph
from stores.cassandra.likes import CassandraLikes
from stores.cassandra.media import CassandraMedia
from stores.cassandra.names import CassandraNames
from stores.cassandra.saves import CassandraSaves
from stores.cassandra.timelines import CassandraTimelines
from stores.cassandra.view import CassandraView
from stores.ports.crash import Crash
from stores.ports.log import Entry, Partition
from stores.ports.view import Folded, View
from tests.contract.log import record
from tests.contract.view import Events, OpenView, Read, ViewContract
from tests.distributed.cassandra import KEYSPACE, Keyspace
from tests.property.stories import Story
from tests.property.subjects import SUBJECTS, Subject

_PARTITION = ("photolog.contract", 0)
VIEWS: Sequence[type[CassandraView[Any]]] = (
    CassandraLikes,
    CassandraComments,
    CassandraSaves,
    CassandraGraph,
    CassandraAccounts,
    CassandraNames,
    CassandraMedia,
    CassandraTimelines,
)


@pytest.fixture(params=VIEWS, ids=lambda view: view.PROJECTION)
def kind(request: pytest.FixtureRequest) -> type[CassandraView[Any]]:
    found: type[CassandraView[Any]] = request.param
    return found


@pytest.fixture
def subject(kind: type[CassandraView[Any]]) -> Subject:
    return next(subject for subject in SUBJECTS if subject.projection.name == kind.PROJECTION)


@pytest.fixture
def told(subject: Subject) -> list[Envelope]:
    """Every action of the projection on a few things."""
    random = Random(4)
    choices = [(n, random.randrange(4), random.randrange(4), random.randrange(8)) for n in range(32)]
    return [
        event
        for event in Story().tell(subject.actions, choices)
        if isinstance(event, subject.projection.events)
    ]


@pytest.fixture
def events(subject: Subject, told: list[Envelope]) -> list[Folded[Any]]:
    project = subject.projection.project
    return [Folded(_PARTITION, n, event.id, event.key, tuple(project(event))) for n, event in enumerate(told)]


def _opener(kind: type[CassandraView[Any]], keyspace: Keyspace) -> OpenView:
    number = keyspace.generation(kind)

    def open_again(crash: Crash) -> View[Any]:
        return keyspace.open(kind, number, crash)

    return open_again


@pytest.fixture
def open_view(kind: type[CassandraView[Any]], keyspace: Keyspace) -> OpenView:
    return _opener(kind, keyspace)


@pytest.fixture
def open_other(kind: type[CassandraView[Any]], keyspace: Keyspace) -> OpenView:
    return _opener(kind, keyspace)


class _Offsets:
    """Stands for the log where a view says at which offset something stands: the record there has the offset as its id."""

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        return [Entry(partition, first, record(id_=first))]


@pytest.fixture
def read(subject: Subject, told: list[Envelope]) -> Read:
    """Through the reader's port."""
    return lambda view: subject.read(view, told, _Offsets())


class TestCassandraViews(ViewContract):
    async def test_the_events_of_this_suite_change_something(
        self, view: View[Any], events: Events, read: Read
    ) -> None:
        empty = await read(view)
        await view.apply(events)
        assert await read(view) != empty


async def test_many_events_are_forgotten_a_batch_at_a_time(
    keyspace: Keyspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more than a batch can hold, none could be."""
    monkeypatch.setattr("stores.cassandra.view._FORGOTTEN_AT_ONCE", 2)
    view = keyspace.open(CassandraSaves, keyspace.generation(CassandraSaves))
    events: list[Folded[Any]] = [Folded(_PARTITION, n, n + 1, "a", parked="broken") for n in range(5)]
    await view.apply(events)
    batch, sizes = keyspace.cassandra.batch, []

    async def counted(statements: Sequence[Any]) -> None:
        sizes.append(len(statements))
        await batch(statements)

    monkeypatch.setattr(keyspace.cassandra, "batch", counted)
    await view.release(_PARTITION[0], "a", [replace(event, parked=None) for event in events])
    assert (sizes, await view.parked()) == ([2, 2, 1], [])


async def test_a_generation_that_was_dropped_is_gone_and_the_next_one_stays(keyspace: Keyspace) -> None:
    """With tables of its own, since those of other tests are used again."""
    one, other = (keyspace.open(CassandraSaves, number) for number in (901, 902))
    event: Folded[Any] = Folded(_PARTITION, 0, 1, "a", parked="broken")
    for view in (one, other):
        await view.create()
        await view.apply([event])
    for _ in range(2):
        await one.drop()
    assert (await one.positions(), await one.parked()) == ({}, [])
    assert [each.key for each in await other.parked()] == ["a"]
    tables = await keyspace.cassandra.rows(
        "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?", KEYSPACE
    )
    assert {name.rpartition("_")[2] for (name,) in tables} & {"901", "902"} == {"902"}
    await other.drop()
