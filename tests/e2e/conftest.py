"""One server process serves all of these tests; each test has people of its own (`world.person("ada")`)."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.e2e.cast import Cast, assemble
from tests.e2e.conformance import Conformance
from tests.e2e.forging import Secrets
from tests.e2e.server import STRICT, ServerProcess
from tests.e2e.stage import Stage, set_up
from tests.e2e.world import World


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("server") / "data")
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture(scope="session")
def conformance(server: ServerProcess) -> Conformance:
    return Conformance(httpx2.get(f"{server.url}/openapi.json").json())


@pytest.fixture
def world(server: ServerProcess, conformance: Conformance) -> Iterator[World]:
    """Every answer that its people get is held against the OpenAPI document."""
    found = World(server.url, conformance.check)
    yield found
    found.close()


@pytest.fixture(scope="session")
def cast(server: ServerProcess, conformance: Conformance) -> Iterator[Cast]:
    found = World(server.url, conformance.check)
    yield assemble(found)
    found.close()


@pytest.fixture(scope="session")
def stage(server: ServerProcess, conformance: Conformance) -> Iterator[Stage]:
    found = World(server.url, conformance.check)
    yield set_up(found)
    found.close()


@pytest.fixture(scope="session")
def secrets(server: ServerProcess) -> Secrets:
    return Secrets(server)


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server of its own with small limits, behind a proxy, for the pages of one origin."""
    process = ServerProcess(tmp_path_factory.mktemp("strict") / "data", STRICT)
    process.start()
    yield process
    assert process.stop() == 0
