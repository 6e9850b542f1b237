"""The contract of views on SQLite, for the view of every projection, and what only this adapter promises."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from events.envelope import Envelope
from stores.ports.crash import Crash, CrashPoint, survive
from stores.ports.errors import UnavailableError
from stores.ports.log import Entry, Partition
from stores.ports.view import Folded, View
from stores.sqlite.likes import SqliteLikes
from stores.sqlite.view import SqliteView
from tests.contract.log import record
from tests.contract.view import Events, OpenView, Read, ViewContract, parked
from tests.property.stories import Story
from tests.property.subjects import SUBJECTS, Subject

_PARTITION = ("photolog.contract", 0)


@pytest.fixture(params=SUBJECTS, ids=lambda subject: subject.projection.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.param
    return found


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
    return [_folded(subject, offset, event) for offset, event in enumerate(told)]


def _folded(subject: Subject, offset: int, event: Envelope) -> Folded[Any]:
    return Folded(_PARTITION, offset, event.id, event.key, tuple(subject.projection.project(event)))


class _Opened:
    def __init__(self, subject: Subject, path: Path) -> None:
        self._subject, self.path, self._views = subject, path, list[SqliteView[Any]]()

    def __call__(self, crash: Crash) -> View[Any]:
        self._views.append(self._subject.open_view(self.path, crash))
        return self._views[-1]

    def close(self) -> None:
        for view in self._views:
            view.close()


@pytest.fixture
def open_view(subject: Subject, tmp_path: Path) -> Iterator[OpenView]:
    with closing(_Opened(subject, tmp_path / "view.db")) as opened:
        yield opened


@pytest.fixture
def open_other(subject: Subject, tmp_path: Path) -> Iterator[OpenView]:
    with closing(_Opened(subject, tmp_path / "other.db")) as opened:
        yield opened


class _Offsets:
    """Stands for the log where a view says at which offset something stands: the record there has the offset as its id."""

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        return [Entry(partition, first, record(id_=first))]


@pytest.fixture
def read(subject: Subject, told: list[Envelope]) -> Read:
    """Through the reader's port."""
    return lambda view: subject.read(view, told, _Offsets())


class TestSqliteViews(ViewContract):
    async def test_the_events_of_this_suite_change_something(
        self, view: View[Any], events: Events, read: Read
    ) -> None:
        empty = await read(view)
        await view.apply(events)
        assert await read(view) != empty

    async def test_a_full_disk_is_answered_and_passes(
        self, view: View[Any], events: Events, read: Read
    ) -> None:
        assert isinstance(view, SqliteView)
        empty = await read(view)
        writer = view._database.writer
        writer.execute(f"PRAGMA max_page_count = {writer.execute('PRAGMA page_count').fetchone()[0]}")
        huge = parked(events[0], "x" * 100_000)
        with pytest.raises(UnavailableError, match="full"):
            await view.apply([huge])
        assert await view.positions() == {}
        writer.execute("PRAGMA max_page_count = 1000000")
        assert await read(view) == empty
        await view.apply(events)
        assert (await view.positions())[_PARTITION].offset == events[-1].offset

    async def test_a_locked_file_is_answered_and_passes(self, view: View[Any], events: Events) -> None:
        assert isinstance(view, SqliteView)
        view._database.writer.execute("PRAGMA busy_timeout = 0")
        with closing(sqlite3.connect(view._database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(UnavailableError, match="locked"):
                await view.apply(events)
        await view.apply(events)
        assert (await view.positions())[_PARTITION].offset == events[-1].offset

    async def test_reads_go_on_while_it_is_written(
        self, open_view: OpenView, open_other: OpenView, events: Events, read: Read
    ) -> None:
        """Whoever reads between the writes of a transaction sees what was there before it."""
        untouched, beside = open_other(survive), list[object]()

        def look(point: CrashPoint) -> None:
            if point == "view.before_commit":
                beside.append(readers.submit(lambda: asyncio.run(_awaited(read(view)))).result())

        view = open_view(look)
        with ThreadPoolExecutor(1) as readers:
            await view.apply(events)
        assert beside == [await read(untouched)]
        assert await read(view) != beside[0]

    async def test_where_it_stands_is_known_in_the_middle_of_a_long_read(
        self, view: View[Any], events: Events
    ) -> None:
        """The projector asks while a request is still reading what was there before."""
        assert isinstance(view, SqliteView)
        await view.apply(events[:1])
        with closing(view._reader.execute("SELECT 1 FROM position UNION ALL SELECT 2")) as reading:
            reading.fetchone()
            await view.apply([parked(events[1], "broken")])
            assert (await view.positions())[_PARTITION].offset == 1
            assert await view.parked_keys() == {(_PARTITION[0], events[1].key)}
            assert [event.offset for event in await view.parked()] == [1]

    async def test_readers_do_not_wait_for_the_writer_to_ask_who_is_parked(self, view: View[Any]) -> None:
        """They share their thread with all requests."""
        assert isinstance(view, SqliteView)
        with view._database.transaction():
            assert not await view.is_parked(_PARTITION[0], "7")

    async def test_closing_waits_for_what_is_being_written(
        self, open_view: OpenView, open_other: OpenView, events: Events, read: Read
    ) -> None:
        closers = ThreadPoolExecutor(1)

        def close(point: CrashPoint) -> None:
            if point == "view.before_position":
                assert isinstance(view, SqliteView)
                asked.append(closers.submit(view.close))

        asked: list[object] = []
        view = open_view(close)
        with closers:
            await view.apply(events)
        assert await read(open_view(survive)) != await read(open_other(survive))


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        SqliteLikes(tmp_path / "no folder" / "view.db")


async def _awaited(answer: Awaitable[object]) -> object:
    return await answer
