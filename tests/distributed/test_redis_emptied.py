"""Redis is emptied while somebody writes and reads, and holds every answer against what was written: feeds and counts are right all
the while, a search finds the right posts or is told to wait.
"""

import asyncio
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from secrets import token_hex
from typing import Any

import orjson
import pytest

from projectors.catalogue import BY_NAME
from tests.distributed.redis import EMPTIED, emptied
from tests.e2e.cluster import Cluster
from tests.e2e.mirror import Mirror
from tests.e2e.server import GENEROUS, ServerProcess
from tests.e2e.world import World, until
from tests.services.addresses import Addresses

IN_REDIS = ("feeds", "search")
OTHERS = (*(name for name in BY_NAME if name not in IN_REDIS), "reactors")
_DOINGS_COUNT = 10
_TIMES_COUNT = 3
_PAUSE_S = 0.5
"""Between two rounds, so that commands get on beside them."""


class System:
    """The workers of what lies in Redis are apart, so that they can be away while it is empty. People live on it."""

    def __init__(self, addresses: Addresses, folder: Path) -> None:
        namespace = f"emptied{token_hex(4)}"
        for name in ("others", "in_redis", "api"):
            (folder / name).mkdir()
        self.others = Cluster(addresses, namespace, EMPTIED, folder / "others")
        self.in_redis = Cluster(addresses, namespace, EMPTIED, folder / "in_redis")
        self.server = ServerProcess(folder / "api" / "data", {**GENEROUS, **self.others.settings})
        self._addresses = addresses

    def empty(self) -> None:
        asyncio.run(self._empty())

    async def _empty(self) -> None:
        async with emptied(self._addresses, EMPTIED):
            pass

    @contextmanager
    def lived_in(self) -> Iterator[tuple[World, Mirror]]:
        self.server.start()
        try:
            with closing(World(self.server.url)) as world:
                people = [world.person(name) for name in ("ada", "bob", "cleo", "dan")]
                yield world, Mirror(people, Random(7))
        finally:
            assert self.server.stop() == 0


@pytest.fixture
def system(addresses: Addresses, tmp_path: Path) -> System:
    made = System(addresses, tmp_path)
    made.empty()
    made.others.prepare()
    return made


@pytest.mark.timeout(500)
def test_feeds_are_right_all_the_while_and_a_replay_brings_back_both(system: System) -> None:
    with system.others.running(*OTHERS), system.lived_in() as (world, mirror):
        with system.in_redis.running(*IN_REDIS):
            until(mirror.search)  # refused while the index is filled with what there was before it
            mirror.look_at_everything()
            for _ in range(_TIMES_COUNT):
                with ThreadPoolExecutor(1) as beside:
                    _live_until(beside.submit(system.empty), mirror)
            until(mirror.search)
        system.empty()
        for _ in range(_TIMES_COUNT):
            _live(mirror)
            mirror.look_at_feeds()
            assert not mirror.search()
            with _without_position(world):
                mirror.look_at_feeds()
                assert not mirror.search()
        with system.in_redis.running(*IN_REDIS):
            with ThreadPoolExecutor(1) as beside:
                operator = beside.submit(system.in_redis.run, "replay", *IN_REDIS, "--json")
                _live_until(operator, mirror)
            switched = [orjson.loads(line) for line in _well(operator.result()).splitlines()]
            assert [(each["projection"], each["from"], each["to"]) for each in switched] == [
                (projection, 1, 2) for projection in IN_REDIS
            ]
            _live(mirror)
            mirror.look_at_everything()
            assert mirror.search()
            _well(system.in_redis.run("replay", "verify", *IN_REDIS))


@contextmanager
def _without_position(world: World) -> Iterator[None]:
    """Who sends none is answered at once. What was read before has waited for what was written."""
    kept, world.position = world.position, None
    yield
    world.position = kept


def _live_until(done: "Future[Any]", mirror: Mirror) -> None:
    while not done.done():
        _live(mirror)
        mirror.look_at_feeds()
        mirror.search()
        wait([done], _PAUSE_S)


def _live(mirror: Mirror) -> None:
    mirror.post_or_delete()
    for _ in range(_DOINGS_COUNT):
        mirror.do()
        mirror.look_without_search()


def _well(ran: "subprocess.CompletedProcess[str]") -> str:
    """What was said by a command that went well."""
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
