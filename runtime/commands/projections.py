"""`photolog projections`: where every generation stands."""

import asyncio
from pathlib import Path

import click
import orjson
from rich.console import Console

from runtime.beside import Standing, beside
from runtime.commands import options, standings


@click.command()
@options.data
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
def projections(data: Path | None, as_json: bool) -> None:
    """Show every projection's generations: state, events applied, events behind, parked events, and whether a rebuild is due.

    The JSON document also says at which offset each stands in every partition, and at which the log ends; -1 before the first.

    Works beside a running server. Exit status 1 when a live generation has parked events.

    Example: photolog projections --json
    """
    found = asyncio.run(_standings(data))
    if as_json:
        click.echo(orjson.dumps([standings.in_json(each) for each in found]).decode())
    else:
        Console().print(standings.table(found))
    if any(each.parked_count and each.generation.state == "live" for each in found):
        raise SystemExit(1)


async def _standings(data: Path | None) -> list[Standing]:
    async with beside(data) as system:
        return [await system.standing(generation) for generation in await system.registry.generations()]
