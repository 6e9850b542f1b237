"""`photolog worker` with several names: a process each, which are started again when they end, and end with it.

No service is needed: a worker waits for those that are away.
"""

import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.server import COMMAND, START_TIMEOUT_S
from tests.e2e.world import until
from tests.services.addresses import Addresses
from tests.services.ports import HOST, free_block

NAMES = ("likes", "saves")


class Workers:
    """Under one supervisor, whose metrics and theirs are at the ports from `port` on."""

    def __init__(self, folder: Path) -> None:
        self.port = free_block(len(NAMES) + 1)
        nobody = f"{HOST}:{free_block(1)}"
        away = Addresses(nobody, nobody, f"redis://{nobody}/0", f"http://{nobody}", "key", "secret")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOLOG_")}
        with (folder / "workers.log").open("wb") as log:
            self.supervisor = subprocess.Popen(
                [str(COMMAND), "worker", "--metrics-port", str(self.port), *NAMES],
                env=inherited | away.settings,
                stderr=log,
            )

    def there(self) -> dict[str, psutil.Process]:
        """Those that run, by name."""
        found = {}
        for process in psutil.Process(self.supervisor.pid).children():
            try:
                words = process.cmdline()
            except psutil.NoSuchProcess:
                continue
            if "worker" in words:
                found[words[words.index("worker") + 1]] = process
        return {name: process for name, process in found.items() if name in NAMES}

    def restarts(self) -> dict[str, str]:
        with urllib.request.urlopen(f"http://{HOST}:{self.port}/metrics", timeout=5) as answer:
            said = answer.read().decode().splitlines()
        told = "photolog_worker_restarts_total"
        return {
            name: line.split()[-1] for name in NAMES for line in said if f'{told}{{worker="{name}"}}' in line
        }


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    found = Workers(tmp_path)
    try:
        yield found
    finally:
        found.supervisor.terminate()
        found.supervisor.wait(START_TIMEOUT_S)


def test_one_that_is_killed_is_started_again_and_all_end_together(workers: Workers) -> None:
    before = until(lambda: len(there := workers.there()) == len(NAMES) and there)
    before["likes"].kill()
    after = until(lambda: len(there := workers.there()) == len(NAMES) and there != before and there)
    assert after["likes"] != before["likes"]
    assert after["saves"] == before["saves"]
    assert workers.restarts() == {"likes": "1.0", "saves": "0.0"}

    workers.supervisor.send_signal(signal.SIGTERM)
    assert workers.supervisor.wait(START_TIMEOUT_S) == 0
    assert [name for name, process in after.items() if process.is_running()] == []
