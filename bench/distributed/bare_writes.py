"""What the drivers alone write in a second, to the same stores in the same minute: the most that a view there could take."""

import time

from cassandra.cluster import Session
from cassandra.concurrent import execute_concurrent_with_args
from redis import Redis

ROWS_ARE = "prepared inserts by the driver, 100 at a time"
ENTRIES_ARE = "ZADD by the client, 500 a round trip"
_ROWS_COUNT = 50_000
_ENTRIES_COUNT = 200_000
_AT_ONCE, _ON_A_TRIP = 100, 500
_TABLE = "CREATE TABLE IF NOT EXISTS bare_rows (a bigint, b bigint, c bigint, PRIMARY KEY (a, b))"
_INSERT = "INSERT INTO bare_rows (a, b, c) VALUES (?, ?, ?) USING TIMESTAMP ?"


def rows_per_second(session: Session) -> float:
    """Into a table of its own, which is dropped."""
    session.execute(_TABLE)
    insert = session.prepare(_INSERT)
    rows = [(number % 997, number, number, 2 * number + 3) for number in range(_ROWS_COUNT)]
    started = time.perf_counter()
    execute_concurrent_with_args(session, insert, rows, concurrency=_AT_ONCE)
    seconds = time.perf_counter() - started
    session.execute("DROP TABLE bare_rows")
    return _ROWS_COUNT / seconds


def entries_per_second(redis: Redis) -> float:
    """Into 997 sorted sets, which are deleted."""
    started = time.perf_counter()
    for first in range(0, _ENTRIES_COUNT, _ON_A_TRIP):
        pipeline = redis.pipeline(transaction=False)
        for number in range(first, first + _ON_A_TRIP):
            pipeline.zadd(f"bare:{number % 997}", {number.to_bytes(8): 0})
        pipeline.execute()
    seconds = time.perf_counter() - started
    redis.delete(*(f"bare:{number}" for number in range(997)))
    return _ENTRIES_COUNT / seconds
