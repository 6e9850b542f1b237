"""The log's contract on SQLite, and what only this adapter promises."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from events.topics import ENGAGEMENT, TOPICS
from stores.ports.crash import Crash, CrashPoint, survive
from stores.ports.errors import UnavailableError
from stores.sqlite.log import PARTITION_COUNT, SqliteLog, SqliteLogReader
from tests.contract.log import LogContract, OpenLog, record, whole


class DiedError(BaseException):
    """The process died."""


def dying_at(point: CrashPoint) -> Crash:
    def crash(passed: CrashPoint) -> None:
        if passed == point:
            raise DiedError(point)

    return crash


class Gate:
    """A crash point at which the log's thread stops until it is let through; counts the commits."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()
        self.commit_count = 0

    def __call__(self, point: CrashPoint) -> None:
        if point == "log.before_commit":
            self.commit_count += 1
            self.reached.set()
            self.open.wait()


MakeLog = Callable[..., SqliteLog]


@pytest.fixture
def make_log(tmp_path: Path) -> Iterator[MakeLog]:
    opened: list[SqliteLog] = []

    def make(
        crash: Crash = survive, partition_count: int = PARTITION_COUNT, deadline_s: float = 5.0
    ) -> SqliteLog:
        log = SqliteLog(tmp_path / "log.db", partition_count, deadline_s, crash, failed=lambda _error: None)
        opened.append(log)
        return log

    yield make
    for log in opened:
        log.close()


@pytest.fixture
def open_log(make_log: MakeLog) -> OpenLog:
    return make_log


