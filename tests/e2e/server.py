"""A real `photolog serve` process for tests, on a free port of the loopback."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import orjson

COMMAND = Path(sys.executable).with_name("photolog")
START_TIMEOUT_S = 30
COMMAND_TIMEOUT_S = 100

GENEROUS = {
    "PHOTOLOG_READS_PER_MINUTE": "10000000",
    "PHOTOLOG_WRITES_PER_MINUTE": "10000000",
    "PHOTOLOG_REGISTRATIONS_PER_HOUR": "10000000",
    "PHOTOLOG_LOGINS_PER_MINUTE": "10000000",
    "PHOTOLOG_CELEBRITY_THRESHOLD": "3",
    "PHOTOLOG_PASSWORD_MEMORY_KIB": "32",
    "PHOTOLOG_OPERATOR_PASSWORD": "tell me everything",
}
"""Limits that no test meets by accident, and passwords that are hashed at once."""

STRICT = {
    "PHOTOLOG_READS_PER_MINUTE": "5",
    "PHOTOLOG_WRITES_PER_MINUTE": "4",
    "PHOTOLOG_REGISTRATIONS_PER_HOUR": "2",
    "PHOTOLOG_LOGINS_PER_MINUTE": "3",
    "PHOTOLOG_PASSWORD_MEMORY_KIB": "32",
    "PHOTOLOG_TRUSTED_PROXIES": "127.0.0.1/32,10.0.0.0/8",
    "PHOTOLOG_CORS_ORIGINS": "https://photos.example,https://other.example",
    "PHOTOLOG_METRICS_TOKEN": "let-me-look",
}
"""Limits that tests reach, and clients told apart by what a proxy says."""


class ServerProcess:
    """Started by `start`, which returns when it listens; `url` is where. Its log is in `log_path`. `data` is the folder of an
    embedded server; a distributed one has its place in the settings. `command` is another `photolog` than the installed one.
    """

    def __init__(
        self,
        data: Path,
        settings: Mapping[str, str] = GENEROUS,
        command: Sequence[str] = (str(COMMAND),),
    ) -> None:
        self.data = data
        self._command = command
        self.settings = {"PHOTOLOG_DATA": str(data), **settings}
        self.log_path = data.parent / f"{data.name}.log"
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def environment(self) -> dict[str, str]:
        """Of any process of the same system: nothing that the tests' own environment says of it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOLOG_")}
        return inherited | self.settings

    def run(
        self, *arguments: str, command: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """A `photolog` command beside the server; `command` stands for `photolog`, `env` is added to its environment."""
        return subprocess.run(
            [*(command or self._command), *arguments],
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            env=self.environment | dict(env or {}),
            cwd=self.log_path.parent,
        )

    def start(self, *options: str) -> None:
        arguments = [*self._command, "serve", "--port", "0", *options]
        self._log = self.log_path.open("ab")
        self._process = subprocess.Popen(arguments, env=self.environment, stderr=subprocess.PIPE)
        self.url = self._read_url()

    def _read_url(self) -> str:
        """The log goes on to the file afterwards, through a thread that ends with the process."""
        assert self._process is not None
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._keep(line)
            if b'"serving"' in line:
                self._drain()
                url: str = orjson.loads(line)["url"]
                return url
        raise RuntimeError(f"the server ended at its start: {self.log_path.read_text()}")

    def _keep(self, line: bytes) -> None:
        assert self._log is not None
        self._log.write(line)
        self._log.flush()

    def _drain(self) -> None:
        assert self._process is not None
        stream = self._process.stderr
        assert stream is not None

        def copy() -> None:
            with stream:
                for line in stream:
                    self._keep(line)

        self._thread = threading.Thread(target=copy, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        return self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        assert self._log is not None
        self._process.send_signal(number)
        status = self._process.wait(START_TIMEOUT_S)
        self._thread.join()
        self._log.close()
        return status
