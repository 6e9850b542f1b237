"""Stands between a client and a real server, and takes the server away from the client without touching it."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

HOST = "127.0.0.1"
_READ_BYTES = 1 << 16
_NO_LINGERING = struct.pack("ii", 1, 0)
"""What is closed so is reset."""


class Forwarder:
    """`open` and `shut` accept and refuse connections; while `frozen`, new connections are accepted and never answered; while
    `muted`, everything that is asked is done, and the answers are lost.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.port = 0
        self.frozen = False
        self.muted = False
        self.swallowed_bytes = 0
        self._silenced: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """On the same port as before."""
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Open connections break."""
        if self._server is None:
            return
        self._server.close()
        await self._break_off()
        await self._server.wait_closed()
        self._server = None

    async def reset(self) -> None:
        """Open connections end with an error, as those that something on the way has forgotten; new ones are accepted."""
        for writer in self._serving.values():
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
            writer.transport.abort()
        await self._break_off()

    async def unmute(self) -> None:
        """Connections that have lost something break: what comes next would be taken for the answer that is missing."""
        self.muted = False
        for writer in self._silenced:
            writer.transport.abort()
        self._silenced.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving[task] = writer
        try:
            if self.frozen:
                await asyncio.Event().wait()
            await self._pass_on(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            del self._serving[task]
            writer.transport.abort()

    async def _break_off(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(HOST, self._target_port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, far_writer))
                group.create_task(self._answer(far_reader, writer))
        except* ConnectionError:
            pass
        finally:
            far_writer.transport.abort()

    async def _answer(self, far_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await far_reader.read(_READ_BYTES):
            if self.muted:
                self._silenced.add(writer)
            if writer in self._silenced:
                self.swallowed_bytes += len(data)
                continue
            writer.write(data)
            await writer.drain()
        writer.write_eof()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_READ_BYTES):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


@asynccontextmanager
async def forwarded(target_port: int) -> AsyncIterator[Forwarder]:
    forwarder = Forwarder(target_port)
    await forwarder.open()
    try:
        yield forwarder
    finally:
        await forwarder.shut()
