"""Likes counted exactly: from the topic to the rows and counts in Cassandra through a Faust worker, against the view by itself."""

import asyncio
import random
from collections.abc import Sequence
from time import perf_counter

from bench.batches import in_batches
from bench.distributed.bulk import Burst, burst, shares
from bench.distributed.system import System, caught_up
from bench.distributed.worker import Worker
from bench.measured import Measured
from events.ids import Ids, system_clock
from events.likes import PostLiked
from producers.command import Command
from projectors.likes import project
from projectors.step import ALONE_BATCH_COUNT
from runtime.cluster import Cluster
from stores.cassandra.likes import CassandraLikes
from stores.ports.likes import LikesChange
from stores.ports.view import Folded

_POSTS_COUNT = 5_000
_ZIPF = 1.1
_LIKES_COUNT = 20_000
_PEOPLE_COUNT = 100_000
_BARE_GENERATION = 999
_PARTITION = ("photolog.engagement", 0)


class _Likers:
    """Likes of people by chance; of the posts a few have most."""

    def __init__(self) -> None:
        self._ids = Ids(3, system_clock)
        self._posts = [self._ids.next() for _ in range(_POSTS_COUNT)]
        self._people = [self._ids.next() for _ in range(_PEOPLE_COUNT)]
        self._weights = [1 / (rank + 1) ** _ZIPF for rank in range(_POSTS_COUNT)]
        self._rnd = random.Random(11)

    def likes(self, count: int) -> list[PostLiked]:
        posts = self._rnd.choices(self._posts, self._weights, k=count)
        return [self._like(post_id, self._rnd.choice(self._people)) for post_id in posts]

    def _like(self, post_id: int, user_id: int) -> PostLiked:
        me = Command(user_id, system_clock(), self._ids.next(), self._ids)
        return PostLiked(**me.stamp(), post_id=post_id, author_id=self._people[0])


def measure(system: System, rounds: int, scale: float) -> list[Measured]:
    with system.working("likes") as (worker,):
        bursts, limits = asyncio.run(_measure(system, worker, int(_LIKES_COUNT * scale), rounds))
    what = f"likes counted exactly, Zipf {_ZIPF} over {_POSTS_COUNT:,} posts"
    against = f"the view by itself, batches of {ALONE_BATCH_COUNT:,}"
    ours = [b.per_second for b in bursts]
    return [
        Measured(what, "likes/s", ours, against, limits, "8,000/s a process"),
        *shares("likes counted", bursts),
    ]


async def _measure(
    system: System, worker: Worker, count: int, rounds: int
) -> tuple[list[Burst], list[float]]:
    likers = _Likers()
    async with system.connected() as cluster:
        await caught_up(cluster, "likes")
        bare = _bare(cluster)
        await bare.create()
        bursts, limits, first = [], [], 0
        for _ in range(rounds):
            likes = likers.likes(count)
            limits.append(count / await _applied(bare, first, likes))
            bursts.append(await burst(cluster, worker, likes))
            first += count
    return bursts, limits


def _bare(cluster: Cluster) -> CassandraLikes:
    """One more generation, which no worker knows."""
    view = cluster.view("likes", _BARE_GENERATION)
    assert isinstance(view, CassandraLikes)
    return view


async def _applied(view: CassandraLikes, first: int, likes: Sequence[PostLiked]) -> float:
    """Returns the seconds it took."""
    folded = [_folded(first + number, like) for number, like in enumerate(likes)]
    began = perf_counter()
    for some in in_batches(folded, ALONE_BATCH_COUNT):
        await view.apply(some)
    return perf_counter() - began


def _folded(offset: int, like: PostLiked) -> Folded[LikesChange]:
    return Folded(_PARTITION, offset, like.id, like.key, tuple(project(like)))
