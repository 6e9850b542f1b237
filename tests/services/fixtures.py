"""Real servers for tests. One that is missing is a failure, never a skip.

A conftest imports `stack` and `addresses` from here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.addresses import Addresses
from tests.services.stack import Stack, free_ports


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers of this run's own, which a test may kill, stop or pause as long as it brings them back. Their data does not stay."""
    found = Stack(tmp_path_factory.mktemp("services"), free_ports())
    try:
        found.start()
        yield found
    finally:
        found.wipe()


@pytest.fixture(scope="session")
def addresses(request: pytest.FixtureRequest) -> Addresses:
    """Of the stack that `--services` names, else of this run's own."""
    folder = request.config.getoption("--services")
    if folder is None:
        own: Stack = request.getfixturevalue("stack")
        return own.addresses
    named = Stack(Path(folder), {})
    named.check()
    return named.addresses
