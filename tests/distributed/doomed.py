"""`photolog` that is watched while it writes one generation, and dies where it is told to: `python -P -m tests.distributed.doomed
ARGUMENTS`.

It writes in small batches, so that a short log has a middle, and tells on standard error which events it hands to the generation's
view. A replay also tells when what it has built is ready, and waits for a word on standard input before it hands it over; the lease
that it dies with runs out soon.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any
from unittest.mock import patch

import orjson

import projectors.engines.faust
import projectors.step
import runtime.beside
import runtime.commands.replaying.rebuilding as rebuilding
import runtime.worker
import stores.redis.view
from runtime.cli import main as photolog
from runtime.cluster import Cluster
from stores.ports.crash import survive
from stores.ports.log import Partition
from stores.ports.view import Folded
from tests.distributed.chaos.worker import Fuse

COMMAND = (sys.executable, "-P", "-m", "tests.distributed.doomed")
GENERATION = "DOOMED_GENERATION"
DIES_AT = "DOOMED_DIES_AT"
"""`POINT:N`: when it passes the crash point of this generation's view for the Nth time. Without it, it lives."""
BATCH_COUNT = 5
_WORK_COUNT = 2
"""Less than a batch: Redis takes one in several calls, and half of it may be there."""
_LEASE_S = 2

READY = b"ready"
HANDED = b"handed "


def handed(line: bytes) -> list[tuple[Partition, int]]:
    """Partition and offset of each event that this line tells of."""
    if not line.startswith(HANDED):
        return []
    return [((topic, number), offset) for topic, number, offset in orjson.loads(line[len(HANDED) :])]


def _tell(line: bytes) -> None:
    sys.stderr.write(line.decode() + "\n")
    sys.stderr.flush()


async def _told(apply: Any, events: Sequence[Folded[Any]]) -> None:
    _tell(HANDED + orjson.dumps([(*event.partition, event.offset) for event in events]))
    await apply(events)


def _watched(
    opened: Callable[..., Any], fuse: Any, cluster: Cluster, projection: str, generation: int
) -> Any:
    view = opened(cluster, projection, generation)
    if generation == int(os.environ[GENERATION]):
        view._crash, view.apply = fuse, partial(_told, view.apply)
    return view


async def _handed_over(until_even: Any, *between: Any) -> None:
    _tell(READY)
    await asyncio.to_thread(sys.stdin.readline)
    await until_even(*between)


def main() -> None:
    told = os.environ.get(DIES_AT)
    fuse = Fuse(told) if told else survive
    small = (
        (runtime.worker, "ALONE_BATCH_COUNT", BATCH_COUNT),
        (runtime.beside, "ALONE_BATCH_COUNT", BATCH_COUNT),
        (projectors.engines.faust, "ALONE_BATCH_COUNT", BATCH_COUNT),
        (projectors.step, "BATCH_COUNT", BATCH_COUNT),
        (stores.redis.view, "WORK_COUNT", _WORK_COUNT),
    )
    with ExitStack() as stack:
        for module, name, value in small:
            stack.enter_context(patch.object(module, name, value))
        for name in ("view", "unserved"):
            opened = getattr(Cluster, name)
            watched = lambda *of, opened=opened: _watched(opened, fuse, *of)  # noqa: E731
            stack.enter_context(patch.object(Cluster, name, watched))
        stack.enter_context(
            patch.object(rebuilding, "until_even", partial(_handed_over, rebuilding.until_even))
        )
        stack.enter_context(patch("stores.cassandra.leases.LEASE_S", _LEASE_S))
        photolog()


if __name__ == "__main__":
    main()
