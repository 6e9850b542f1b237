"""Keeps worker processes running: each is started again when it ends, after waits that grow while it ends again and again. One that
ran well for a minute is started again at once, and the waits begin anew.

Knows what the processes are called, not what they do.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from runtime.metrics import Listen, RestartsCollector, shown

GRACE_S = 25.0
"""How long a process may take to end before it is killed."""
_SHORTEST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_STEADY_S = 60.0
"""Who ran for so long is started again without waiting."""
_COMMAND = str(Path(sys.argv[0]).absolute())
_logger = structlog.get_logger(__name__)


async def supervise(names: Sequence[str], metrics_at: Listen | None = None) -> None:
    """Runs `photolog worker NAME` for each name until this is cancelled, which ends them all. Their metrics are at the ports that
    follow its own, in the order of the names.
    """
    restarts = dict.fromkeys(names, 0)
    with shown(metrics_at, RestartsCollector(restarts)):
        async with asyncio.TaskGroup() as group:
            for number, name in enumerate(names, 1):
                group.create_task(_keep(name, _metrics(metrics_at, number), restarts))


def _metrics(at: Listen | None, number: int) -> Sequence[str]:
    if at is None:
        return ()
    return ("--metrics-host", at.host, "--metrics-port", str(at.port + number))


async def _keep(name: str, options: Sequence[str], restarts: dict[str, int]) -> None:
    loop = asyncio.get_running_loop()
    wait_s = 0.0
    while True:
        await asyncio.sleep(wait_s)
        begun = loop.time()
        status = await _run(name, options)
        restarts[name] += 1
        steady = loop.time() - begun >= _STEADY_S
        wait_s = 0.0 if steady else min(max(wait_s * 2, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)
        _logger.error("worker ended", worker=name, status=status, again_in_s=wait_s)


async def _run(name: str, options: Sequence[str]) -> int:
    """In a session of its own, so that Ctrl-C reaches it through here alone."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, _COMMAND, "worker", name, *options, start_new_session=True
    )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        await _end(process)
        raise


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(GRACE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
