"""Commands of an operator beside a system that is read: how long they take, what memory they need, what readers notice."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from threading import Event

import psutil

from bench.ground import Ground
from bench.servers import PHOTOLOG, environment, load
from runtime.beside import Beside

_LOOK_EVERY_S = 0.2
"""Looking costs the system something too."""
_SAMPLE_EVERY_S = 1.0
_LEAST_SAMPLES_COUNT = 10
_LONGEST_S = 6 * 3600
_STUCK_S = 120
_TAIL_CHARACTERS = 2_000
_READS_PER_S = 50.0
_SLICE_S = 5.0
"""A percentile is of so many seconds of reads; who reads for longer has several."""


@dataclass(slots=True)
class Ran:
    """What a command took. `memory_bytes` are samples a second apart, `built_bytes` those of them taken during the build.

    Memory is the process's own. Pages of files that it maps are the kernel's to drop, and grow with the files.
    """

    seconds: float = 0.0
    built_s: float = 0.0
    memory_bytes: list[int] = field(default_factory=list)
    built_bytes: list[int] = field(default_factory=list)

    @property
    def grown_bytes(self) -> int | None:
        """By how much the second half of the build needed more than the first; None when it was too short to say."""
        half = len(self.built_bytes) // 2
        if len(self.built_bytes) < _LEAST_SAMPLES_COUNT:
            return None
        return max(self.built_bytes[half:]) - max(self.built_bytes[:half])


def run(ground: Ground, *words: str) -> Ran:
    """`photolog replay` with these words, among them the projection that is built, if one is. Raises RuntimeError when it fails."""
    with TemporaryFile() as told:
        command = [PHOTOLOG, "replay", *words, "--json"]
        settings = environment(ground.settings)
        process = subprocess.Popen(command, env=settings, cwd=ground.folder, stdout=told, stderr=told)
        try:
            ran = asyncio.run(_watch(ground, psutil.Process(process.pid), process.poll, words))
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            told.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {told.read().decode()[-_TAIL_CHARACTERS:]}")
    return ran


async def _watch(
    ground: Ground, process: psutil.Process, poll: Callable[[], int | None], words: Sequence[str]
) -> Ran:
    """A build lasts from the first look at which its generation is building to the first at which it is not any more: start-up and
    hand-over do not count.
    """
    ran, began_s = Ran(), time.monotonic()
    building_since_s, sampled_s = None, began_s - _SAMPLE_EVERY_S
    async with ground.beside() as system:
        while poll() is None:
            now_s = time.monotonic()
            if now_s > began_s + _LONGEST_S:
                raise TimeoutError(f"photolog replay {' '.join(words)} does not end")
            building = await _is_building(system, words)
            if building and building_since_s is None:
                building_since_s = now_s
            if not building and building_since_s is not None and not ran.built_s:
                ran.built_s = now_s - building_since_s
            if now_s >= sampled_s + _SAMPLE_EVERY_S and (own_bytes := _own_bytes(process)):
                sampled_s = now_s
                ran.memory_bytes.append(own_bytes)
                if building:
                    ran.built_bytes.append(own_bytes)
            await asyncio.sleep(_LOOK_EVERY_S)
    ran.seconds = time.monotonic() - began_s
    return ran


async def _is_building(system: Beside, names: Sequence[str]) -> bool:
    known = await system.registry.generations()
    return any(each.state == "building" and each.projection in names for each in known)


def _own_bytes(process: psutil.Process) -> int:
    """0 once it has ended."""
    try:
        memory = process.memory_info()
        return int(memory.rss - memory.shared)
    except psutil.NoSuchProcess:
        return 0


async def until_even(ground: Ground, tell: Callable[[str], None]) -> None:
    """Returns when every live view that is fed stands at the log's end. Raises TimeoutError when none gets on any more."""
    least, moved_s = None, time.monotonic()
    async with ground.beside() as system:
        while (behind := await _behind_count(system, ground.fed)) > 0:
            if least is None or behind < least:
                least, moved_s = behind, time.monotonic()
            if time.monotonic() > moved_s + _STUCK_S:
                raise TimeoutError(f"live views stay {behind:,} events behind the log")
            tell(f"waiting for live views, {behind:,} events behind")
            await asyncio.sleep(1)


async def _behind_count(system: Beside, names: Sequence[str]) -> int:
    return sum([(await system.standing(await system.live(name))).behind_count for name in names])


@contextmanager
def read(ground: Ground) -> Iterator[list[dict[str, float]]]:
    """While it lasts, and at least for a slice, somebody reads at a fixed rate; the list has what each slice took after it.

    Raises RuntimeError when a read fails.
    """
    found: list[dict[str, float]] = []
    over = Event()
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(_read, ground, over)
        try:
            yield found
        finally:
            over.set()
        found += reading.result()


def _read(ground: Ground, over: Event) -> list[dict[str, float]]:
    """A slice that began beside something and ended after it says nothing, if there are others."""
    found = [read_slice(ground)]
    while not over.is_set():
        found.append(read_slice(ground))
    return found[:-1] or found


def read_slice(ground: Ground) -> dict[str, float]:
    return load(ground.port, ground.reads(), _SLICE_S, _READS_PER_S)
