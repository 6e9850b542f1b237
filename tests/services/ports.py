"""Ports of the loopback: which are free, and where a block of free ones lies."""

import random
import socket
from pathlib import Path

from tests.services.errors import ServicesError

HOST = "127.0.0.1"
_LOWEST = 20_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ATTEMPTS_COUNT = 200


def is_free(port: int) -> bool:
    """Nobody listens there, on any address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_block(count: int) -> int:
    """The first of `count` consecutive free ports. They lie below those that the system hands to clients: while a server is down,
    one of the clients that knock at its port could otherwise be given that very port.
    """
    highest = int(_EPHEMERAL.read_text().split()[0]) - count
    for _ in range(_ATTEMPTS_COUNT):
        first = random.randrange(_LOWEST, highest)
        if all(map(is_free, range(first, first + count))):
            return first
    raise ServicesError(f"found no {count} consecutive free ports between {_LOWEST} and {highest}")
