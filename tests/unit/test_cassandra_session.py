"""Where Cassandra is looked for, and what becomes of a name that nobody knows."""

import socket
from typing import Any

import pytest

from stores.cassandra.schema import check
from stores.cassandra.session import connect
from stores.ports.errors import UnavailableError

NAME, PORT = "no-such-host.invalid", 9042


@pytest.fixture(autouse=True)
def _no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)


def test_a_name_that_nobody_knows_yet_is_waited_for_as_an_outage_is() -> None:
    """As while the containers of a system start."""
    with pytest.raises(UnavailableError):
        connect([NAME], PORT, None)


async def test_a_name_that_nobody_knows_is_one_line() -> None:
    (line,) = await check([NAME], PORT, "photolog", "SimpleStrategy:1")
    assert NAME in line
