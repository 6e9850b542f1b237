"""Processes that serve reads and processes that serve writes are one system to a client whose requests are divided by their method,
as the proxy of the Compose file divides them.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx2
import pytest

from tests.e2e.conformance import Conformance
from tests.e2e.conftest import MakeServer
from tests.e2e.operations import Operation, Things, operations
from tests.e2e.server import GENEROUS, ServerProcess
from tests.e2e.world import World

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(300)]

SHARED = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"}
"""Every process says how it is, and what it serves."""


class Divided(World):
    """Its people read here and write there, and carry their position to and fro."""

    def __init__(self, reads: str, writes: str, conformance: Conformance) -> None:
        super().__init__(writes, conformance.check)
        self._writes, self._reads = self.http, httpx2.Client(base_url=reads, timeout=30)

    def request(self, method: str, path: str, **more: Any) -> httpx2.Response:
        self.http = self._reads if method in ("GET", "HEAD") else self._writes
        return super().request(method, path, **more)

    def close(self) -> None:
        self._reads.close()
        self._writes.close()


@pytest.fixture(scope="module")
def halves(make_server: MakeServer) -> Iterator[dict[str, ServerProcess]]:
    """By what they serve."""
    found = {routes: make_server(routes, GENEROUS) for routes in ("read", "write")}
    for routes, process in found.items():
        process.start("--routes", routes)
    yield found
    assert [process.stop() for process in found.values()] == [0, 0]


@pytest.fixture
def divided(halves: dict[str, ServerProcess], conformance: Conformance) -> Iterator[Divided]:
    with closing(Divided(halves["read"].url, halves["write"].url, conformance)) as found:
        yield found


def test_what_was_written_at_one_is_read_at_the_other(divided: Divided) -> None:
    ada, bob = divided.person("ada"), divided.person("bob")
    bob.follow(ada)
    post = ada.post("low tide")
    assert bob.feed() == [post]
    path = f"/v1/posts/{post}"
    for _ in range(5):
        bob.ok("PUT", f"{path}/like")
        assert (bob.get(path)["liked"], ada.get(path)["counts"]["likes"]) == (True, 1)
        bob.ok("DELETE", f"{path}/like")
        assert (bob.get(path)["liked"], ada.get(path)["counts"]["likes"]) == (False, 0)


def test_what_the_other_one_serves_is_refused(
    halves: dict[str, ServerProcess], conformance: Conformance
) -> None:
    """405 where the path is served with other methods, else 404; whoever asks."""
    served = {routes: _served(process) for routes, process in halves.items()}
    whole = [operation for operation in operations(conformance.document) if operation.template not in SHARED]
    assert {str(operation) for operation in whole} == {str(one) for half in served.values() for one in half}
    for operation in whole:
        half = "write" if operation.method == "GET" else "read"
        others = {one.method for one in served[half] if one.template == operation.template}
        refused = httpx2.request(operation.method, halves[half].url + operation.path(Things()))
        wanted = (405, "method_not_allowed") if others else (404, "not_found")
        assert (refused.status_code, refused.json()["code"]) == wanted, operation
        if others:
            assert set(refused.headers["Allow"].split(", ")) - {"HEAD"} == others, operation


def _served(process: ServerProcess) -> list[Operation]:
    document = httpx2.get(f"{process.url}/openapi.json").json()
    return [operation for operation in operations(document) if operation.template not in SHARED]


def test_what_is_refused_is_not_carried_out(divided: Divided, halves: dict[str, ServerProcess]) -> None:
    ada = divided.person("ada")
    post = f"/v1/posts/{ada.post('as it is')}"
    with closing(World(halves["read"].url)) as reads, closing(World(halves["write"].url)) as writes:
        reads.position = writes.position = divided.position
        for method, path, more in (
            ("PUT", f"{post}/like", {}),
            ("PATCH", post, {"json": {"caption": "as it was"}}),
            ("DELETE", post, {}),
        ):
            assert reads.request(method, path, token=ada.token, **more).status_code in (404, 405), path
        assert writes.request("GET", post, token=ada.token).status_code == 405
    found = ada.get(post)
    assert (found["caption"], found["liked"], found["counts"]["likes"]) == ("as it is", False, 0)
