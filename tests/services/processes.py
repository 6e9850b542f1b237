"""Processes that outlive whoever started them, known by pid and start time, so that one that was given a used pid is never taken
for ours. Linux only.

Whether one has ended is asked of a pidfd: a killed JVM's first thread is a zombie while others still hold its ports and files,
and a pidfd tells of the end only when the last thread is gone.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.errors import ServicesError

_KILL_TIMEOUT_S = 30
_PAUSE_TIMEOUT_S = 10
_LOOK_EVERY_S = 0.005


@dataclass(frozen=True, slots=True)
class Launch:
    """What to execute, and what its environment holds besides ours."""

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    born_ticks: int

    def is_alive(self) -> bool:
        return not self.ends_within(0)

    def ends_within(self, seconds: float) -> bool:
        """Waits so long at most."""
        with self._handle() as handle:
            if handle is None:
                return True
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            return bool(poll.poll(seconds * 1000))

    def send(self, number: signal.Signals) -> None:
        """To nobody when it has ended."""
        with self._handle() as handle:
            if handle is not None:
                signal.pidfd_send_signal(handle, number)

    def pause(self) -> None:
        """Returns when none of its threads runs any more; a signal alone has not been heard by all of them yet."""
        self.send(signal.SIGSTOP)
        deadline = time.monotonic() + _PAUSE_TIMEOUT_S
        while not all(map(_stands_still, Path(f"/proc/{self.pid}/task").glob("*/stat"))):
            if self.ends_within(_LOOK_EVERY_S) or time.monotonic() > deadline:
                raise ServicesError(f"process {self.pid} was stopped and did not stand still")

    def end(self, grace_s: float) -> None:
        """Returns when it is gone: asked first, and killed after the grace, at once when that is 0."""
        if grace_s > 0:
            self.send(signal.SIGTERM)
            self.send(signal.SIGCONT)  # one that is paused hears nothing else
        if not self.ends_within(grace_s):
            self.send(signal.SIGKILL)
        if not self.ends_within(_KILL_TIMEOUT_S):
            raise ServicesError(f"process {self.pid} was killed and is still there")

    @contextmanager
    def _handle(self) -> Iterator[int | None]:
        """None when it is gone. What the handle stands for cannot become another process any more."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            yield None
            return
        try:
            yield handle if _born_ticks(self.pid) == self.born_ticks else None
        finally:
            os.close(handle)


def launch(what: Launch, folder: Path, log: Path) -> tuple[Process, "subprocess.Popen[bytes]"]:
    """In a session of its own, which a Ctrl-C here does not reach. The child is to be waited for by whoever stays until it ends."""
    with log.open("ab") as output:
        child = subprocess.Popen(
            what.arguments,
            cwd=folder,
            env=os.environ | dict(what.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    born_ticks = _born_ticks(child.pid)
    assert born_ticks is not None, "a child stays until it is waited for"
    return Process(child.pid, born_ticks), child


def save(process: Process, file: Path) -> None:
    file.write_text(f"{process.pid} {process.born_ticks}\n")


def load(file: Path) -> Process | None:
    """None when there is none, or it has ended."""
    try:
        pid, born_ticks = map(int, file.read_text().split())
    except FileNotFoundError:
        return None
    process = Process(pid, born_ticks)
    return process if process.is_alive() else None


def _born_ticks(pid: int) -> int | None:
    """Its start, in clock ticks since the boot."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat.rpartition(")")[2].split()[19])


def _stands_still(stat: Path) -> bool:
    """A thread that has ended does."""
    try:
        return stat.read_text().rpartition(")")[2].split()[0] in "TZX"
    except (FileNotFoundError, ProcessLookupError):
        return True