class TestSqliteLog(LogContract):
    async def test_the_partition_count_of_the_file_stays(self, make_log: MakeLog) -> None:
        make_log(partition_count=3)
        assert len(await make_log(partition_count=8).ends([ENGAGEMENT])) == 3

    async def test_what_died_before_the_commit_is_not_there(self, make_log: MakeLog) -> None:
        dying = make_log(dying_at("log.before_commit"))
        with pytest.raises(UnavailableError):
            await dying.append([record(id_=5)])
        assert await whole(make_log()) == []

    async def test_what_died_after_the_commit_is_there(self, make_log: MakeLog) -> None:
        dying = make_log(dying_at("log.after_commit"))
        with pytest.raises(UnavailableError):
            await dying.append([record(id_=5)])
        assert [entry.record.id for entry in await whole(make_log())] == [5]

    async def test_a_log_that_cannot_go_on_says_so_and_answers_everybody(self, tmp_path: Path) -> None:
        gate, told = Gate(), list[BaseException]()

        def crash(point: CrashPoint) -> None:
            gate(point)
            raise DiedError(point)

        with closing(SqliteLog(tmp_path / "log.db", crash=crash, failed=told.append)) as log:
            waiting = [asyncio.create_task(log.append([record(id_=n + 1)])) for n in range(3)]
            await asyncio.to_thread(gate.reached.wait)
            gate.open.set()
            results = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(result) for result in results] == [UnavailableError] * 3
            with pytest.raises(UnavailableError):
                await log.append([record(id_=9)])
        assert [type(error) for error in told] == [DiedError]

    async def test_a_record_that_no_log_can_hold_hangs_nobody(self, tmp_path: Path) -> None:
        told: list[BaseException] = []
        with (
            closing(SqliteLog(tmp_path / "log.db", failed=told.append)) as log,
            pytest.raises(UnavailableError),
        ):
            await log.append([record(id_=2**64)])
        assert [type(error) for error in told] == [OverflowError]

    async def test_nobody_is_answered_before_the_commit(self, make_log: MakeLog) -> None:
        gate = Gate()
        log = make_log(gate)
        append = asyncio.create_task(log.append([record(id_=5)]))
        await asyncio.to_thread(gate.reached.wait)
        await asyncio.to_thread(
            lambda: None
        )  # one round of the loop after everything the log's thread has sent
        assert not append.done()
        assert await whole(log) == []
        gate.open.set()
        await append
        assert len(await whole(log)) == 1

    async def test_appends_that_queue_up_share_a_commit(self, make_log: MakeLog) -> None:
        gate = Gate()
        log = make_log(gate)
        first = asyncio.create_task(log.append([record(id_=1)]))
        await asyncio.to_thread(gate.reached.wait)
        others = [asyncio.create_task(log.append([record(id_=n + 2)])) for n in range(20)]
        await asyncio.to_thread(lambda: None)
        gate.open.set()
        await asyncio.gather(first, *others)
        assert gate.commit_count == 2

    async def test_past_the_deadline_the_answer_is_unknown_and_the_event_may_come(
        self, make_log: MakeLog
    ) -> None:
        gate = Gate()
        log = make_log(gate, deadline_s=0.01)
        with pytest.raises(UnavailableError):
            await log.append([record(id_=5)])
        gate.open.set()
        log.close()
        assert [entry.record.id for entry in await whole(make_log())] == [5]

    async def test_closing_finishes_what_was_queued(self, make_log: MakeLog) -> None:
        log = make_log()
        appends = [asyncio.create_task(log.append([record(id_=n + 1)])) for n in range(10)]
        await asyncio.sleep(0)
        log.close()
        await asyncio.gather(*appends)
        assert len(await whole(make_log())) == 10

    async def test_a_full_disk_is_answered_and_passes(self, make_log: MakeLog) -> None:
        log = make_log()
        writer = log._database.writer
        writer.execute(f"PRAGMA max_page_count = {writer.execute('PRAGMA page_count').fetchone()[0]}")
        with pytest.raises(UnavailableError, match="full"):
            await log.append([record(id_=1, value=b"x" * 100_000)])
        writer.execute("PRAGMA max_page_count = 1000000")
        assert set((await log.append([record(id_=2)])).values()) == {0}
        assert [entry.record.id for entry in await whole(log)] == [2]

    async def test_a_locked_file_is_answered_and_passes(self, make_log: MakeLog, tmp_path: Path) -> None:
        log = make_log()
        log._database.writer.execute("PRAGMA busy_timeout = 0")
        with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(UnavailableError, match="locked"):
                await log.append([record(id_=1)])
        await log.append([record(id_=2)])
        assert [entry.record.id for entry in await whole(log)] == [2]

    async def test_survives_a_power_cut(self, make_log: MakeLog) -> None:
        """As far as the disk keeps its word: SQLite syncs the write-ahead log at every commit."""
        writer = make_log()._database.writer
        assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
        assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    async def test_listeners_hear_which_topics_grew_after_they_did(self, make_log: MakeLog) -> None:
        log = make_log()
        heard: list[set[str]] = []
        log.on_append(lambda topics: heard.append(set(topics)))
        await log.append([record(), record(topic=TOPICS[0])])
        log.close()
        assert heard == [{ENGAGEMENT, TOPICS[0]}]

    async def test_what_is_kept_in_memory_reads_like_what_is_not(
        self, make_log: MakeLog, tmp_path: Path
    ) -> None:
        log = make_log(partition_count=1)
        for first in range(0, 900, 90):
            await log.append([record(id_=first + n + 1) for n in range(90)])
        with closing(SqliteLogReader(tmp_path / "log.db")) as beside:
            for first in (0, 1, 399, 400, 401, 899, 900):
                for limit in (1, 7, 1_000):
                    at = (ENGAGEMENT, 0), first, limit
                    assert await log.read(*at) == await beside.read(*at)

    async def test_another_process_reads_while_this_one_appends(
        self, make_log: MakeLog, tmp_path: Path
    ) -> None:
        log = make_log()
        with closing(SqliteLogReader(tmp_path / "log.db")) as beside:
            await log.append([record(id_=1)])
            assert [entry.record.id for entry in await whole(beside)] == [1]  # type: ignore[arg-type]
            await log.append([record(id_=2)])
            ends = await beside.ends(TOPICS)
            assert ends == await log.ends(TOPICS)
            assert max(ends.values()) == 1
