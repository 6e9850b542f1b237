"""Servers under test and the load on them."""

import os
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson
import psutil

from bench.load import Plan

CONNECTIONS = 32
GENEROUS = {
    f"PHOTOLOG_{name}": "1000000000"
    for name in ("READS_PER_MINUTE", "WRITES_PER_MINUTE", "REGISTRATIONS_PER_HOUR")
}
PHOTOLOG = str(Path(sys.executable).with_name("photolog"))


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Of a process that has these settings and none of those around the benchmarks."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOLOG_")}
    return inherited | dict(settings)


class Server:
    """A server process; its port is the number in its first line that has one."""

    def __init__(self, command: Sequence[str], settings: Mapping[str, str] = GENEROUS) -> None:
        self._process = subprocess.Popen(
            command, env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.port = self._read_port()
        self._emptying = threading.Thread(target=self._read_on, daemon=True)
        self._emptying.start()

    def _read_port(self) -> int:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip().isdigit():
                return int(line)
            if b'"serving"' in line:
                return int(orjson.loads(line)["url"].rsplit(":", 1)[1])
        raise RuntimeError("the server did not start")

    def _read_on(self) -> None:
        """A process whose output nobody reads stands still when the pipe is full."""
        assert self._process.stdout is not None
        for _ in self._process.stdout:
            pass

    def memory_mib(self) -> float:
        return float(psutil.Process(self._process.pid).memory_info().rss) / 2**20

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._emptying.join()


def load(port: int, requests: list[str], seconds: float, rate: float = 0.0) -> dict[str, float]:
    """What `bench.load` says; `rate` is requests per second, 0 for as fast as possible. Raises when a request fails."""
    return generated("bench/load.py", Plan("127.0.0.1", port, requests, CONNECTIONS, seconds, rate))


def generated(program: str, plan: Plan) -> dict[str, float]:
    """What a load generator says of carrying out the plan; `program` is its path in the checkout."""
    path = Path(__file__).parents[1] / program
    done = subprocess.run(
        [sys.executable, str(path)],
        input=orjson.dumps(asdict(plan)),
        stdout=subprocess.PIPE,
        check=True,
    )
    result: dict[str, float] = orjson.loads(done.stdout)
    if result["failed"]:
        raise RuntimeError(f"{result['failed']:.0f} of {result['count']:.0f} requests failed")
    return result


def request(method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> str:
    """A whole HTTP request, as plans hold it."""
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: bench",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return b64encode("\r\n".join([*lines, "", ""]).encode() + body).decode()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
