"""`photolog worker`: the processes of a distributed system that keep views up and react to events."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

import click

from projectors.catalogue import BY_NAME
from runtime.commands.distributed import distributed_settings
from runtime.logs import configure_logs
from runtime.settings import Settings

REACTORS = "reactors"
NAMES = (*BY_NAME, REACTORS)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES), metavar="[PROJECTION|reactors]...")
def worker(names: tuple[str, ...]) -> None:
    """Feed the views of a distributed system, and run its reactors.

    One name runs in this process, and ends with status 1 when it breaks. Several, or none for all of them, run in a process each,
    which is started again when it ends. Processes with the same name share in the work. Ends cleanly on SIGTERM and Ctrl-C.

    Example: photolog worker feeds
    """
    configure_logs()
    asyncio.run(_until_signalled(_chosen(distributed_settings(), names or NAMES)))


def _chosen(settings: Settings, names: tuple[str, ...]) -> Coroutine[Any, Any, None]:
    """Imports what the process needs and nothing else: there may be many."""
    if len(names) > 1:
        from runtime.supervisor import supervise

        return supervise(names)
    if names[0] == REACTORS:
        from runtime.reacting import react

        return react(settings)
    from runtime.worker import work

    return work(settings, names[0])


async def _until_signalled(job: Coroutine[Any, Any, None]) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(job)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
