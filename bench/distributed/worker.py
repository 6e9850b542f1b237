"""One `photolog worker` process: started, stopped, held still, and asked what it has spent its time on."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx2
import psutil

from bench.servers import PHOTOLOG, environment
from tests.services.ports import free_block

_PATIENCE_S = 300
_APPLIED_S = re.compile(r"^photolog_apply_seconds_sum\{.*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds since the process began: waiting for the view's store to take batches, and on a processor."""

    in_store_s: float
    on_processor_s: float

    def since(self, before: "Spent") -> "Spent":
        return Spent(self.in_store_s - before.in_store_s, self.on_processor_s - before.on_processor_s)


class Worker:
    """A context in which it runs."""

    def __init__(self, name: str, settings: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._settings, self._log_path = settings, folder / f"{name}.log"
        self._metrics_port = free_block(1)

    def __enter__(self) -> "Worker":
        self._log: IO[bytes] = self._log_path.open("wb")
        command = [PHOTOLOG, "worker", self.name, "--metrics-port", str(self._metrics_port)]
        self._process = subprocess.Popen(
            command, env=environment(self._settings), stdout=self._log, stderr=self._log
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(_PATIENCE_S)
        self._log.close()

    def wait_until_given(self) -> None:
        """Until it has got partitions, as its log says."""
        until = time.monotonic() + _PATIENCE_S
        while b'"given"' not in self._log_path.read_bytes():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{self.name} does not work: {self._log_path.read_text()[-2000:]}")
            time.sleep(0.05)

    @contextmanager
    def held_still(self) -> Iterator[None]:
        """For less than the group's patience: else its partitions are taken away."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def spent(self) -> Spent:
        shown = httpx2.get(f"http://127.0.0.1:{self._metrics_port}/metrics").text
        times = psutil.Process(self._process.pid).cpu_times()
        return Spent(sum(map(float, _APPLIED_S.findall(shown))), times.user + times.system)
