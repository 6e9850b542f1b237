"""`photolog projections`: where every generation stands."""

import asyncio
from pathlib import Path

import click
import orjson
from rich.console import Console

from runtime.beside import Standing, beside
from runtime.commands import options, standings
from runtime.scraped import Scraped, scraped


@click.command()
@options.data
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
@click.option(
    "--metrics",
    "metrics_urls",
    multiple=True,
    metavar="URL",
    help="Where workers or their supervisor serve metrics, or an embedded server; may be given several times.",
)
def projections(data: Path | None, as_json: bool, metrics_urls: tuple[str, ...]) -> None:
    """Show every projection's generations: state, events applied, events behind, parked events, and whether a rebuild is due.

    With --metrics also what running processes have counted since they began: how often they were started again, events filled in
    from the log, how often a store was waited for, and how long stores took to take a batch.

    The JSON document also says at which offset each stands in every partition, and at which the log ends; -1 before the first.

    Works beside a running server. Exit status 1 when a live generation has parked events.

    Example: photolog projections --metrics http://127.0.0.1:9100
    """
    done = scraped(metrics_urls) if metrics_urls else None
    found = asyncio.run(_standings(data))
    if as_json:
        click.echo(orjson.dumps([_in_json(each, done) for each in found]).decode())
    else:
        Console().print(standings.table(found))
        if done is not None:
            Console().print("", standings.counted_table(found, done))
    if any(each.parked_count and each.generation.state == "live" for each in found):
        raise SystemExit(1)


async def _standings(data: Path | None) -> list[Standing]:
    async with beside(data) as system:
        return [await system.standing(generation) for generation in await system.registry.generations()]


def _in_json(standing: Standing, done: Scraped | None) -> dict[str, object]:
    counted = None if done is None else standings.counted(standing, done)
    return standings.in_json(standing) | {"counted": counted}
