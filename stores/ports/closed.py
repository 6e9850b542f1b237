"""Connections that end while somebody writes to them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_CLOSED = "; the handler is closed"


@contextmanager
def closed_as(kind: Callable[[str], Exception]) -> Iterator[None]:
    """Around what the clients of Kafka and Redis do, with the error by which they say that a connection broke. When one has just
    ended, uvloop raises a bare RuntimeError to whoever writes to it, which no client expects (aiokafka #1038).
    """
    try:
        yield
    except RuntimeError as error:
        if not str(error).endswith(_CLOSED):
            raise
        raise kind("the connection has just ended") from error
