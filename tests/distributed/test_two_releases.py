"""Servers of two releases side by side, of which the later one has another version of a fold: people who ask the one and people who
ask the other are told the same, before a replay, while it builds, after its switch, and after it is rolled back.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import orjson
import pytest

from tests.distributed.redis import TWO_RELEASES
from tests.e2e import newer
from tests.e2e.cluster import Cluster
from tests.e2e.server import GENEROUS, ServerProcess
from tests.e2e.world import Person, World, until
from tests.services.addresses import Addresses


@dataclass(frozen=True)
class Releases:
    """One system of which both releases run workers for likes and servers; everything else is the older one's."""

    old: Cluster
    new: Cluster
    servers: Sequence[ServerProcess]


@pytest.fixture
def releases(addresses: Addresses, tmp_path: Path) -> Iterator[Releases]:
    namespace = f"two{token_hex(4)}"
    clusters, servers = [], []
    for release, command in (("old", ()), ("new", newer.COMMAND)):
        folder = tmp_path / release
        folder.mkdir()
        chosen = (command,) if command else ()
        clusters.append(Cluster(addresses, namespace, TWO_RELEASES, folder, *chosen))
        servers.append(ServerProcess(folder / "data", GENEROUS | clusters[-1].settings, *chosen))
    old, new = clusters
    old.prepare()
    with old.running(), new.running("likes"):
        for server in servers:
            server.start()
        yield Releases(old, new, servers)
        for server in servers:
            assert server.stop() == 0


@pytest.mark.timeout(300)
def test_readers_of_both_releases_are_told_the_same(releases: Releases) -> None:
    old, new = releases.servers
    with closing(World(old.url)) as world, closing(World(new.url)) as other:
        ada, bob = world.person("ada"), world.person("bob")
        path = f"/v1/posts/{ada.post()}"
        likes = Likes((bob, Person(other, bob.id, bob.username, bob.token, bob.refresh_token)), path)
        likes.change_and_see()
        assert (due(old), due(new)) == ([], ["likes"])
        with likes.seen_all_the_while():
            switched = new.run("replay", "likes", "--json")
        assert switched.returncode == 0, switched.stderr
        likes.change_and_see()
        assert until(lambda: (due(old), due(new)) == (["likes"], []))
        with likes.seen_all_the_while():
            back = old.run("replay", "rollback", "likes", "--json")
        assert back.returncode == 0, back.stderr
        told = [
            {name: said[name] for name in ("from", "to")}
            for said in map(orjson.loads, (switched.stdout, back.stdout))
        ]
        assert told == [{"from": 1, "to": 2}, {"from": 2, "to": 1}]
        likes.change_and_see()
        assert until(lambda: (due(old), due(new)) == ([], ["likes"]))


class Likes:
    """Of one post by one person, who is at both servers and takes along what they have seen."""

    def __init__(self, at: Sequence[Person], path: str) -> None:
        self._at, self._path, self._likes = at, path, False

    def change_and_see(self) -> None:
        """At each server in turn; what was written at the one is read at the other."""
        for writer in self._at:
            writer.ok("DELETE" if self._likes else "PUT", f"{self._path}/like")
            self._likes = not self._likes
            for reader in self._at:
                reader.world.position = writer.world.position
                self.see(reader)

    def see(self, reader: Person) -> None:
        shown = reader.get(self._path)
        assert (shown["liked"], shown["counts"]["likes"]) == (self._likes, int(self._likes))

    @contextmanager
    def seen_all_the_while(self) -> Iterator[None]:
        with ThreadPoolExecutor(1) as pool:
            doing = True
            looking = pool.submit(self._change_while, lambda: doing)
            try:
                yield
            finally:
                doing = False
            looking.result()

    def _change_while(self, doing: Callable[[], bool]) -> None:
        while doing():
            self.change_and_see()


def due(server: ServerProcess) -> object:
    with closing(World(server.url)) as world:
        return world.get("/readyz")["rebuild_due"]
