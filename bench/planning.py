"""What capacity is planned from: figures that were measured, what is assumed, and how many of something that takes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.fan_out_simulation import World

_WORLD = World()


@dataclass(frozen=True, slots=True)
class Assumed:
    """Rates are means; a process is planned to be `used` so far at the `peak`, which is so many means. Cassandra and Kafka keep
    `copies`. A year has passed where things are kept for ever.
    """

    world: World = _WORLD
    likes_per_s: float = 11_500
    reads_per_s: float = 115_000
    photos_per_post: float = 1.5
    events_per_photo: float = 4
    requests_per_post: float = 4
    peak: float = 2
    used: float = 0.6
    copies: int = 3
    redis_node_bytes: float = 48e9
    redis_copies: int = 2
    cassandra_node_bytes: float = 2e12
    media_bytes_per_day: float = 200e12


class Figures:
    """`said` is what the benchmarks said: medians, by what was measured. Who puts figures in by hand says so in its `note`."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.all: Sequence[Mapping[str, Any]] = said["measured"]
        run = (
            f"Measured in {said['rounds']} rounds on {said['processors']} processors; graph: {said['graph']}."
        )
        self.basis: str = said.get("note", run)
        self._medians = {one["what"]: float(one["median"]) for one in self.all}

    def of(self, what: str) -> float:
        return self._medians[what]


def needed(rate: float, each: float, assumed: Assumed) -> int:
    return math.ceil(rate * assumed.peak / (each * assumed.used))


def power_of_two(least: float) -> int:
    return 1 << math.ceil(math.log2(least))
