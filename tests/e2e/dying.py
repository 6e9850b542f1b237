"""`photolog` that kills itself in the middle of a replay, where it is told to: `python -P -m tests.e2e.dying ARGUMENTS`.

It builds in small batches, so that a short log has a middle, and says on standard error how much was there when it began. The lease
that it dies with runs out soon.
"""

import os
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any
from unittest.mock import patch

import runtime.beside
import runtime.operating
from replay.rebuild import Reached, Report, build, switch
from runtime.cli import main as photolog

COMMAND = (sys.executable, "-P", "-m", "tests.e2e.dying")
DIES_AT = "DIES_AT"
"""Per cent of the build, between two batches; the same and a crash point of the view, in the next batch; or a crash point of the
switch."""
BATCH_COUNT = 5
_LEASE_S = 2


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _crash(at: str, point: str) -> None:
    if point == at:
        _die()


async def _build(step: Any, log: Any, report: Report, *rest: Any, percent: int, point: str) -> None:
    said = "began"

    def told(reached: Reached) -> None:
        nonlocal said
        print(f"{said} at {reached.applied_count}", file=sys.stderr, flush=True)
        said = "stood"
        report(reached)
        if 100 * reached.applied_count >= percent * reached.goal_count:
            if not point:
                _die()
            step.view._crash = partial(_crash, point)

    await build(step, log, told, *rest)


def _lease() -> AbstractContextManager[object]:
    """An embedded system has none."""
    is_distributed = os.environ.get("PHOTOLOG_PROFILE") == "distributed"
    return patch("stores.cassandra.leases.LEASE_S", _LEASE_S) if is_distributed else nullcontext()


def main() -> None:
    at = os.environ[DIES_AT]
    percent, _, point = at.partition(" ")
    dying = partial(_build, percent=int(percent) if percent.isdecimal() else 101, point=point)
    with (
        patch.object(runtime.beside, "ALONE_BATCH_COUNT", BATCH_COUNT),
        patch.object(runtime.beside, "build", dying),
        patch.object(runtime.operating, "switch", partial(switch, crash=partial(_crash, at))),
        _lease(),
    ):
        photolog()


if __name__ == "__main__":
    main()
