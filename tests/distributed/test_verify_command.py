"""`photolog replay verify` on real services, of views in which much is wrong at once: it ends with status 1, and says where. The
workers that have fed them are gone, so that nothing is mended meanwhile.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

import orjson
import pytest
from cassandra.cluster import Session

from events.codec import encode
from events.envelope import Envelope
from events.graph import Followed
from events.ids import Ids
from events.likes import PostLiked
from events.saves import PostSaved
from projectors.catalogue import BY_NAME
from stores.cassandra.session import connect
from stores.kafka.log import KafkaLog
from stores.kafka.reader import KafkaLogReader
from stores.redis.feeds import RedisFeeds
from tests.distributed.planting import IN_LISTS, advance, last_of, lose, run_ahead, swap
from tests.distributed.redis import DIFFERING, emptied, opened
from tests.e2e.aftermath import behind
from tests.e2e.aftermath import opened as beside
from tests.e2e.cluster import Cluster
from tests.e2e.world import until
from tests.services.addresses import Addresses

FED = ("likes", "saves", "graph", "feeds")
PEOPLE, POSTS = range(1, 6), range(21, 27)
NEWCOMER, ANOTHER = 9, 10
_IDS = Ids(0)
_SAVES = next(listed for listed in IN_LISTS if listed.projection == "saves")


@dataclass(frozen=True)
class Planted:
    """Where it is, what is said of it, and an event that made what is not there, or is elsewhere."""

    kind: str
    key: int
    says: str
    event: str


class Differing:
    """A system in whose views nothing was wrong. `planted` are the differences by projection, once they are there."""

    def __init__(self, addresses: Addresses, cluster: Cluster) -> None:
        self.cluster = cluster
        self.planted: dict[str, Planted] = {}
        self._addresses = addresses
        self._bootstrap, self._namespace = (
            cluster.settings[f"PHOTOLOG_{name}"] for name in ("KAFKA", "NAMESPACE")
        )

    def fill(self) -> None:
        """Everybody likes and saves every post, and follows everybody else."""
        told = [
            *(_of(kind, user, post_id=post, author_id=1) for kind in (PostLiked, PostSaved)
              for user in PEOPLE for post in POSTS),
            *(_follow(user, other) for user in PEOPLE for other in PEOPLE if user != other),
        ]  # fmt: skip
        asyncio.run(self._append(told))
        with self.cluster.running(*FED):
            until(lambda: not asyncio.run(self._lacking()))

    async def _lacking(self) -> Sequence[str]:
        async with beside(self.cluster.settings) as place:
            return [said for said in await behind(place) if said.partition(":")[0] in FED]

    def plant(self) -> None:
        host, _, port = self._addresses.cassandra.rpartition(":")
        session = connect([host], int(port), self._namespace)
        try:
            asyncio.run(self._plant(session))
        finally:
            session.cluster.shutdown()

    async def _plant(self, session: Session) -> None:
        saver = swap(session, _SAVES)
        assert lose(session, "followers_latest_1") >= len(PEOPLE)
        like, follow = _of(PostLiked, NEWCOMER, post_id=POSTS[0], author_id=1), _follow(NEWCOMER, ANOTHER)
        await self._append([like, follow])
        reader = KafkaLogReader(self._bootstrap, self._namespace)
        ends = {name: await last_of(reader, BY_NAME[name].topics) for name in FED}
        await reader.close()
        advance(session, "likes", ends["likes"])
        async with opened(self._addresses, DIFFERING) as redis:
            await run_ahead(redis, RedisFeeds(redis, 1, 2).buckets, ends["feeds"])
        self.planted = {
            "saves": Planted("user", saver, "saves: wrong order", "post.saved"),
            "likes": Planted("post", POSTS[0], f"likers: missing {NEWCOMER}", f"post.liked {like.id}"),
            "feeds": Planted("user", NEWCOMER, f"following: missing {ANOTHER}", f"user.followed {follow.id}"),
        }  # fmt: skip

    async def _append(self, events: Sequence[Envelope]) -> None:
        log = KafkaLog(self._bootstrap, self._namespace)
        await log.append([encode(event, None) for event in events])
        await log.close()


def _of(kind: type[Envelope], user: int, **more: int) -> Envelope:
    at = datetime.now(UTC)
    return kind(id=_IDS.next(), occurred_at=at, actor_id=user, correlation_id=1, **more)  # type: ignore[arg-type]


def _follow(user: int, other: int) -> Envelope:
    return _of(Followed, user, follower_id=user, followed_id=other)


@pytest.fixture(scope="module")
def differing(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Differing:
    """Everything was found equal before anything was planted."""
    asyncio.run(_empty(addresses))
    folder = tmp_path_factory.mktemp("differing")
    made = Differing(addresses, Cluster(addresses, f"differing{token_hex(4)}", DIFFERING, folder))
    made.cluster.prepare()
    made.fill()
    equal = made.cluster.run("replay", "verify", *FED)
    assert equal.returncode == 0, equal.stdout + equal.stderr
    made.plant()
    return made


async def _empty(addresses: Addresses) -> None:
    async with emptied(addresses, DIFFERING):
        pass


@pytest.mark.timeout(300)
@pytest.mark.parametrize("projection", ["likes", "feeds", "saves"])
def test_it_says_where(differing: Differing, projection: str) -> None:
    """A position in Cassandra and the fences in Redis that ran ahead of what is there, and a list in a wrong order."""
    planted = differing.planted[projection]
    found = differing.cluster.run("replay", "verify", projection)
    assert found.returncode == 1, found.stdout + found.stderr
    assert f"generation 1, {planted.kind} {planted.key}: {planted.says}" in found.stdout
    assert planted.event in found.stdout
    assert "Traceback" not in found.stderr


@pytest.mark.timeout(300)
def test_it_says_of_each_what_was_lost_at_once(differing: Differing) -> None:
    """All rows of a table; and what was appended since is not in it, which is another matter."""
    found = differing.cluster.run("replay", "verify", "graph", "--json")
    assert found.returncode == 1, found.stdout + found.stderr
    told = orjson.loads(found.stdout)
    missing = {
        each["key"]: {way["how"]: way for way in each["ways"]}["missing"] for each in told["differences"]
    }
    assert set(missing) == {str(user) for user in PEOPLE}
    for user, way in missing.items():
        assert (way["way"], way["members"]) == ("followers", [str(n) for n in PEOPLE if str(n) != user])
    assert all(each["events"] for each in told["differences"])
    assert told["behind_count"] == 1
