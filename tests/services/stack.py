"""One server of each kind, or three brokers, in a folder: `FOLDER/NAME/` holds `process`, `port`, `log`, `data/` and what
configures it.

Who asks for nothing by name means all. A stack knows nothing of what the servers are used for.
"""

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.addresses import Addresses
from tests.services.cassandra import Cassandra
from tests.services.errors import ServicesError
from tests.services.kafka import Kafka
from tests.services.ports import HOST, free_block, is_free
from tests.services.processes import Process, launch, load, save
from tests.services.seaweedfs import ACCESS_KEY, SECRET_KEY, Seaweedfs
from tests.services.server import Server
from tests.services.valkey import Valkey

PORTS = {"kafka": 29092, "cassandra": 29042, "valkey": 29379, "seaweedfs": 29333}
"""Not the usual ones, where servers may run that are somebody's own."""
BROKERS = ("kafka", "kafka-2", "kafka-3")
"""The last two only in a stack that was given ports for them."""
START_TIMEOUT_S = 90
_PROBE_EVERY_S = 0.05
_LOG_TAIL_CHARACTERS = 3_000


@dataclass(frozen=True, slots=True)
class Status:
    name: str
    port: int
    pid: int | None
    answers: bool


class Stack:
    """`folder` exists or will. `ports` gives servers their first port; others have what they had before, or that of PORTS."""

    def __init__(self, folder: Path, ports: Mapping[str, int]) -> None:
        self.folder = folder.resolve()
        self._servers = servers(PORTS | self._remembered() | dict(ports))
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def addresses(self) -> Addresses:
        port = {name: server.port for name, server in self._servers.items()}
        return Addresses(
            kafka=",".join(f"{HOST}:{port[name]}" for name in BROKERS if name in port),
            cassandra=f"{HOST}:{port['cassandra']}",
            redis=f"redis://{HOST}:{port['valkey']}/0",
            s3=f"http://{HOST}:{port['seaweedfs']}",
            s3_access_key=ACCESS_KEY,
            s3_secret_key=SECRET_KEY,
        )

    def fetch(self, *names: str) -> None:
        for name in self._chosen(names):
            self._servers[name].fetch()

    def start(self, *names: str) -> None:
        """Returns when each answers; those that run already are left alone. Raises ServicesError."""
        self.fetch(*names)
        _together(self._start, self._chosen(names))

    def stop(self, *names: str) -> None:
        """Asks each to end, kills what does not within its grace, and returns when all are gone."""
        _together(lambda name: self._end(name, self._servers[name].grace_s), self._chosen(names))

    def kill(self, *names: str) -> None:
        for name in self._chosen(names):
            self._end(name, grace_s=0)

    def wipe(self, *names: str) -> None:
        """Kills them and removes everything but their logs."""
        chosen = self._chosen(names)
        self.kill(*chosen)
        for name in chosen:
            for path in (self.folder / name).glob("*"):
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name != "log":
                    path.unlink()

    def pause(self, *names: str) -> None:
        """They keep their connections and answer nothing, until `resume`."""
        for name in self._chosen(names):
            self._running(name).pause()

    def resume(self, *names: str) -> None:
        for name in self._chosen(names):
            self._running(name).send(signal.SIGCONT)

    @contextmanager
    def paused(self, *names: str) -> Iterator[None]:
        self.pause(*names)
        try:
            yield
        finally:
            self.resume(*names)

    @contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """They are killed, and answer again afterwards."""
        self.kill(*names)
        try:
            yield
        finally:
            self.start(*names)

    def status(self, *names: str) -> list[Status]:
        return [self._status(name) for name in self._chosen(names)]

    def check(self) -> None:
        """Raises ServicesError unless every server runs and answers."""
        down = [found for found in self.status() if found.pid is None or not found.answers]
        if down:
            said = ", ".join(f"{found.name} (port {found.port})" for found in down)
            raise ServicesError(f"these servers of {self.folder} do not answer: {said}; see `make services`")

    def _remembered(self) -> dict[str, int]:
        files = {name: self.folder / name / "port" for name in PORTS}
        return {name: int(file.read_text()) for name, file in files.items() if file.exists()}

    def _chosen(self, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(names) - set(self._servers))
        if unknown:
            raise ServicesError(
                f"no such server: {', '.join(unknown)}; there are: {', '.join(self._servers)}"
            )
        return names or tuple(self._servers)

    def _process(self, name: str) -> Process | None:
        return load(self.folder / name / "process")

    def _running(self, name: str) -> Process:
        process = self._process(name)
        if process is None:
            raise ServicesError(f"{name} does not run")
        return process

    def _status(self, name: str) -> Status:
        process = self._process(name)
        server = self._servers[name]
        return Status(name, server.port, None if process is None else process.pid, _answers(server))

    def _start(self, name: str) -> None:
        folder, server = self.folder / name, self._servers[name]
        process = self._process(name)
        if process is None:
            process = self._launch(name)
        elif (used := int((folder / "port").read_text())) != server.port:
            raise ServicesError(f"{name} runs on port {used} already; stop it first")
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(server):
            if process.ends_within(_PROBE_EVERY_S):
                raise ServicesError(f"{name} ended at its start. {_tail(folder / 'log')}")
            if time.monotonic() > deadline:
                raise ServicesError(
                    f"{name} does not answer after {START_TIMEOUT_S} s. {_tail(folder / 'log')}"
                )

    def _launch(self, name: str) -> Process:
        folder, server = self.folder / name, self._servers[name]
        for port in server.ports:
            if not is_free(port):
                raise ServicesError(f"{name} cannot have port {port}: somebody else uses it")
        (folder / "data").mkdir(parents=True, exist_ok=True)
        what = server.launch(folder)
        process, self._children[name] = launch(what, folder, folder / "log")
        save(process, folder / "process")
        (folder / "port").write_text(f"{server.port}\n")
        return process

    def _end(self, name: str, grace_s: float) -> None:
        process = self._process(name)
        if process is not None:
            process.end(grace_s)
        if (child := self._children.pop(name, None)) is not None:
            child.wait()


def servers(ports: Mapping[str, int]) -> dict[str, Server]:
    """Raises ServicesError for a name that is no server's."""
    if unknown := sorted(set(ports) - {*PORTS, *BROKERS}):
        raise ServicesError(f"no such server: {', '.join(unknown)}; there are: {', '.join(PORTS)}")
    names = [name for name in BROKERS if name in ports]
    brokers = tuple(ports[name] for name in names)
    return {
        **{name: Kafka(brokers, number) for number, name in enumerate(names, start=1)},
        "cassandra": Cassandra(ports["cassandra"]),
        "valkey": Valkey(ports["valkey"]),
        "seaweedfs": Seaweedfs(ports["seaweedfs"]),
    }


def free_ports(*more: str) -> dict[str, int]:
    """For a stack beside others, with more brokers than one if these are named."""
    counts = {name: len(server.ports) for name, server in servers(PORTS | dict.fromkeys(more, 0)).items()}
    first = free_block(sum(counts.values()))
    found = {}
    for name, count in counts.items():
        found[name] = first
        first += count
    return found


def _together(action: Callable[[str], None], names: Sequence[str]) -> None:
    """Ends with all; raises what the first of them raised that did."""
    with ThreadPoolExecutor(len(names)) as threads:
        for done in [threads.submit(action, name) for name in names]:
            done.result()


def _answers(server: Server) -> bool:
    try:
        return server.answers()
    except (OSError, ValueError):
        return False


def _tail(log: Path) -> str:
    return f"Its log ends:\n{log.read_text(errors='replace')[-_LOG_TAIL_CHARACTERS:]}"
