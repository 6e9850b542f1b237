"""`PillowPictures`: every photo in a process of its own, so that a hostile one harms nothing but itself.

A fresh interpreter per photo rather than a forked one: it takes a tenth of a second, holds none of the
server's sockets, files or secrets, and never imports the server's main module. It is told its job in its
arguments and answers on its standard output; standard error stays the server's, for the traceback of a
mistake.

This module, and so the server, never imports Pillow.
"""

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from stores.pillow.job import READY, Job, Limits
from stores.ports.pictures import Expected, PicturesUnavailableError, Rejected, Rendered

_BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from stores.pillow.child import main
main(sys.argv[2])
"""
_START_SECONDS = 60.0
_ANSWER_BYTES = 64 * 1024
"""Far beyond what an honest process answers."""


@dataclass(frozen=True, slots=True)
class _Unavailable:
    unavailable: str


_ANSWER: TypeAdapter[Rendered | Rejected | _Unavailable] = TypeAdapter(Rendered | Rejected | _Unavailable)


class PillowPictures:
    """Pictures by Pillow, at most `concurrency` at a time. Belongs to one event loop."""

    def __init__(self, concurrency: int = 2, limits: Limits | None = None) -> None:
        self._concurrency = concurrency
        self._limits = limits or Limits()
        self._slots = asyncio.Semaphore(concurrency)
        self._running: set[Process] = set()
        self._closed = False

    async def render(self, original: Path, expected: Expected, target: Path) -> Rendered | Rejected:
        async with self._slots:
            process = await self._start(original, expected, target)
            self._running.add(process)
            try:
                return await self._answer(process)
            finally:
                self._running.discard(process)
                await _ended(process)

    async def close(self) -> None:
        self._closed = True
        for process in self._running:
            _kill(process)
        for _ in range(self._concurrency):  # a call that still waits for its slot gets it, and raises
            await self._slots.acquire()
        for _ in range(self._concurrency):
            self._slots.release()

    async def _start(self, original: Path, expected: Expected, target: Path) -> Process:
        self._check_open()
        job = _job(original, expected, target, self._limits)
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-c",
                _BOOT,
                json.dumps(sys.path),
                json.dumps(asdict(job)),
                stdin=DEVNULL,
                stdout=PIPE,
                limit=_ANSWER_BYTES,
                env=_environment(),
                start_new_session=True,  # a Ctrl-C in the terminal is meant for the server
            )
        except OSError as error:
            raise PicturesUnavailableError(f"no process for a picture: {error}") from error

    async def _answer(self, process: Process) -> Rendered | Rejected:
        self._check_open()
        if await _line(process, _START_SECONDS) != READY:
            raise PicturesUnavailableError("the process for a picture did not start")
        line = await _line(process, self._limits.wall_seconds)
        try:
            answer = _ANSWER.validate_json(line)
        except ValidationError:
            self._check_open()  # closing ended it, not the picture
            return Rejected("corrupt")
        if isinstance(answer, _Unavailable):
            raise PicturesUnavailableError(answer.unavailable)
        return answer

    def _check_open(self) -> None:
        if self._closed:
            raise PicturesUnavailableError("the renderer of pictures is closed")


def _job(original: Path, expected: Expected, target: Path, limits: Limits) -> Job:
    return Job(
        original=str(original.absolute()),
        target=str(target.absolute()),
        content_type=expected.content_type,
        size_bytes=expected.size_bytes,
        sha256=expected.sha256,
        filter_name=expected.filter,
        **asdict(limits),
    )


async def _line(process: Process, seconds: float) -> bytes:
    """The next line; what there is of it when the process ends; nothing when it is too late or too long."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(seconds):
            return await process.stdout.readline()
    except (TimeoutError, ValueError):
        return b""


async def _ended(process: Process) -> None:
    """Killed, whatever it was doing, its output drained and its process entry collected."""
    _kill(process)
    await process.communicate()


def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def _environment() -> dict[str, str]:
    """What some interpreters need to find their libraries. Settings and secrets are not for this process."""
    return {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
