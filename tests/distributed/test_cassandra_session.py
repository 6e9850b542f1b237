"""A session outlives its node: killed and started again, back under another address, or gone without a word."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stores.cassandra import session
from stores.cassandra.session import Cassandra, connect
from stores.ports.errors import UnavailableError
from tests.distributed.chaos.waiting import eventually
from tests.distributed.forwarder import Forwarder, forwarded
from tests.services.ports import HOST
from tests.services.stack import Stack, free_ports

pytestmark = pytest.mark.timeout(180)
NAME = "cassandra.example"
RECONNECTED_WITHIN_S = 10
"""The driver tries once a second by itself, and a node that has just begun takes its time on a machine that is busy."""
_LOOK_UP = socket.getaddrinfo
_QUERY = "SELECT release_version FROM system.local"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A node that these tests may treat badly."""
    stack = Stack(tmp_path_factory.mktemp("cassandra"), free_ports())
    stack.start("cassandra")
    yield stack
    stack.wipe("cassandra")


def port_of(own: Stack) -> int:
    return int(own.addresses.cassandra.rpartition(":")[2])


@asynccontextmanager
async def used(host: str, port: int) -> AsyncIterator[Cassandra]:
    """A session that has been in use."""
    cassandra = Cassandra(await asyncio.to_thread(connect, [host], port, None))
    try:
        await cassandra.rows(_QUERY)
        yield cassandra
    finally:
        await cassandra.close()


async def answers_soon(cassandra: Cassandra) -> None:
    await eventually(lambda: "an answer", RECONNECTED_WITHIN_S, lambda: cassandra.rows(_QUERY))


async def test_a_node_that_was_killed_is_found_within_seconds_of_its_first_answer(own: Stack) -> None:
    """Nobody asked anything meanwhile."""
    async with used(HOST, port_of(own)) as cassandra:
        await asyncio.to_thread(own.kill, "cassandra")
        await asyncio.to_thread(own.start, "cassandra")
        await answers_soon(cassandra)


async def test_a_node_that_comes_back_under_another_address_is_found(
    own: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with forwarded(port_of(own)) as before, forwarded(port_of(own)) as after:
        stands_for(before, monkeypatch)
        async with used(NAME, port_of(own)) as cassandra:
            await before.shut()
            with pytest.raises(UnavailableError):
                await cassandra.rows(_QUERY)
            stands_for(after, monkeypatch)
            await answers_soon(cassandra)


def stands_for(forwarder: Forwarder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the name is looked up as from now on."""

    def look_up(name: str, port: int, *rest: Any, **named: Any) -> Any:
        at = (HOST, forwarder.port) if name == NAME else (name, port)
        return _LOOK_UP(*at, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


async def test_a_node_that_vanished_without_a_word_is_given_up(
    own: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is found again, by new connections."""
    monkeypatch.setattr(session, "_HEARTBEAT_S", 1.0)
    monkeypatch.setattr(session, "_HEARTBEAT_TIMEOUT_S", 2.0)
    async with forwarded(port_of(own)) as forwarder, used(HOST, forwarder.port) as cassandra:
        forwarder.muted = True
        with pytest.raises(UnavailableError):
            await cassandra.rows(_QUERY)
        forwarder.muted = False  # what has lost an answer stays mute
        await answers_soon(cassandra)
