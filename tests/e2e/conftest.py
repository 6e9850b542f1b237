"""One server serves all of these tests, of the set-up that `--set-up` names. Each test has people of its own:
`world.person("ada")`.

Tests that are about the data folder of an embedded server are marked `embedded`, those about what only several processes have
`distributed`, and left out for the other set-up.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import httpx2
import pytest

from tests.e2e.cast import Cast, assemble
from tests.e2e.cluster import Cluster
from tests.e2e.conformance import Conformance
from tests.e2e.forging import Secrets
from tests.e2e.server import GENEROUS, STRICT, ServerProcess
from tests.e2e.stage import Stage, set_up
from tests.e2e.world import World

MakeServer = Callable[[str, Mapping[str, str]], ServerProcess]
"""By a name for its folder, and its settings."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    other = "distributed" if config.getoption("--set-up") == "embedded" else "embedded"
    left_out = [item for item in items if item.get_closest_marker(other)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def make_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeServer]:
    """Servers of a distributed set-up share their services and their workers. What a failed test has left running ends here."""
    made: list[ServerProcess] = []
    shared: dict[str, str] = {}

    def make(name: str, settings: Mapping[str, str]) -> ServerProcess:
        made.append(ServerProcess(tmp_path_factory.mktemp(name) / "data", {**settings, **shared}))
        return made[-1]

    with ExitStack() as opened:
        if request.config.getoption("--set-up") == "distributed":
            folder = tmp_path_factory.mktemp("cluster")
            cluster = Cluster(request.getfixturevalue("addresses"), "e2e", 15, folder)
            cluster.prepare()
            opened.enter_context(cluster.running())
            shared |= cluster.settings
        yield make
        for process in made:
            if process.is_running:
                process.kill()


@pytest.fixture(scope="session")
def server(make_server: MakeServer) -> Iterator[ServerProcess]:
    process = make_server("server", GENEROUS)
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
def strict(make_server: MakeServer) -> Iterator[ServerProcess]:
    """A server of its own with small limits, behind a proxy, for the pages of one origin."""
    process = make_server("strict", STRICT)
    process.start()
    yield process
    assert process.stop() == 0
