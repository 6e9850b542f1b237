"""Workers of two releases side by side, of which the later one has another version of a fold: each feeds what its own fold made,
and nothing of the other's.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from secrets import token_hex

import orjson
import pytest

from events.codec import encode
from events.topics import ENGAGEMENT
from runtime.beside import Beside
from stores.kafka.log import KafkaLog
from tests.distributed.redis import UNUSED
from tests.e2e import newer
from tests.e2e.aftermath import opened
from tests.e2e.cluster import Cluster
from tests.e2e.world import until
from tests.services.addresses import Addresses
from tests.unit.stepping import acts

POSTS_COUNT = 24
OLD, NEW = newer.VERSION - 1, newer.VERSION


@dataclass(frozen=True)
class Stands:
    """Where a generation stands, and by which version of the fold it was made."""

    state: str
    version: int
    behind_count: int


class Likes:
    """One system with the workers for likes of two releases, and somebody new who likes every post now and then."""

    def __init__(self, addresses: Addresses, folder: Path) -> None:
        namespace = f"fold{token_hex(4)}"
        for release in ("old", "new"):
            (folder / release).mkdir()
        self.old = Cluster(addresses, namespace, UNUSED, folder / "old")
        self.new = Cluster(addresses, namespace, UNUSED, folder / "new", newer.COMMAND)
        self._users = count(1)

    def append(self) -> None:
        """To every partition."""
        asyncio.run(self._append(next(self._users)))

    async def _append(self, user: int) -> None:
        log = KafkaLog(self.old.settings["PHOTOLOG_KAFKA"], self.old.settings["PHOTOLOG_NAMESPACE"])
        told = [("like", user, post) for post in range(1, POSTS_COUNT + 1)]
        await log.append([encode(event, None) for event in acts(*told)])
        ends = await log.ends((ENGAGEMENT,))
        await log.close()
        assert min(ends.values()) >= 0

    def stand(self) -> Mapping[int, Stands]:
        """By number of the generation."""
        return asyncio.run(self._stand())

    async def _stand(self) -> Mapping[int, Stands]:
        async with opened(self.old.settings) as place:
            system = Beside(place)
            found = [await system.standing(each) for each in await system.generations("likes")]
        return {
            each.generation.number: Stands(each.generation.state, each.generation.version, each.behind_count)
            for each in found
        }

    def until_even(self, number: int) -> None:
        """Until the generation has everything."""
        until(lambda: self.stand()[number].behind_count == 0)

    def fed(self, release: Cluster) -> set[int]:
        """The generations that the workers of this release have ever begun to feed."""
        return {said["generation"] for said in release.said("feeding")}


@pytest.fixture
def likes(addresses: Addresses, tmp_path: Path) -> Likes:
    made = Likes(addresses, tmp_path)
    made.old.prepare()
    return made


@pytest.mark.timeout(300)
def test_each_release_feeds_what_its_own_fold_has_made(likes: Likes) -> None:
    old, new = likes.old, likes.new
    likes.append()
    with old.running("likes"), new.running("likes"):
        likes.append()
        likes.until_even(1)
        assert likes.stand() == {1: Stands("live", OLD, 0)}
        assert [said["version"] for said in new.said("rebuild due")] == [NEW]
        assert (likes.fed(old), likes.fed(new)) == ({1}, set())

        replayed = new.run("replay", "likes", "--json")
        assert replayed.returncode == 0, replayed.stderr
        told = orjson.loads(replayed.stdout)
        assert (told["from"], told["to"]) == (1, 2)
        likes.append()
        for number in (1, 2):
            likes.until_even(number)
        assert likes.stand() == {1: Stands("replaced", OLD, 0), 2: Stands("live", NEW, 0)}
        assert (likes.fed(old), likes.fed(new)) == ({1}, {2})
        until(lambda: [said["version"] for said in old.said("rebuild due")] == [OLD])
    for number in (1, 2):
        verified = new.run("replay", "verify", "likes", "--generation", str(number))
        assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.timeout(300)
def test_nobody_feeds_what_another_fold_has_made(likes: Likes) -> None:
    """Not even when those who fed it are gone."""
    old, new = likes.old, likes.new
    with old.running("likes"):
        likes.append()
        likes.until_even(1)
    with new.running("likes"):
        likes.append()
        assert new.run("replay", "likes").returncode == 0
        likes.append()
        likes.until_even(2)
        lacking = Stands("replaced", OLD, 2 * POSTS_COUNT)
        assert likes.stand() == {1: lacking, 2: Stands("live", NEW, 0)}
        refused = new.run("replay", "rollback", "likes")
        assert refused.returncode == 2
        assert f"made by version {OLD} of its fold" in refused.stderr
    likes.append()
    with old.running("likes"):
        likes.until_even(1)
        back = old.run("replay", "rollback", "likes", "--json")
        assert back.returncode == 0, back.stderr
        assert orjson.loads(back.stdout) == {"projection": "likes", "from": 2, "to": 1}
        assert likes.stand() == {1: Stands("live", OLD, 0), 2: Stands("replaced", NEW, POSTS_COUNT)}
    assert (likes.fed(old), likes.fed(new)) == ({1}, {2})
