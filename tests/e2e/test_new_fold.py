"""A release in which a fold has a new version is started on the data of the one before it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.e2e import newer
from tests.e2e.server import GENEROUS, ServerProcess
from tests.e2e.world import Person, World, until

pytestmark = pytest.mark.embedded


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


class Seen:
    """What bob has done, and reads."""

    def __init__(self, data: Path) -> None:
        server = ServerProcess(data)
        server.start()
        with closing(World(server.url)) as world:
            bob = world.person("bob")
            self._post = bob.post()
            bob.ok("PUT", f"/v1/posts/{self._post}/like")
            assert bob.get(self.path)["counts"]["likes"] == 1
            self.token, self.position = bob.token, world.position
        assert server.stop() == 0
        self._bob = bob

    @property
    def path(self) -> str:
        return f"/v1/posts/{self._post}"

    @contextmanager
    def at(self, server: ServerProcess) -> Iterator[Person]:
        """He goes on where he was, at another server."""
        with closing(World(server.url)) as world:
            world.position = self.position
            yield Person(world, self._bob.id, self._bob.username, self.token, self._bob.refresh_token)

    def likes_count(self, server: ServerProcess) -> int:
        """As who has written nothing reads it."""
        with closing(World(server.url)) as world:
            count: int = world.get(self.path)["counts"]["likes"]
            return count


@pytest.fixture
def started(data: Path) -> Iterator[Any]:
    """Starts a server of one release after the other."""
    running: list[ServerProcess] = []

    def start(server: ServerProcess) -> ServerProcess:
        for before in running:
            assert before.stop() == 0
        running[:] = [server]
        server.start()
        return server

    yield start
    for server in running:
        assert server.stop() == 0


def status(server: ServerProcess) -> dict[int, tuple[str, int, bool]]:
    found = orjson.loads(server.run("replay", "status", "likes", "--json").stdout)
    return {each["generation"]: (each["state"], each["version"], each["rebuild_due"]) for each in found}


def due(server: ServerProcess) -> object:
    with closing(World(server.url)) as world:
        ready = world.get("/readyz")
        assert ready["ready"] is True
        return ready["rebuild_due"]


@pytest.mark.timeout(300)
def test_it_serves_what_it_has_says_that_a_rebuild_is_due_and_switches_to_it(
    data: Path, started: Any
) -> None:
    seen, old, new = Seen(data), newer.VERSION - 1, newer.VERSION
    release = started(ServerProcess(data, GENEROUS, newer.COMMAND))
    assert due(release) == ["likes"]
    assert '"rebuild due"' in release.log_path.read_text()
    assert status(release) == {1: ("live", old, True)}
    with seen.at(release) as bob:
        assert bob.get(seen.path)["counts"]["likes"] == 1
        bob.ok("DELETE", f"{seen.path}/like")
        bob.refused("GET", seen.path, 503, "not_caught_up")
        assert seen.likes_count(release) == 1

        replayed = release.run("replay", "likes", "--json")
        assert replayed.returncode == 0, replayed.stderr
        assert orjson.loads(replayed.stdout)["to"] == 2
        assert bob.get(seen.path)["counts"]["likes"] == 0
        assert due(release) == []
        assert status(release) == {1: ("replaced", old, False), 2: ("live", new, False)}
        refused = release.run("replay", "rollback", "likes")
        assert refused.returncode == 2
        assert f"made by version {old} of its fold" in refused.stderr
        bob.ok("PUT", f"{seen.path}/like")
        assert bob.get(seen.path)["counts"]["likes"] == 1

    before = started(ServerProcess(data))
    assert due(before) == ["likes"]
    back = before.run("replay", "rollback", "likes", "--json")
    assert orjson.loads(back.stdout) == {"projection": "likes", "from": 2, "to": 1}, back.stderr
    assert until(lambda: due(before) == [])
    assert seen.likes_count(before) == 1
