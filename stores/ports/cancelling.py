"""Cancellations that libraries lose."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cancellation_heeded() -> Iterator[None]:
    """Around what the clients of Kafka and Redis do: they wait with `asyncio.wait_for`, which before Python 3.12 loses a
    cancellation that comes at the same time as a result.
    """
    task = asyncio.current_task()
    count = 0 if task is None else task.cancelling()
    try:
        yield
    finally:
        if task is not None and task.cancelling() > count:
            raise asyncio.CancelledError
