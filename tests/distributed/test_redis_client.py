"""What becomes of a Redis that is away, slow, full or busy; and that nothing is sent twice by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import urlsplit

import pytest
import uvloop
from redis import exceptions
from redis.asyncio import Redis

from stores.ports.errors import StoreError, UnavailableError
from stores.redis import client
from stores.redis.client import Script, answering, connect
from tests.distributed.forwarder import HOST, Forwarder, forwarded
from tests.services.stack import Stack, free_ports

_SET = Script("filled.lua")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A server that tests may pause, kill and configure."""
    found = Stack(tmp_path_factory.mktemp("redis"), free_ports())
    found.start("valkey")
    yield found
    found.wipe("valkey")


@pytest.fixture
async def redis(own: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Redis]:
    monkeypatch.setattr(client, "_REPLY_TIMEOUT_S", 0.5)
    async with connect(own.addresses.redis) as found:
        await found.flushdb()
        yield found


async def test_nobody_answers(own: Stack, redis: Redis) -> None:
    with own.without("valkey"), pytest.raises(UnavailableError), answering():
        await redis.set("a", 1)


async def test_a_server_that_was_killed_fails_nobody_who_comes_afterwards(own: Stack, redis: Redis) -> None:
    """Connections that were idle meanwhile are known to be broken before anybody uses one."""
    await asyncio.gather(*(redis.ping() for _ in range(5)))
    await _SET.run(redis, b"{a}", 1)
    await asyncio.to_thread(_restart, own)
    assert await _SET.run(redis, b"{a}", 1) == 1
    await asyncio.gather(*(redis.ping() for _ in range(5)))


def _restart(own: Stack) -> None:
    with own.without("valkey"):
        pass


LOOPS = pytest.mark.parametrize(
    "loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
"""The API runs on the second, and workers on the first."""


@LOOPS
def test_connections_that_were_reset_fail_nobody_who_comes_afterwards(
    own: Stack, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """As a balancer does with those it has forgotten: they end with an error, not with an end."""

    async def main() -> None:
        async with forwarded(_port(own)) as forwarder, connect(_url(forwarder)) as redis:
            await asyncio.gather(*(redis.ping() for _ in range(5)))
            await _SET.run(redis, b"{a}", 1)
            await _reset(forwarder)
            assert await _SET.run(redis, b"{a}", 1) == 1
            await asyncio.gather(*(redis.ping() for _ in range(5)))

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


@LOOPS
def test_a_connection_that_is_reset_when_it_was_chosen_is_a_store_that_is_away(
    own: Stack, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def main() -> None:
        async with (
            forwarded(_port(own)) as forwarder,
            connect(_url(forwarder)) as redis,
            redis.client() as chosen,
        ):
            await chosen.ping()
            await _reset(forwarder)
            with pytest.raises(UnavailableError), answering():
                await chosen.ping()
            assert await chosen.ping()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


def _port(own: Stack) -> int:
    return urlsplit(own.addresses.redis).port or 0


def _url(forwarder: Forwarder) -> str:
    return f"redis://{HOST}:{forwarder.port}/0"


async def _reset(forwarder: Forwarder) -> None:
    """Returns when all who are connected can know."""
    reader, writer = await asyncio.open_connection(HOST, forwarder.port)
    writer.write(b"PING\r\n")
    await reader.readline()
    await forwarder.reset()
    with pytest.raises(ConnectionResetError):
        await reader.read()


async def test_no_reply_in_time_and_nothing_is_sent_again(own: Stack, redis: Redis) -> None:
    await redis.ping()
    with own.paused("valkey"), pytest.raises(UnavailableError), answering():
        await redis.incr("a")
    assert await redis.get("a") == b"1"


async def test_a_full_server(redis: Redis) -> None:
    await redis.config_set("maxmemory", 1)
    with pytest.raises(UnavailableError):
        await _SET.run(redis, b"{a}", 1)
    with pytest.raises(UnavailableError), answering():
        await redis.set("a", 1)
    await redis.config_set("maxmemory", 0)
    assert await _SET.run(redis, b"{a}", 1) == 1


async def test_a_server_that_is_busy_with_a_script(own: Stack, redis: Redis) -> None:
    await redis.config_set("busy-reply-threshold", 1)
    async with connect(own.addresses.redis) as other:
        endless = asyncio.ensure_future(other.eval("while true do end", 0))
        with pytest.raises(UnavailableError, match="BUSY"):
            await _ping_for_ever(redis)
        await redis.script_kill()
        with pytest.raises(StoreError), answering():
            await endless
    await redis.config_set("busy-reply-threshold", 5_000)


async def _ping_for_ever(redis: Redis) -> None:
    with answering():
        while True:
            await redis.ping()


async def test_a_server_that_follows_another(redis: Redis) -> None:
    await redis.replicaof("127.0.0.1", 1)
    with pytest.raises(UnavailableError), answering():
        await redis.set("a", 1)
    await redis.replicaof("NO", "ONE")


async def test_a_wrong_command_is_no_outage(redis: Redis) -> None:
    await redis.set("a", 1)
    with pytest.raises(StoreError, match="WRONGTYPE") as raised, answering():
        await redis.hget("a", "b")
    assert not isinstance(raised.value, UnavailableError)


async def test_a_wrong_password_is_waited_for_as_an_outage_is(own: Stack, redis: Redis) -> None:
    """It is nobody's event's fault, and is mended where Redis is."""
    await redis.config_set("requirepass", "right")
    async with connect(own.addresses.redis.replace("//", "//:wrong@")) as other:
        with pytest.raises(UnavailableError, match="password"), answering():
            await other.ping()
    await redis.config_set("requirepass", "")


async def test_what_is_not_permitted_is_waited_for_as_an_outage_is(own: Stack, redis: Redis) -> None:
    await redis.acl_setuser("reader", enabled=True, nopass=True, keys=["*"], commands=["+get", "+ping"])
    async with connect(own.addresses.redis.replace("//", "//reader:any@")) as other:
        with pytest.raises(UnavailableError), answering():
            await other.set("a", 1)
    await redis.acl_deluser("reader")


@pytest.mark.parametrize(
    "error",
    [
        exceptions.BusyLoadingError("Redis is loading the dataset in memory"),
        exceptions.ClusterDownError("The cluster is down"),
        exceptions.MasterDownError("Link with MASTER is down"),
        exceptions.TryAgainError("Multiple keys request during rehashing of slot"),
        exceptions.ResponseError("MISCONF Errors writing to the AOF file"),
        exceptions.ResponseError("NOREPLICAS Not enough good replicas to write."),
        exceptions.MaxConnectionsError("No connection available."),
    ],
    ids=lambda error: str(error).split(" ", 1)[0],
)
async def test_what_passes_by_itself_is_unavailable(error: Exception) -> None:
    with pytest.raises(UnavailableError), answering():
        raise error


async def test_a_script_that_the_server_has_forgotten_is_given_again(redis: Redis) -> None:
    await _SET.run(redis, b"{a}", 1)
    await redis.script_flush()
    assert await _SET.run_each(redis, [(b"{a}", (1,)), (b"{b}", (1,))]) == [1, 1]


async def test_one_failing_command_does_not_keep_the_others_back(redis: Redis) -> None:
    """And what it was called with is not in the error."""
    await redis.set("{a}:state", "not a hash")
    with pytest.raises(StoreError) as raised:
        await _SET.run_each(redis, [(b"{a}", ("secret",)), (b"{b}", (1,))])
    assert "secret" not in str(raised.value)
    assert await redis.hget("{b}:state", "filling") == b"0"
