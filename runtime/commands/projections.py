"""`photolog projections`: where every generation stands."""

import asyncio
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table

from runtime.beside import Standing, beside

_STYLES = {"live": "green", "ready": "cyan", "building": "yellow", "broken": "red", "retired": "dim"}


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Data folder, else PHOTOLOG_DATA."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
def projections(data: Path | None, as_json: bool) -> None:
    """Show every projection's generations: state, events applied, events behind, parked events.

    The JSON document also says at which offset each stands in every partition, and at which the log ends; -1 before the first.

    Works beside a running server. Exit status 1 when a live generation has parked events.

    Example: photolog projections --json
    """
    standings = asyncio.run(_standings(data))
    if as_json:
        click.echo(orjson.dumps([_json(standing) for standing in standings]).decode())
    else:
        Console().print(_table(standings))
    if any(standing.parked_count and standing.generation.state == "live" for standing in standings):
        raise SystemExit(1)


async def _standings(data: Path | None) -> list[Standing]:
    async with beside(data) as system:
        return [await system.standing(generation) for generation in await system.registry.generations()]


def _json(standing: Standing) -> dict[str, object]:
    return {
        "projection": standing.generation.projection,
        "generation": standing.generation.number,
        "version": standing.generation.version,
        "state": standing.generation.state,
        "applied": standing.applied_count,
        "behind": standing.behind_count,
        "parked": standing.parked_count,
        "positions": [
            {
                "topic": topic,
                "partition": number,
                "offset": standing.stands.get((topic, number), -1),
                "end": end,
            }
            for (topic, number), end in sorted(standing.ends.items())
        ],
    }


def _table(standings: list[Standing]) -> Table:
    table = Table("projection", "generation", "state", box=None, pad_edge=False)
    for title in ("applied", "behind", "parked"):
        table.add_column(title, justify="right")
    for standing in standings:
        state = standing.generation.state
        numbers = (standing.applied_count, standing.behind_count, standing.parked_count)
        style = _STYLES[state]
        name, number = standing.generation.projection, str(standing.generation.number)
        table.add_row(name, number, f"[{style}]{state}[/]", *(f"{count:,}" for count in numbers))
    return table
