"""What a step has done since it was made, in plain numbers. Counted in the step's thread, read in any; who shows them is not known
here.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class Timings:
    """How often something took at most each of BOUNDS_S, and not the one before; the last count is of what took longer."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds


@dataclass(slots=True)
class Tally:
    events_count: int = 0
    """Events that were applied or parked; most of them change nothing."""
    parked_count: int = 0
    gap_events_count: int = 0
    """Events that were not delivered and were read from the log."""
    waits_count: int = 0
    """How often a store was away and was waited for."""
    writes: Timings = field(default_factory=Timings)
    """How long the view's store took to take a batch."""
