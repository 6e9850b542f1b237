"""How long a connection may keep the server waiting. How large a head may be is tried on a running server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from api import bodies
from api.bodies import read_body
from api.problems import ProblemError
from runtime import connections
from runtime.connections import BoundedConnection, Together

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def connected(folder: Path) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(answering, http=BoundedConnection, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    path = str(folder / "socket")
    async with await loop.create_unix_server(lambda: BoundedConnection(config, state, {}), path):
        reader, writer = await asyncio.open_unix_connection(path)
        yield reader, writer
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"GET / HT", WHOLE[:-2]])
async def test_who_never_finishes_a_request_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connections, "HEAD_LIMIT_S", 0)
    async with connected(tmp_path) as (reader, writer):
        writer.write(sent)
        assert await reader.read() == b""


async def test_who_keeps_a_finished_request_going_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(tmp_path) as (reader, writer):
        writer.write(WHOLE)
        assert (await reader.readuntil(b"ok")).endswith(b"ok")
        monkeypatch.setattr(connections, "HEAD_LIMIT_S", 0)
        writer.write(b"\r\n")
        assert await reader.read() == b""


async def test_whole_requests_are_served_one_after_another(tmp_path: Path) -> None:
    async with connected(tmp_path) as (reader, writer):
        for _ in range(3):
            writer.write(WHOLE[:10])
            await writer.drain()
            writer.write(WHOLE[10:])
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "RECEIVE_LIMIT_S", 0)

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        return {}

    with pytest.raises(ProblemError) as refused:
        await read_body(receive, {})
    assert (refused.value.kind.status, refused.value.headers) == (400, {"Connection": "close"})


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.sent.append(b"closed")


async def test_a_head_goes_with_the_beginning_of_its_body() -> None:
    wire = Wire()
    together = Together(wire, asyncio.get_running_loop())
    for piece in (b"head", b"body", b"head", b""):
        together.write(piece)
    assert wire.sent == [b"headbody", b"head"]
    await asyncio.sleep(0)
    assert wire.sent == [b"headbody", b"head"]


async def test_a_head_whose_body_is_late_does_not_wait() -> None:
    wire = Wire()
    together = Together(wire, asyncio.get_running_loop())
    together.write(b"head")
    assert wire.sent == []
    await asyncio.sleep(0)
    assert wire.sent == [b"head"]
    together.write(b"last")
    together.close()
    assert wire.sent == [b"head", b"last", b"closed"]
