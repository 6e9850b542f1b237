"""The fan-out of stream-framework-plus, as its own task does it: run by its environment's Python, without anything of Photolog.

Arguments: the port and the database of Redis, which is emptied; how many followers an author has; the cap of a feed; for how many
seconds. Feeds are filled to the cap before. Writes the deliveries per second. Its own tasks are called here without Celery, which
would only add to it.
"""

import random
import sys
import time
from datetime import datetime, timedelta
from typing import Any

import redis
from stream_framework import settings  # type: ignore[import-not-found]  # only in the peer's environment
from stream_framework.activity import Activity  # type: ignore[import-not-found]
from stream_framework.feed_managers.base import Manager, add_operation  # type: ignore[import-not-found]
from stream_framework.feeds.redis import RedisFeed  # type: ignore[import-not-found]
from stream_framework.verbs.base import Add  # type: ignore[import-not-found]

PEOPLE_COUNT = 200
_BEGINNING = datetime(2026, 1, 1)  # noqa: DTZ001 - it takes naive times


def main(port: int, db: int, followers_count: int, cap: int, seconds: float) -> None:
    settings.STREAM_REDIS_CONFIG["default"].update(host="127.0.0.1", port=port, db=db)
    client = redis.Redis(port=port, db=db)
    client.flushdb()
    feed = type("HomeFeed", (RedisFeed,), {"max_length": cap})
    _fill(feed, cap)
    manager, rnd, count = Manager(), random.Random(1), 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        number = cap + count // followers_count
        followers = rnd.sample(range(PEOPLE_COUNT), followers_count)
        arguments = {"activities": [_activity(number)], "trim": True}
        manager.fanout(followers, feed, add_operation, arguments)
        count += followers_count
    sys.stdout.write(f"{count / (time.perf_counter() - began)}\n")
    client.flushdb()


def _fill(feed: Any, cap: int) -> None:
    activities = [_activity(number) for number in range(cap)]
    for person in range(PEOPLE_COUNT):
        feed(person).add_many(activities, trim=False)


def _activity(number: int) -> Any:
    return Activity(1, Add, number + 1, time=_BEGINNING + timedelta(seconds=number))


if __name__ == "__main__":
    port, db, followers_count, cap = map(int, sys.argv[1:5])
    main(port, db, followers_count, cap, float(sys.argv[5]))
