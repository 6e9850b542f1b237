"""A distributed system for tests: prepared by `photolog migrate`, its workers at work, in a namespace of its own."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from projectors.catalogue import BY_NAME
from tests.e2e.server import COMMAND
from tests.e2e.world import until
from tests.services.addresses import Addresses

_COMMAND_TIMEOUT_S = 300
"""A replay of everything takes longest."""
_STOP_TIMEOUT_S = 40
SECRET = "tests sign with this and nobody else does"
"""Known to tests that forge what only the server can make."""


class Cluster:
    """`settings` are those of every process of it. `command` is another `photolog` than the installed one: two of these with one
    namespace are one system, whose workers are of two releases, or are started apart; each has a folder of its own.
    """

    def __init__(
        self,
        addresses: Addresses,
        namespace: str,
        redis_db: int,
        folder: Path,
        command: Sequence[str] = (str(COMMAND),),
    ) -> None:
        self._command = command
        self.log_path = folder / f"{namespace}.workers.log"
        self.settings = {
            **addresses.settings,
            "PHOTOLOG_NAMESPACE": namespace,
            "PHOTOLOG_KAFKA_PARTITIONS": "4",
            "PHOTOLOG_KAFKA_REPLICATION": str(len(addresses.kafka.split(","))),
            "PHOTOLOG_REDIS": urlsplit(addresses.redis)._replace(path=f"/{redis_db}").geturl(),
            "PHOTOLOG_SECRET": SECRET,
            "PHOTOLOG_CELEBRITY_THRESHOLD": "3",
            "PHOTOLOG_FEED_BUCKETS": "2",
            "PHOTOLOG_SEARCH_SHARDS": "2",
        }
        self._workers: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Of any process of it: nothing that the tests' own environment says of it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOLOG_")}
        return inherited | self.settings

    def prepare(self) -> None:
        done = self.run("migrate")
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A `photolog` command beside the system."""
        command = [*self._command, *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_COMMAND_TIMEOUT_S,
            env=self.environment,
            cwd=self.log_path.parent,
        )

    def start(self, *names: str) -> None:
        """The workers of these names, or all."""
        with self.log_path.open("ab") as log:
            self._workers = subprocess.Popen(
                [*self._command, "worker", *names],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @contextmanager
    def running(self, *names: str) -> Iterator[None]:
        """The workers of these names, or all, once each has got partitions."""
        self.start(*names)
        try:
            self.wait_until_given(*names)
            yield
        finally:
            self.stop()

    def wait_until_given(self, *names: str) -> None:
        """Until each worker has got partitions, as its log says."""
        until(lambda: set(names or (*BY_NAME, "reactors")) <= self._given())

    def said(self, event: str) -> list[dict[str, Any]]:
        """What the workers' log says of this event."""
        lines = [line for line in self.log_path.read_bytes().splitlines() if line.startswith(b"{")]
        return [said for line in lines if (said := orjson.loads(line)).get("event") == event]

    def _given(self) -> set[str]:
        return {said["projection"] for said in self.said("given")}

    def stop(self) -> None:
        assert self._workers is not None
        self._workers.send_signal(signal.SIGTERM)
        assert self._workers.wait(_STOP_TIMEOUT_S) == 0, self.log_path.read_text()[-3000:]
