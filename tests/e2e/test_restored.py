"""What `docs/operations.md` says about backing up a distributed system, done to one that others have used a lot."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import httpx2
import pytest

from tests.distributed.redis import RESTORED
from tests.e2e.aftermath import settings_of
from tests.e2e.cluster import Cluster
from tests.e2e.restoring import backed_up_tables, restore
from tests.e2e.server import GENEROUS, ServerProcess
from tests.e2e.test_replay import without_urls
from tests.e2e.world import PASSWORD, Person, World, until
from tests.services.addresses import Addresses

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(300)]


def test_what_is_said_to_be_backed_up_is_enough(
    world: World, server: ServerProcess, addresses: Addresses, tmp_path: Path
) -> None:
    """Who was logged in still is, with the same position; a retry is still the same request."""
    assert {"secrets", "credentials", "idempotency_keys"} <= {*backed_up_tables()}  # one of each of the rows
    ada, bob = world.person("ada"), world.person("bob")
    bob.follow(ada)
    post = ada.post(f"First light{world.number} #Sea")
    bob.ok("PUT", f"/v1/posts/{post}/like")
    bob.ok("PUT", f"/v1/posts/{post}/save")
    key = token_hex(8)
    said = _say(bob, post, key)
    seen = _seen(bob, ada, post)

    copy = Cluster(addresses, f"restored{token_hex(4)}", RESTORED, tmp_path)
    copy.prepare()
    restore(settings_of(server.settings), settings_of(copy.settings))
    with copy.running(), _served(copy, tmp_path) as process:
        world.http.base_url = process.url
        until(lambda: _has_caught_up(process))
        until(lambda: world.request("GET", "/v1/search/tags?q=sea").status_code == 200)
        assert _seen(bob, ada, post) == seen
        assert _say(bob, post, key) == said
        thumb = bob.get(f"/v1/posts/{post}")["media"][0]["renditions"]["thumb"]
        assert world.http.get(thumb["url"]).headers["content-type"] == thumb["content_type"]
        login = {"login": f"{ada.username}@example.org", "password": PASSWORD}
        assert world.request("POST", "/v1/sessions", json=login).status_code == 201
        refreshed = world.request("POST", "/v1/sessions/refresh", json={"refresh_token": bob.refresh_token})
        assert refreshed.status_code == 200
        newer = ada.post("Last light")
        assert bob.feed() == [newer, post]


@contextmanager
def _served(system: Cluster, folder: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(folder / "data", {**GENEROUS, **system.settings})
    process.start()
    try:
        yield process
    finally:
        assert process.stop() == 0


def _say(person: Person, post: str, key: str) -> object:
    path, headers = f"/v1/posts/{post}/comments", {"Idempotency-Key": key}
    return person.ok("POST", path, 201, headers=headers, json={"text": "lovely"})


def _has_caught_up(process: ServerProcess) -> bool:
    answer = httpx2.get(f"{process.url}/readyz")
    return answer.status_code == 200 and sum(answer.json()["lag"].values()) == 0


def _seen(me: Person, author: Person, post: str) -> object:
    paths = (f"/v1/posts/{post}", "/v1/feed", "/v1/me", f"/v1/users/{author.id}", f"/v1/posts/{post}/comments",
             f"/v1/posts/{post}/likes", "/v1/me/saves", f"/v1/search/posts?q=light{me.world.number}",
             f"/v1/users/{author.id}/followers", "/v1/sessions")  # fmt: skip
    return [without_urls(me.get(path)) for path in paths]
