"""Running the API as one process: start, serve HTTP, stop in the opposite order."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Protocol

import structlog
import uvicorn
from starlette.types import ASGIApp

from runtime.background import Failure
from runtime.connections import BoundedConnection
from runtime.errors import OperatorError
from runtime.settings import Settings
from runtime.web import Routes

_GRACE_S = 20
"""How long open requests may take after SIGTERM."""
_logger = structlog.get_logger(__name__)


class System(Protocol):
    @property
    def app(self) -> ASGIApp: ...
    @property
    def failure(self) -> Failure: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


async def serve_api(settings: Settings, host: str, port: int, routes: Routes) -> int:
    """Serve until SIGTERM or Ctrl-C; the exit status is 1 when a part of the system failed."""
    with contextlib.closing(_bound(host, port)) as listening:
        async with opened(settings, routes) as system:
            server = _server(system.app)
            gc.collect()
            gc.freeze()  # every request waits while garbage is looked for: not again in what stays for good
            system.failure.follow(lambda: _stop(server))
            listening.listen(server.config.backlog)  # whoever has read the next line can connect
            shown_port = listening.getsockname()[1]
            _logger.info("serving", url=f"http://{host}:{shown_port}", profile=settings.profile)
            await server.serve(sockets=[listening])
        return 1 if system.failure.is_there else 0


@contextlib.asynccontextmanager
async def opened(settings: Settings, routes: Routes = "all") -> AsyncIterator[System]:
    """The system with its projectors and reactors at work, as far as they belong to this process."""
    system = await _made(settings, routes)
    try:
        await system.start()
        yield system
    finally:
        await system.stop()


async def _made(settings: Settings, routes: Routes) -> System:
    """Each set-up needs libraries that the other one does not load."""
    if settings.profile == "distributed":
        from runtime.distributed import distributed

        return await distributed(settings, routes)
    from runtime.embedded import Embedded

    return Embedded(settings)


class _Server(uvicorn.Server):
    """Ends at SIGTERM and Ctrl-C without raising them again afterwards: the rest of the system is still to be stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        ending = (signal.SIGINT, signal.SIGTERM)
        for number in ending:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in ending:
                loop.remove_signal_handler(number)


def _server(app: ASGIApp) -> _Server:
    config = uvicorn.Config(
        app,
        http=BoundedConnection,
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=_GRACE_S,
    )
    return _Server(config)


def _bound(host: str, port: int) -> socket.socket:
    """Bound before anything else is done, and before anything is said about it: a port may be in use, and 0 is to be named in the
    log. Who connects before it listens is refused. Raises OperatorError.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise OperatorError(
            f"cannot listen at {host} port {port}: {error.strerror}; choose others with --host and --port"
        ) from error
    return bound


def _stop(server: uvicorn.Server) -> None:
    server.should_exit = True
