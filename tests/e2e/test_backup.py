"""What `docs/guarantees.md` says about losing files and restoring them, done to a server that was stopped."""

import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import COMMAND, ServerProcess
from tests.e2e.world import PASSWORD, World, until

pytestmark = pytest.mark.embedded
_TIMEOUT_S = 60
_BACKED_UP = ("*.db", "*.db-wal", "secrets.json", "objects")


@pytest.fixture
def stopped(tmp_path: Path) -> tuple[Path, Any]:
    """The data folder of a server that was used, and a post as it was last read."""
    server = ServerProcess(tmp_path / "data")
    server.start()
    with closing(World(server.url)) as world:
        ada, grace = world.person("ada"), world.person("grace")
        post_id = ada.post("First light #sea")
        grace.follow(ada)
        grace.ok("PUT", f"/v1/posts/{post_id}/like")
        post = until(lambda: _settled(world.get(f"/v1/posts/{post_id}")))
    assert server.stop() == 0
    return server.data, post


def _settled(post: Any) -> Any:
    """The post once its renditions lie where those of public posts do."""
    return post if post["media"][0]["renditions"]["thumb"]["url"].startswith("/objects/public/") else None


def _serves(data: Path, post: Any) -> None:
    server = ServerProcess(data)
    server.start()
    with closing(World(server.url)) as world:
        until(lambda: sum(world.get("/readyz")["lag"].values()) == 0)
        assert world.get(f"/v1/posts/{post['id']}") == post
        found = world.get("/v1/search/posts", params={"q": "light"})["items"]
        assert [one["id"] for one in found] == [post["id"]]
        assert world.request("GET", post["media"][0]["renditions"]["thumb"]["url"]).status_code == 200
        login = {"login": post["author"]["username"], "password": PASSWORD}
        assert world.request("POST", "/v1/sessions", json=login).status_code == 201
    assert server.stop() == 0


def test_what_is_said_to_be_backed_up_is_enough(stopped: tuple[Path, Any], tmp_path: Path) -> None:
    """Views are not among it: they are folded again."""
    data, post = stopped
    restored = tmp_path / "restored"
    restored.mkdir()
    for path in (path for pattern in _BACKED_UP for path in data.glob(pattern)):
        copy = shutil.copytree if path.is_dir() else shutil.copy2
        copy(path, restored / path.name)
    _serves(restored, post)


def test_views_that_hold_what_the_log_does_not_stop_the_server(stopped: tuple[Path, Any]) -> None:
    data, _ = stopped
    for file in data.glob("log.db*"):
        file.unlink()
    command = [str(COMMAND), "serve", "--port", "0", "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S)
    assert done.returncode == 1
    assert "ForeignLogError" in done.stderr
