"""`photolog worker`: the processes of a distributed system that keep views up and react to events."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

import click

from projectors.catalogue import BY_NAME
from runtime.commands.distributed import distributed_settings
from runtime.logs import configure_logs
from runtime.metrics import Listen
from runtime.settings import Settings

REACTORS = "reactors"
NAMES = (*BY_NAME, REACTORS)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES), metavar="[PROJECTION|reactors]...")
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65_535 - len(NAMES)),
    help="Serve metrics here; of several workers each at one of the ports that follow, in the order of the names.",
)
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address to serve metrics on.")
def worker(names: tuple[str, ...], metrics_port: int | None, metrics_host: str) -> None:
    """Feed the views of a distributed system, and run its reactors.

    One name runs in this process, and ends with status 1 when it breaks. Several, or none for all of them, run in a process each,
    which is started again when it ends. Processes with the same name share in the work. Ends cleanly on SIGTERM and Ctrl-C.

    Example: photolog worker feeds
    """
    if len(set(names)) < len(names):
        raise click.BadParameter("each name once; more processes of a name are commands of their own")
    configure_logs()
    metrics_at = None if metrics_port is None else Listen(metrics_host, metrics_port)
    asyncio.run(_until_signalled(_chosen(distributed_settings(), names or NAMES, metrics_at)))


def _chosen(
    settings: Settings, names: tuple[str, ...], metrics_at: Listen | None
) -> Coroutine[Any, Any, None]:
    """Imports what the process needs and nothing else: there may be many."""
    if len(names) > 1:
        from runtime.supervisor import supervise

        return supervise(names, metrics_at)
    if names[0] == REACTORS:
        from runtime.reacting import react

        return react(settings, metrics_at=metrics_at)
    from runtime.worker import work

    return work(settings, names[0], metrics_at=metrics_at)


async def _until_signalled(job: Coroutine[Any, Any, None]) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(job)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
