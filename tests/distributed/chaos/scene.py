"""A system with people who use it, what they remember of it, and the judgement: nothing that was acknowledged is lost, every view
holds what the log says, and so does what is served.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4

import httpx2

from api.positions import PositionStrings
from events.topics import TOPICS
from runtime.beside import Place
from runtime.cluster import connected
from runtime.cluster_place import ClusterPlace
from runtime.objects import s3_address
from tests.distributed.chaos.bare import check_bare
from tests.distributed.chaos.load import RECOVERY_S, Load, under_load
from tests.distributed.chaos.rebuilt import check_rebuilt
from tests.distributed.chaos.served import check_known, check_newcomers, check_served
from tests.distributed.chaos.system import System
from tests.distributed.chaos.waiting import eventually
from tests.distributed.s3 import keys_in
from tests.e2e.aftermath import Offset, Told, behind
from tests.e2e.clients import Client, Mingler, Posts, Publisher, Registrar
from tests.e2e.cluster import SECRET
from tests.e2e.ledger import Ledger
from tests.e2e.outside import Outside, awaited, check_files, rested
from tests.e2e.positions import check_positions
from tests.e2e.reckoning import check_ledger
from tests.e2e.world import Person, World
from tests.property.stories import CAPTIONS
from tests.services.stack import Stack

_NAMES = ("ada", "bob", "cleo", "dov", "eve", "fay")
"""The last one only looks on."""
_ASKED_COUNT = 20
"""Each time it takes two seconds at most."""
_SIGNED_IN_COUNT, _LAST_SIGNED_IN_COUNT = 8, 40
"""So many of those who were registered sign in at each judgement, and at the last one: it takes a sixth of a second each."""
_OLD_S = 300
"""People are signed in for 15 minutes, and what a judgement takes grows with what was written."""


class _PatientWorld(World):
    """People who ask again when they are told that something is not there yet.

    What they ask has a key: without one, asking again to be registered is somebody else who wants the same name.
    """

    def request(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx2.Response:
        sent = {"Idempotency-Key": uuid4().hex} | (headers or {})
        for _ in range(_ASKED_COUNT):
            response = super().request(method, path, headers=sent, **more)
            if response.status_code != 503 or response.json()["code"] != "not_caught_up":
                break
        return response


class Scene:
    """`begin` first; needs `end`. `is_sound` says that the last judgement was passed and nothing was done since; `is_over`, that no
    fault comes any more after this one.
    """

    def __init__(self, stack: Stack, system: System, seed: str) -> None:
        self.stack, self.system = stack, system
        self.is_sound, self.is_over = True, False
        self.poisoned: set[Offset] = set()
        self._random = Random(seed)
        self._ledger = Ledger()
        self._world: World | None = None
        self._people: list[Person] = []
        self._posts: Posts = {}
        self._clients: list[Client] = []
        self._outside: Outside
        self._judged: Told | None = None
        self._begun_s = 0.0

    def begin(self) -> None:
        self._begun_s = time.monotonic()
        self.system.start()
        world = self._world = _PatientWorld(self.system.server.url)
        self._people = [world.person(name) for name in _NAMES]
        posts = self._posts = {person.post("dusk #harbor"): "" for person in self._people[:3]}
        users = [{"id": person.id, "token": person.token} for person in self._people]
        ids = [person.id for person in self._people]
        self._clients = [
            *(Mingler(self._ledger, user, self._fork(), posts, ids) for user in users[:-1]),
            *(Publisher(self._ledger, user, self._fork(), CAPTIONS, posts) for user in users[:2]),
            Registrar(self._ledger, self._fork(), ids[2]),
        ]

    def end(self) -> None:
        if self._world is not None:
            self._world.close()
        self.system.end()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        cluster = await connected(self.system.settings)
        keys = partial(keys_in, s3_address(self.system.settings))
        self._outside = Outside(cluster.reactor_positions, cluster.objects, keys)
        place = ClusterPlace(cluster)
        try:
            yield place
        finally:
            await place.close()

    def under_load(
        self, place: Place, random: Random, exempt: Collection[str] = ()
    ) -> AbstractAsyncContextManager[Load]:
        """The positions of exempt views may move back."""
        self.is_sound = False
        return under_load(self.system, place, self._clients, random, exempt)

    async def judge(self, place: Place, discarded: Collection[Offset] = ()) -> Told:
        """Returns what is on the log. Everything recovers by itself, within a time. What was discarded is parked no more.

        In the end, or when it is old, what is built again is judged as well; where something was discarded that is parked again.
        """
        lacking: list[str] = []

        async def stands_at_the_end() -> bool:
            await asyncio.to_thread(self.system.tend)
            ends = await place.log.ends(TOPICS)
            lacking[:] = [*await behind(place), *await awaited(ends, self._outside.reactors)]
            return not lacking

        async def rests() -> Told | None:
            return await rested(place, self._outside.reactors, discarded)

        await eventually(
            lambda: f"everything is at the log's end, but {lacking}", RECOVERY_S, stands_at_the_end
        )
        found = await eventually(lambda: "nobody appends", RECOVERY_S, rests)
        check_ledger(self._ledger, found)
        check_positions(self._ledger, found, PositionStrings(SECRET.encode()).open)
        assert {(entry.partition, entry.offset) for entry in found.unreadable} == self.poisoned
        await check_bare(self.system.settings, found)
        await check_files(found, self._outside)
        await asyncio.to_thread(self._check_served, found, _SIGNED_IN_COUNT)
        self._judged = found
        self.is_over |= time.monotonic() - self._begun_s > _OLD_S
        if self.is_over and not discarded:
            await self.judge_rebuilt()
        self.is_sound = True
        return found

    async def judge_rebuilt(self) -> None:
        """What is built from the log is the same as what was judged, if anything was, and serves as well. While nobody writes."""
        if self._judged is not None:
            self.is_sound = False
            await asyncio.to_thread(self._check_rebuilt, self._judged)
            self.is_sound = True

    def park(self, post_id: str) -> None:
        """What belongs to the post is going to wait behind what is no event."""
        self._ledger.parked.add(("post", post_id))

    def bystander(self) -> tuple[Person, str]:
        """Somebody who writes nothing else, and a post."""
        return self._people[-1], next(iter(self._posts))

    def _check_rebuilt(self, found: Told) -> None:
        check_rebuilt(self.system, found)
        assert self.system.server.stop() == 0  # who is started now serves what was built
        self.system.server.start()
        self._check_served(found, _LAST_SIGNED_IN_COUNT)

    def _check_served(self, found: Told, signed_in_count: int) -> None:
        world = self._people[0].world
        world.http.base_url = self.system.server.url
        check_served(self._people, found)
        newcomers = [post for post in self._ledger.acknowledged() if post.path == "/v1/accounts"]
        check_known(world, newcomers)
        chosen = self._random.sample(newcomers, min(signed_in_count, len(newcomers)))
        check_newcomers(world, chosen, found)

    def _fork(self) -> Random:
        return Random(self._random.random())
