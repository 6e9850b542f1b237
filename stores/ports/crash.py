"""Crash points: named seams at durable boundaries, where tests end the process or unwind it as if it had died.

In production nothing happens at them. Each says what must hold when the work is taken up again.
"""

from collections.abc import Callable
from typing import Literal

CrashPoint = Literal[
    "log.before_commit",  # nothing of the append is on the log, and nobody was told that it is
    "log.after_commit",  # the append is on the log; its client does not know
    "step.before_apply",  # events were read and folded; the view stands where it stood
    "view.before_position",  # changes are written, the position is not: a view that is not atomic has to repeat them
    "view.before_commit",  # changes and position are written but not committed
    "view.after_commit",  # the view has advanced; nobody was told
    "release.before_commit",  # parked events are applied again but not committed: they are still parked
    "rebuild.before_switch",  # the new generation is complete; the old one is live
    "part.half_emptied",  # it takes nothing, and what it held is there or gone
    "rebuild.after_switch",  # the new generation is live; nobody was told
]

Crash = Callable[[CrashPoint], None]


def survive(point: CrashPoint) -> None:
    """What production does at a crash point."""
