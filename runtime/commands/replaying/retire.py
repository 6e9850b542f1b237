"""`photolog replay retire PROJECTION`: generations that are not live are fed no more."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click
import orjson

from runtime.beside import Beside, beside
from runtime.commands import options
from runtime.errors import CommandError
from runtime.operating import Operator
from stores.ports.registry import FED, Generation


@click.command()
@options.projection
@click.option("--generation", "number", type=click.IntRange(1), help="This one, instead of all.")
@options.data
@options.by
@click.option("--json", "as_json", is_flag=True, help="One JSON object per generation instead of sentences.")
def retire(projection: str, number: int | None, data: Path | None, by: str | None, as_json: bool) -> None:
    """Feed no more what is kept of PROJECTION beside the live generation. There is no rollback to it afterwards.

    Example: photolog replay retire search
    """
    retired = asyncio.run(_retire(projection, number, data, by))
    for generation in retired:
        found = {"projection": projection, "generation": generation.number}
        sentence = f"{projection}: generation {generation.number} is fed no more"
        click.echo(orjson.dumps(found).decode() if as_json else sentence)
    if not retired and not as_json:
        click.echo(f"{projection}: only the live generation is fed")


async def _retire(
    projection: str, number: int | None, data: Path | None, by: str | None
) -> Sequence[Generation]:
    async with beside(data) as system, system.replaying(projection):
        chosen = await _chosen(system, projection, number)
        return [generation for generation in chosen if await Operator(system, by).retire(generation)]


async def _chosen(system: Beside, projection: str, number: int | None) -> Sequence[Generation]:
    known = await system.generations(projection)
    if number is None:
        return [g for g in known if g.state in FED and g.state != "live"]
    found = [g for g in known if g.number == number]
    if not found:
        raise CommandError(f"{projection} has no generation {number}")
    if found[0].state == "live":
        raise CommandError(f"{projection} {number} is live; roll back or replay first")
    if found[0].state == "building":
        drop = f"photolog replay drop {projection} --generation {number}"
        raise CommandError(f"{projection} {number} is being built; `{drop}` gives it up")
    return [g for g in found if g.state in FED]
