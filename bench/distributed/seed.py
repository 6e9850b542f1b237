"""People with a past on the log, and sessions for some of them: who reads and writes in the benchmarks over HTTP."""

import asyncio
import random
from collections.abc import Sequence

from api.tokens import AccessTokens
from bench.batches import in_batches
from bench.distributed.bulk import append, encoded
from bench.distributed.system import SECRET, System, caught_up
from bench.seed import Seeded, Story
from events.ids import system_clock
from runtime.cluster import Cluster
from stores.ports.sessions import Session

POSTS_EACH = 5
READERS_COUNT = 200
READ = ("accounts", "graph", "timelines", "media", "feeds", "likes", "comments", "saves")
"""What a page of posts is read from."""
TOKENS = AccessTokens([SECRET.encode()], system_clock)
_AT_ONCE_COUNT = 10_000
_KEYS_AT_ONCE_COUNT = 1_000


def seed(system: System, follows: Sequence[tuple[int, int]]) -> Seeded:
    """Returns when the views that pages are read from have all of it."""
    story = Story(1 + max(map(max, follows)), follows, random.Random(7), POSTS_EACH)
    asyncio.run(write(system, story))
    with system.working(*READ):
        asyncio.run(_wait(system))
    return Seeded(story.people, tuple(story.posts))


def sign_in(system: System, people: Sequence[int]) -> list[str]:
    """An access token for each of these people, without passwords."""
    asyncio.run(_open_sessions(system, people))
    return [TOKENS.issue(person, person) for person in people]


async def make_keys(cluster: Cluster, people: Sequence[int]) -> None:
    await asyncio.gather(*map(cluster.keys.create, people))


async def write(system: System, story: Story) -> None:
    """Append all of it."""
    async with system.connected() as cluster:
        for people in in_batches(story.people, _KEYS_AT_ONCE_COUNT):
            await make_keys(cluster, people)
        for some in in_batches(story.events(), _AT_ONCE_COUNT):
            await append(cluster, await encoded(cluster, some))


async def _wait(system: System) -> None:
    async with system.connected() as cluster:
        await caught_up(cluster, *READ)


async def _open_sessions(system: System, people: Sequence[int]) -> None:
    now_ms = system_clock()
    async with system.connected() as cluster:
        for person in people:
            session = Session(person, person, "127.0.0.1", now_ms, now_ms)
            await cluster.sessions.open(session, person.to_bytes(32, "big"))
