"""A load generator: one process, plain HTTP/1.1 over kept-alive connections, requests prepared as bytes.

Run as a program: reads one JSON `Plan` from standard input and writes one JSON result. With `rate` requests start when they
are due and a connection is free, and latency counts from when they were due. Without, every connection goes as fast as it can.
"""

import asyncio
import sys
import time
from base64 import b64decode
from collections import deque
from dataclasses import dataclass

import orjson


@dataclass(frozen=True, slots=True)
class Plan:
    """`requests` are whole HTTP requests in base64, sent in turn; `rate` is requests per second, 0 for as fast as possible."""

    host: str
    port: int
    requests: list[str]
    connections: int
    seconds: float
    rate: float = 0.0


class Connection(asyncio.Protocol):
    """One request at a time. `answer` is the last one, head and body."""

    def __init__(self) -> None:
        self.answer = b""
        self._buffer = b""
        self._waiting: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, request: bytes) -> asyncio.Future[int]:
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        length = (
            int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            if b"content-length:" in head
            else 0
        )
        if len(self._buffer) >= head_end + 4 + length:
            self.answer = self._buffer[: head_end + 4 + length]
            self._buffer = self._buffer[head_end + 4 + length :]
            assert self._waiting is not None
            self._waiting.set_result(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the server closed the connection"))

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


class Load:
    """Subclasses say what is one turn of a connection."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = [b64decode(request) for request in plan.requests]
        self._next = 0
        self.latencies_s: list[float] = []
        self.failed_count = 0

    async def run(self) -> float:
        """Returns the seconds it took."""
        loop = asyncio.get_running_loop()
        plan = self._plan
        connections = [
            (await loop.create_connection(Connection, plan.host, plan.port))[1]
            for _ in range(plan.connections)
        ]
        started = time.perf_counter()
        if plan.rate:
            await self._at_rate(connections, started)
        else:
            await asyncio.gather(*(self._flat_out(c, started + plan.seconds) for c in connections))
        seconds = time.perf_counter() - started
        for connection in connections:
            connection.close()
        return seconds

    async def _flat_out(self, connection: Connection, until: float) -> None:
        while (due := time.perf_counter()) < until:
            await self._one(connection, due)

    async def _at_rate(self, connections: list[Connection], started: float) -> None:
        idle = deque(connections)
        freed = asyncio.Event()

        async def one(connection: Connection, due: float) -> None:
            await self._one(connection, due)
            idle.append(connection)
            freed.set()

        async with asyncio.TaskGroup() as running:
            for number in range(int(self._plan.rate * self._plan.seconds)):
                due = started + number / self._plan.rate
                if (early := due - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                while not idle:
                    freed.clear()
                    await freed.wait()
                running.create_task(one(idle.popleft(), due))

    async def _one(self, connection: Connection, due: float) -> None:
        status = await connection.send(self._taken())
        self._note(due, 200 <= status < 300)

    def _taken(self) -> bytes:
        """The next request."""
        request = self._requests[self._next % len(self._requests)]
        self._next += 1
        return request

    def _note(self, due: float, succeeded: bool) -> None:
        self.latencies_s.append(time.perf_counter() - due)
        self.failed_count += not succeeded


def main(kind: type[Load]) -> None:
    load = kind(Plan(**orjson.loads(sys.stdin.buffer.read())))
    seconds = asyncio.run(load.run())
    latencies = sorted(load.latencies_s)
    result = {
        "count": len(latencies),
        "failed": load.failed_count,
        "per_second": len(latencies) / seconds,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
    }
    sys.stdout.buffer.write(orjson.dumps(result))


if __name__ == "__main__":
    main(Load)
