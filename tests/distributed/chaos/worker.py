"""`photolog worker NAME` as it is, but for what it may be told: to kill itself somewhere, or that everything is delivered to it
several times. Its log tells the generations of its group, which count the changes of partitions.

Started by `system.System` as `python -P -m tests.distributed.chaos.worker NAME`.
"""

import logging
import os
import random
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import cast
from unittest.mock import patch

import runtime.reacting
import runtime.worker
from projectors.engines.lanes import Lanes
from runtime.commands.worker import worker
from stores.ports.crash import CrashPoint
from stores.ports.log import Entry

DIES_AT = "CHAOS_DIES_AT"
"""`POINT:N`: it dies when it passes the crash point for the Nth time."""
REPEATS = "CHAOS_REPEATS"
"""A seed: every event is delivered one to three times, in any order, and some again later."""
_KEPT_COUNT = 500


class Fuse:
    def __init__(self, told: str) -> None:
        point, _, number = told.partition(":")
        self._point = cast(CrashPoint, point)
        self._left_count = int(number)

    def __call__(self, point: CrashPoint) -> None:
        if point != self._point:
            return
        self._left_count -= 1
        if self._left_count == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class RepeatingLanes(Lanes):
    """As Kafka may deliver, and worse."""

    _random = random.Random(os.environ.get(REPEATS))
    _delivered: Sequence[Entry] = ()

    async def deliver(self, entries: Sequence[Entry]) -> None:
        times = [entry for entry in entries for _ in range(self._random.randint(1, 3))]
        self._random.shuffle(times)
        middle = len(times) // 2
        for some in (times[:middle], self._earlier(), times[middle:], times):
            await super().deliver(some)
        self._delivered = [*self._delivered, *entries][-_KEPT_COUNT:]

    def _earlier(self) -> Sequence[Entry]:
        count = min(len(self._delivered), self._random.randint(0, 50))
        return self._random.sample(self._delivered, count)


def main() -> None:
    logging.getLogger("aiokafka.consumer.group_coordinator").setLevel(logging.INFO)
    with ExitStack() as stack:
        if told := os.environ.get(DIES_AT):
            fuse = Fuse(told)
            for module, job in ((runtime.worker, "work"), (runtime.reacting, "react")):
                stack.enter_context(patch.object(module, job, partial(getattr(module, job), crash=fuse)))
        if REPEATS in os.environ:
            stack.enter_context(patch.object(runtime.worker, "Lanes", RepeatingLanes))
        worker([sys.argv[1]])


if __name__ == "__main__":
    main()
