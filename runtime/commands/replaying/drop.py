"""`photolog replay drop PROJECTION`: removes what generations hold that nobody feeds any more."""

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path

import click
import orjson

from projectors.catalogue import BY_NAME
from runtime.beside import Beside, beside
from runtime.commands import options
from runtime.errors import CommandError
from runtime.operating import Operator
from runtime.scratch import NUMBER, Scratch
from runtime.settings import read_settings
from stores.ports.registry import FED, Generation


@click.command()
@options.projection
@click.option(
    "--generation",
    "number",
    type=click.IntRange(0),
    help="This one, also if it is a build that was broken off, instead of all that are retired or broken; 0 is what `--as-of` "
    "keeps.",
)
@options.data
@options.by
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per generation instead of sentences.")
def drop(
    projection: str, number: int | None, data: Path | None, by: str | None, yes: bool, as_json: bool
) -> None:
    """Remove the data of generations of PROJECTION that are retired or broken: files, tables, keys. The log keeps every event.

    Refuses what is live or fed. The numbers of generations that were dropped are not used again.

    Example: photolog replay drop search --yes
    """
    agreed = None if yes or number == NUMBER else _agreed(projection, number, data)
    dropped = asyncio.run(_drop(projection, number, data, by, agreed))
    for generation in dropped:
        found = {"projection": projection, "generation": generation.number}
        sentence = f"{projection}: generation {generation.number} is dropped"
        click.echo(orjson.dumps(found).decode() if as_json else sentence)
    if not dropped and not as_json:
        click.echo(f"{projection}: nothing is retired or broken")


def _agreed(projection: str, number: int | None, data: Path | None) -> Collection[Generation]:
    """Asked outside of an event loop, which would keep Ctrl-C to itself."""
    chosen = asyncio.run(_looked_at(projection, number, data))
    if chosen:
        numbers = ", ".join(str(generation.number) for generation in chosen)
        click.confirm(f"Remove what {projection} {numbers} holds?", abort=True, err=True)
    return chosen


async def _looked_at(projection: str, number: int | None, data: Path | None) -> Collection[Generation]:
    async with beside(data) as system:
        return await _chosen(system, projection, number)


async def _drop(
    projection: str,
    number: int | None,
    data: Path | None,
    by: str | None,
    agreed: Collection[Generation] | None,
) -> Sequence[Generation]:
    """`agreed` None: whatever there is. Nobody is kept from it while a person thinks."""
    async with beside(data) as system, system.replaying(projection):
        if number == NUMBER:
            return _drop_scratch(system, projection)
        found = await _chosen(system, projection, number)
        chosen = [generation for generation in found if agreed is None or generation in agreed]
        for generation in chosen:
            if not await Operator(system, by).drop(generation):
                raise CommandError(f"{projection} {generation.number} is in use by now")
        return chosen


def _drop_scratch(system: Beside, projection: str) -> Sequence[Generation]:
    """It can be built again, so nobody is asked, and it is in no history."""
    if not Scratch(system, read_settings()).drop(projection):
        raise CommandError(f"nothing of {projection} is kept by `photolog replay {projection} --as-of`")
    return [Generation(projection, NUMBER, BY_NAME[projection].version, "retired")]


async def _chosen(system: Beside, projection: str, number: int | None) -> Sequence[Generation]:
    known = await system.generations(projection)
    if number is None:
        return [g for g in known if g.state in ("retired", "broken")]
    found = [g for g in known if g.number == number]
    if not found:
        raise CommandError(f"{projection} has no generation {number}")
    if found[0].state in FED:
        raise CommandError(f"{projection} {number} is {found[0].state}; see `photolog replay retire --help`")
    return found
