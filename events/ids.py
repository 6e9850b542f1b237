"""Ids: 64-bit Snowflakes that sort by time and are unique across processes and restarts.

Layout, high to low: 41 bits of milliseconds since 2026-01-01 UTC, 13 bits of shard, 10 bits of sequence; positive until 2060.
A shard is held by one running process and never by two at a time; who hands it out is not known here.
Ids say roughly when something was made. They never decide order: that is the log's offset.
"""

import threading
import time
from collections.abc import Callable
from typing import Annotated

from pydantic import Field, PlainSerializer

EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
SHARD_BITS = 13
SEQUENCE_BITS = 10
SHARD_COUNT = 1 << SHARD_BITS
MAX_ID = (1 << 63) - 1

Clock = Callable[[], int]
"""Milliseconds since 1970 UTC."""

Id = Annotated[int, Field(ge=1, le=MAX_ID), PlainSerializer(str, return_type=str, when_used="json")]
"""An id inside an event; a decimal string in JSON, because readers in other languages lose the low bits of large numbers."""


def system_clock() -> int:
    return time.time_ns() // 1_000_000


class Ids:
    """Makes ids for one shard; safe to call from several threads.

    A clock that steps back, or more than 1,024 ids in a millisecond, makes the ids run ahead of the clock: they stay unique and
    rising without waiting.
    """

    def __init__(self, shard: int, clock: Clock = system_clock) -> None:
        if not 0 <= shard < SHARD_COUNT:
            raise ValueError(f"shard {shard} is not in 0..{SHARD_COUNT - 1}")
        self._clock = clock
        self._shard = shard << SEQUENCE_BITS
        self._ms = 0
        self._sequence = 0
        self._lock = threading.Lock()

    def move(self, shard: int) -> None:
        """From now on these are the ids of another shard."""
        with self._lock:
            self._shard = shard << SEQUENCE_BITS

    def next(self) -> int:
        with self._lock:
            now = self._clock() - EPOCH_MS
            if now > self._ms:
                self._ms, self._sequence = now, 0
            else:
                self._sequence += 1
                if self._sequence >> SEQUENCE_BITS:
                    self._ms, self._sequence = self._ms + 1, 0
            return self._ms << (SHARD_BITS + SEQUENCE_BITS) | self._shard | self._sequence


def made_at_ms(id_: int) -> int:
    """Milliseconds since 1970 UTC at which the id was made."""
    return (id_ >> (SHARD_BITS + SEQUENCE_BITS)) + EPOCH_MS


def first_id_at(ms: int) -> int:
    """The least id that can be made at this millisecond (since 1970 UTC)."""
    return max(0, ms - EPOCH_MS) << (SHARD_BITS + SEQUENCE_BITS)
