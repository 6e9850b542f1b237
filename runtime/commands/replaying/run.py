"""`photolog replay PROJECTION...`: builds projections anew from the log while the old ones serve, then makes the new ones live."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from projectors.catalogue import BY_NAME
from runtime.beside import Beside, beside
from runtime.folder import FolderInUseError
from stores.ports.log import Positions
from stores.ports.registry import Generation

_POLL_S = 0.2


@click.command()
@click.argument(
    "projections", nargs=-1, required=True, type=click.Choice([*BY_NAME, "all"]), metavar="PROJECTION...|all"
)
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Data folder, else PHOTOLOG_DATA."
)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object per projection instead of a progress bar."
)
def run(projections: Sequence[str], data: Path | None, as_json: bool) -> None:
    """Rebuild each PROJECTION (or all of them) from the log beside the live one, then switch to it.

    Works beside a running server, which serves the old one until the switch and goes on feeding both; what that one had
    replaced is fed no more. After Ctrl-C the same command goes on where it was.

    Example: photolog replay search
    """
    names = list(BY_NAME) if "all" in projections else list(dict.fromkeys(projections))
    asyncio.run(_replay_each(names, data, as_json))


async def _replay_each(names: Sequence[str], data: Path | None, as_json: bool) -> None:
    async with beside(data) as system:
        for name in names:
            switched = await _replay(system, name, as_json)
            if as_json:
                click.echo(orjson.dumps(switched).decode())
            else:
                click.echo(f"{name}: generation {switched['to']} is live, {switched['from']} is kept")


async def _replay(system: Beside, name: str, as_json: bool) -> dict[str, object]:
    live = await system.live(name)
    fresh = await system.begin(live)
    with system.replaying(fresh), _bar(name, as_json) as report:
        if fresh.state == "building":
            await system.build(fresh, report)
            await system.registry.mark(name, fresh.number, "ready")
        await until_even(system, live, fresh)
    if not await system.switch(live, fresh):
        raise click.ClickException(f"somebody else has switched {name}; see `photolog projections`")
    await system.retire_before(live)
    return {"projection": name, "from": live.number, "to": fresh.number}


async def until_even(system: Beside, live: Generation, fresh: Generation) -> None:
    """Wait until the new generation stands where the live one stands now. A server feeds it; while there is none, this does."""
    goal = await system.positions(live)
    while not await _reached(system, fresh, goal):
        if not await system.is_ready(fresh):
            raise click.ClickException(f"{fresh.projection} {fresh.number} broke; see the server's log")
        try:
            with system.unfed():
                await system.build(fresh, lambda done, total: None)
        except FolderInUseError:
            await asyncio.sleep(_POLL_S)


async def _reached(system: Beside, generation: Generation, goal: Positions) -> bool:
    stands = await system.positions(generation)
    return all(stands.get(at, -1) >= offset for at, offset in goal.items())


@contextlib.contextmanager
def _bar(name: str, as_json: bool) -> Iterator["_Report"]:
    columns = (
        TextColumn(name),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=as_json) as progress:
        yield _Report(progress)


class _Report:
    """Shows how far a build is."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, rate=0.0)

    def __call__(self, done_count: int, total_count: int) -> None:
        task = self._progress.tasks[0]
        self._progress.update(self._task, completed=done_count, total=total_count, rate=task.speed or 0.0)
