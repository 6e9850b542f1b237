"""Projection benchmarks: rebuilding every view from the log, and fanning posts out to feeds."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.measured import Measured
from projectors.catalogue import BY_NAME
from projectors.step import Step
from replay.rebuild import build
from runtime.folder import Folder
from runtime.parts import view_makers
from runtime.settings import Settings
from stores.ports.feeds import FeedPost, FeedsChange, ReaderSeen
from stores.ports.graph import FollowSet
from stores.ports.view import Folded
from stores.sqlite.feeds import SqliteFeeds
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import SqliteLogReader
from stores.sqlite.state import open_state

_FOLLOWERS_COUNT = 39
_READERS_COUNT = 2_000
_POSTS_COUNT = 4_000
BARE_INSERTS = "SQLite, bare inserts of 2,000 a transaction"
_PARTITION = ("photolog.posts", 0)


def measure(folder: Path, rounds: int) -> list[Measured]:
    return [*_rebuilds(folder, rounds), _fan_out(folder, rounds)]


def _rebuilds(folder: Path, rounds: int) -> list[Measured]:
    """Events per second into each view; `all` is the events of the log over the time of all views one after the other."""
    rates: dict[str, list[float]] = {name: [] for name in (*BY_NAME, "all")}
    limits: list[float] = []
    for number in range(rounds):
        limits.append(rows_per_second(folder / f"rows{number}.db"))
        counts_seconds = asyncio.run(_rebuild_all(folder, number))
        for name, (count, seconds) in counts_seconds.items():
            rates[name].append(count / seconds)
        all_count = sum(count for count, _ in counts_seconds.values())
        rates["all"].append(all_count / sum(seconds for _, seconds in counts_seconds.values()))
    return [
        Measured(
            f"rebuild of {name}", "events/s", rate, BARE_INSERTS, limits, "20,000/s" if name == "all" else ""
        )
        for name, rate in rates.items()
    ]


async def _rebuild_all(folder: Path, number: int) -> dict[str, tuple[int, float]]:
    data = Folder(folder / "data")
    state = open_state(data.state)
    log = SqliteLogReader(data.log)
    found: dict[str, tuple[int, float]] = {}
    for name, open_view in view_makers(Settings(data=data.path)).items():
        view = open_view(folder / f"rebuild-{name}.{number}.db")
        step: Step[Any] = Step(BY_NAME[name], view, log, SqliteKeys(state))
        started = time.perf_counter()
        await build(step, log, lambda reached: None)
        found[name] = sum(offset + 1 for offset in step.positions.values()), time.perf_counter() - started
        view.close()
    log.close()
    state.close()
    return found


def rows_per_second(path: Path) -> float:
    """Bare inserts into a new file, 2,000 a transaction: the most that a view in SQLite could take."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE t (a INTEGER, b INTEGER, c INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID")
    started = time.perf_counter()
    for start in range(0, 200_000, 2_000):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO t VALUES (?,?,?)", [(n % 997, n, n) for n in range(start, start + 2_000)]
        )
        connection.execute("COMMIT")
    return 200_000 / (time.perf_counter() - started)


def _fan_out(folder: Path, rounds: int) -> Measured:
    """Entries written to feeds per second: readers with full feeds, authors with 39 followers each."""
    rates = [asyncio.run(_deliveries_per_second(folder / f"fan{number}.db")) for number in range(rounds)]
    return Measured(
        f"fan-out, {_FOLLOWERS_COUNT} followers, feeds full at 100", "deliveries/s", rates, "", (), ""
    )


async def _deliveries_per_second(path: Path) -> float:
    view = SqliteFeeds(path, cap=100, celebrity_threshold=100_000)
    readers: list[FeedsChange] = [ReaderSeen(user, 1) for user in range(1, _READERS_COUNT + 1)]
    edges: list[FeedsChange] = [
        FollowSet((author * 7 + n * 51) % _READERS_COUNT + 1, author, True, n + 1)
        for author in range(1, _READERS_COUNT + 1)
        for n in range(_FOLLOWERS_COUNT)
    ]
    offset = await _apply(view, 0, [*readers, *edges])
    offset = await _apply(view, offset, _posts(1))
    fresh = _posts(1 + _POSTS_COUNT)
    started = time.perf_counter()
    await _apply(view, offset, fresh)
    seconds = time.perf_counter() - started
    view.close()
    return _POSTS_COUNT * _FOLLOWERS_COUNT / seconds


def _posts(first: int) -> list[FeedsChange]:
    """The first fill the feeds beyond their cap, the next displace them."""
    return [FeedPost((first + n) << 23, n % _READERS_COUNT + 1) for n in range(_POSTS_COUNT)]


async def _apply(view: SqliteFeeds, offset: int, changes: Sequence[FeedsChange]) -> int:
    for start in range(0, len(changes), 2_000):
        some = changes[start : start + 2_000]
        await view.apply([Folded(_PARTITION, offset + n, 1, "k", (change,)) for n, change in enumerate(some)])
        offset += len(some)
    return offset
