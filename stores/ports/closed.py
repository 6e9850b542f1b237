"""Connections that end while somebody writes to them."""

from collections.abc import Iterator
from contextlib import contextmanager

_CLOSED = "; the handler is closed"


@contextmanager
def closed_is_reset() -> Iterator[None]:
    """Around what the clients of Kafka and Redis do: to whoever writes to a connection that has just ended, asyncio's loop says
    nothing, or that it was reset, and uvloop's raises a bare RuntimeError, which no client expects (aiokafka #1038).
    """
    try:
        yield
    except RuntimeError as error:
        if not str(error).endswith(_CLOSED):
            raise
        raise ConnectionResetError("the connection has just ended") from error
