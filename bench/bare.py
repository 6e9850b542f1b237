"""The limits: what the bare libraries do on this machine.

As a program it serves a bare Starlette application with the same server settings as Photolog: `GET /page` answers the bytes of the
file named in the first argument, `POST /write` reads a body and answers a small document.
"""

import socket
import sqlite3
import sys
import time
from pathlib import Path

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def application(page: bytes) -> Starlette:
    async def get_page(request: Request) -> Response:
        return Response(page, media_type="application/json")

    async def write(request: Request) -> Response:
        await request.body()
        return Response(b'{"liked":true}', media_type="application/json")

    return Starlette(routes=[Route("/page", get_page), Route("/write", write, methods=["POST"])])


async def serve(app: Starlette) -> None:
    """On a free port, which is said in a line of its own."""
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
    )
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        await uvicorn.Server(config).serve(sockets=[listening])


def sqlite_appends_per_second(path: Path, value: bytes, together: int, seconds: float) -> float:
    """Rows per second into one table, `together` rows a transaction, each synced to disk like the log's."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE log (offset INTEGER PRIMARY KEY, value BLOB NOT NULL)")
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO log (value) VALUES (?)", [(value,)] * together)
        connection.execute("COMMIT")
        count += together
    rate = count / (time.perf_counter() - started)
    connection.close()
    return rate


if __name__ == "__main__":
    uvloop.run(serve(application(Path(sys.argv[1]).read_bytes())))
