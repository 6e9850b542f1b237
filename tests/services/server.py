"""What a stack needs to know of a kind of server."""

import socket
from pathlib import Path
from typing import Protocol

from tests.services.processes import Launch

ANSWER_TIMEOUT_S = 2


class Server(Protocol):
    """One server at `port` of the loopback, where it listens and nowhere else."""

    @property
    def port(self) -> int:
        """Where clients find it."""

    @property
    def ports(self) -> range:
        """All that it opens; `port` is the first."""

    @property
    def grace_s(self) -> float:
        """How long it may take to end when asked."""

    def fetch(self) -> None:
        """Downloads what is not in the cache. Not twice at the same time."""

    def launch(self, folder: Path) -> Launch:
        """Writes its configuration into `folder`; its data is to be in `folder/data`, which exists. Raises ServicesError."""

    def answers(self) -> bool:
        """In its own protocol, as one that can be worked with. Raises OSError or ValueError when it does not."""


def read_exactly(connection: socket.socket, size_bytes: int) -> bytes:
    """Raises ConnectionError when the connection ends before."""
    found = b""
    while len(found) < size_bytes:
        piece = connection.recv(size_bytes - len(found))
        if not piece:
            raise ConnectionError("closed in the middle of an answer")
        found += piece
    return found
