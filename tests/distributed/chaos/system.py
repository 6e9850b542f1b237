"""A distributed system whose processes are known one by one, so that each can be killed, frozen, thawed and started again.

Whoever ends is started again by `tend`, as a supervisor would. Workers are called by what they feed: `likes`, and `likes/2` is
another one that shares in its partitions.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from redis import Redis

from projectors.catalogue import BY_NAME
from runtime.cluster import cassandra_hosts
from runtime.commands.worker import REACTORS
from runtime.settings import PREFIX, Settings
from stores.cassandra.session import DEFINE_TIMEOUT_S, connect
from tests.distributed.chaos import worker as misbehaving
from tests.e2e.aftermath import settings_of
from tests.e2e.cluster import Cluster
from tests.e2e.server import GENEROUS, ServerProcess
from tests.services.addresses import Addresses

WORKERS = (*BY_NAME, REACTORS)
_STOP_TIMEOUT_S = 60


class System:
    """`prepare`, then `start`; needs `end`. Its logs are in `folder`."""

    def __init__(self, addresses: Addresses, namespace: str, redis_db: int, folder: Path) -> None:
        self.namespace, self.folder = namespace, folder
        self.cluster = Cluster(addresses, namespace, redis_db, folder)
        self.cluster.settings["PHOTOLOG_FEED_CAP"] = "6"
        self.server = ServerProcess(folder / "api", {**GENEROUS, **self.cluster.settings})
        self.ended: list[tuple[str, int]] = []
        """Who has ended since the last look, and with which status; started again since."""
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._changing = threading.RLock()

    @property
    def settings(self) -> Settings:
        return settings_of(self.cluster.settings)

    def start(self) -> None:
        with Redis.from_url(self.cluster.settings["PHOTOLOG_REDIS"]) as redis:
            redis.flushdb()
        self.cluster.prepare()
        for called in WORKERS:
            self.begin(called)
        self.server.start()

    def begin(self, called: str, more: Mapping[str, str] = MappingProxyType({})) -> None:
        """A worker, which misbehaves as what is more in its environment says; by itself it does not."""
        name = called.partition("/")[0]
        with self._changing, self.log_of(called).open("ab") as log:
            self._workers[called] = subprocess.Popen(
                [sys.executable, "-P", "-m", misbehaving.__name__, name],
                env=self._environment | dict(more),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log_of(self, called: str) -> Path:
        return self.folder / f"{called.replace('/', '-')}.log"

    def kill(self, called: str) -> None:
        """`tend` starts it again."""
        self.send(called, signal.SIGKILL)

    def send(self, called: str, number: signal.Signals) -> None:
        self._workers[called].send_signal(number)

    def leave(self, called: str) -> None:
        """Asked to end, and not started again."""
        with self._changing:
            worker = self._workers.pop(called)
        worker.send_signal(signal.SIGTERM)
        status = worker.wait(_STOP_TIMEOUT_S)
        # one that has hardly begun does not listen to signals yet
        assert status in (0, -signal.SIGTERM), (
            f"{called}: {status}, {self.log_of(called).read_text()[-3000:]}"
        )

    def restart(self, called: str, more: Mapping[str, str] = MappingProxyType({})) -> None:
        self.leave(called)
        self.begin(called, more)

    def tend(self) -> None:
        """Start again whoever has ended."""
        with self._changing:
            for called, worker in list(self._workers.items()):
                if (status := worker.poll()) is not None:
                    self.ended.append((called, status))
                    self.begin(called)
        if not self.server.is_running:
            self.ended.append(("serve", self.server.kill()))
            self.server.start()

    def end(self) -> None:
        """At once: what they were at is of no interest any more. The tables go, since Cassandra takes longer to start with more."""
        for worker in self._workers.values():
            worker.kill()
            worker.wait()
        if self.server.is_running:
            self.server.kill()
        hosts, port = cassandra_hosts(self.settings)
        session = connect(hosts, port, None)
        session.execute(f"DROP KEYSPACE IF EXISTS {self.namespace}", timeout=DEFINE_TIMEOUT_S)
        session.cluster.shutdown()

    @property
    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return inherited | self.cluster.settings
