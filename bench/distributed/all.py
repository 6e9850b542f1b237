"""All benchmarks of the distributed set-up, one after the other, on servers of their own or on some that are named."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.distributed import fan_out, likes, pages, peer, seed, sizes, visible, writes
from bench.distributed.system import System
from bench.measured import Measured
from tests.services.stack import Stack, free_ports


def measure(
    services: Path | None,
    follows: Sequence[tuple[int, int]],
    rounds: int,
    seconds: float,
    scale: float,
    tell: Callable[[str], None],
) -> list[Measured]:
    """`tell` is told what is being done. `scale` is 1, or less for trying out whether everything works."""
    tell("starting servers")
    with tempfile.TemporaryDirectory(prefix="photolog-bench-") as folder, stack(services, folder) as running:
        system = System(running, Path(folder))
        tell("making a namespace")
        system.prepare()
        try:
            return _measured(system, follows, rounds, seconds, scale, tell)
        finally:
            system.wipe()


def _measured(
    system: System,
    follows: Sequence[tuple[int, int]],
    rounds: int,
    seconds: float,
    scale: float,
    tell: Callable[[str], None],
) -> list[Measured]:
    tell("seeding")
    seeded = seed.seed(system, follows)
    tokens = seed.sign_in(system, seeded.people[: seed.READERS_COUNT])
    tell("measuring pages")
    found = pages.measure(system, seeded, tokens, rounds, seconds)
    tell("measuring from like to visible")
    found += visible.measure(system, seeded, tokens, rounds, seconds)
    tell("measuring writes")
    found += writes.measure(system, seeded, tokens, rounds, seconds)
    tell("measuring the fan-out")
    delivered, crowd = fan_out.measure(system, rounds, scale)
    tell("measuring the peer")
    found += [*delivered, *peer.measure(system, delivered[0].ours, seconds)]
    tell("measuring likes")
    found += likes.measure(system, rounds, scale)
    tell("measuring sizes")
    return found + sizes.measure(system, crowd)


@contextmanager
def stack(services: Path | None, folder: str) -> Iterator[Stack]:
    """The servers that are named, or some in the folder, which are removed afterwards."""
    if services is not None:
        named = Stack(services, {})
        named.check()
        yield named
        return
    own = Stack(Path(folder, "services"), free_ports())
    try:
        own.start()
        yield own
    finally:
        own.wipe()
