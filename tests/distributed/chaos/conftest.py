"""Systems for all faults of a seed, on servers of this run's own: a fault that leaves its system sound leaves it to the next one,
until it is old. Otherwise the next one begins anew. What is built again from a system's log is judged when its last fault is over.

`ROUNDS` says how many seeds there are, `SEED` which is the first: it is in the name of the test.
"""

import os
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from tests.distributed.chaos.scene import Scene
from tests.distributed.chaos.system import System
from tests.services.stack import Stack

_FIRST_SEED = int(os.environ.get("SEED", "20261124"))
_ROUND_COUNT = int(os.environ.get("ROUNDS", "1"))
_FIRST_REDIS_DB = 32
_TOLD_BYTES = 3_000


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With what failed comes what each process said last."""
    report = yield
    scene = item.funcargs.get("scene")
    if report.failed and isinstance(scene, Scene):
        for path in sorted(scene.system.folder.glob("*.log")):
            report.sections.append((path.name, path.read_bytes()[-_TOLD_BYTES:].decode(errors="replace")))
    return report


class Scenes:
    """The scene of one seed, made again when a fault has left it broken."""

    def __init__(self, stack: Stack, seed: int, folder: Path) -> None:
        self._stack, self._seed, self._folder = stack, seed, folder
        self._numbers = count(1)
        self._scene: Scene | None = None

    def sound(self) -> Scene:
        if self._scene is None or self._scene.is_over or not self._scene.is_sound:
            self.end()
            number = next(self._numbers)
            namespace = f"chaos{number}x{uuid4().hex[:12]}"
            folder = self._folder / f"{self._seed}-{number}"
            folder.mkdir()
            system = System(self._stack.addresses, namespace, _FIRST_REDIS_DB + number, folder)
            self._scene = Scene(self._stack, system, f"{self._seed} {number}")
            self._scene.begin()
        return self._scene

    def end(self) -> None:
        self._stack.start()  # whatever a fault has left dead
        if self._scene is not None:
            self._scene.end()


@pytest.fixture(scope="session", params=range(_FIRST_SEED, _FIRST_SEED + _ROUND_COUNT))
def seed(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@pytest.fixture(scope="session")
def scenes(seed: int, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenes]:
    found = Scenes(stack, seed, tmp_path_factory.mktemp("chaos"))
    try:
        yield found
    finally:
        found.end()


@pytest.fixture
def scene(scenes: Scenes, request: pytest.FixtureRequest) -> Scene:
    found = scenes.sound()
    found.is_over = _is_last(request.node)
    return found


def _is_last(item: pytest.Function) -> bool:
    """Whether it is the last one that asks for the scenes of its seed; those that do come one after the other."""
    seeds = {
        other: other.callspec.params["seed"]
        for other in item.session.items
        if isinstance(other, pytest.Function) and "scenes" in other.fixturenames
    }
    return item == [other for other, seed in seeds.items() if seed == seeds[item]][-1]


@pytest.fixture
def clean_scene(scenes: Scenes) -> Scene:
    """With nothing on the log that cannot be read: no replay would switch."""
    scene = scenes.sound()
    scene.is_sound = not scene.poisoned
    return scenes.sound()


@pytest.fixture
def random(seed: int, request: pytest.FixtureRequest) -> Random:
    return Random(f"{seed} {request.node.originalname}")
