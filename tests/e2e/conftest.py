"""One server process serves all of these tests; each test has people of its own (`world.person("ada")`)."""

from collections.abc import Iterator

import pytest

from tests.e2e.server import ServerProcess
from tests.e2e.world import World


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("server") / "data")
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture
def world(server: ServerProcess) -> Iterator[World]:
    found = World(server.url)
    yield found
    found.close()
