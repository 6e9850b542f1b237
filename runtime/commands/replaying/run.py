"""`photolog replay PROJECTION...`: builds projections anew from the log while the old ones serve, verifies the new ones, and makes
them live.
"""

import asyncio
from collections.abc import Sequence
from math import isnan
from pathlib import Path

import click
import orjson

from projectors.catalogue import BY_NAME
from runtime.beside import beside
from runtime.commands import options
from runtime.commands.replaying import trying
from runtime.commands.replaying.progress import Shown
from runtime.commands.replaying.rebuilding import Rebuilding, rebuilt
from runtime.errors import BROKEN_OFF, CommandError
from stores.ports.errors import UnavailableError


def _number(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    if value is not None and isnan(value):
        raise click.BadParameter("has to be a number")
    return value


@click.command()
@click.argument(
    "projections", nargs=-1, required=True, type=click.Choice([*BY_NAME, "all"]), metavar="PROJECTION...|all"
)
@click.option(
    "--rate",
    "events_per_s",
    type=click.FloatRange(0, 1e9, min_open=True),
    callback=_number,
    metavar="EVENTS_PER_SECOND",
    help="Not faster than this, in small batches, so that who reads and writes beside it is not held up.",
)
@click.option(
    "--unverified", is_flag=True, help="Switch without verifying first, as when readers wait for it."
)
@options.data
@options.by
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON object per projection; how far each is, and notes, on standard error.",
)
@trying.instead
def run(
    projections: Sequence[str],
    data: Path | None,
    events_per_s: float | None,
    unverified: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Rebuild each PROJECTION (or all of them) from the log beside the live one, verify it, and switch to it.

    One that is not equal to what the log says is not switched to (see `photolog replay verify`).
    Works beside a running server, which serves the old one until the switch and goes on feeding both; what that one had
    replaced is fed no more. After Ctrl-C (exit status 130), or when it was killed, the same command goes on where it was.

    Example: photolog replay search

    Example: photolog replay feeds --with celebrity_threshold=1000
    """
    names = options.named(projections)
    shown = Shown()
    try:
        asyncio.run(_replay_each(names, data, Rebuilding(events_per_s, unverified, by, as_json), shown))
    except KeyboardInterrupt:
        click.echo(_broken_off(names, shown), err=True)
        raise SystemExit(BROKEN_OFF) from None
    except UnavailableError as error:
        raise CommandError(f"{error}; {_broken_off(names, shown)}") from error


def _broken_off(names: Sequence[str], shown: Shown) -> str:
    generation, reached = shown.generation, shown.reached
    left = names[names.index(generation.projection) :] if generation else names
    again, others = (f"`photolog replay {' '.join(some)}` goes on from there" for some in (left, left[1:]))
    if generation is None:
        return f"broken off before anything was built; {again}"
    name, built = generation.projection, f"{generation.projection} {generation.number}"
    if shown.is_live is None:
        return f"broken off at the switch: see with `photolog replay status {name}` whether {built} is live"
    if shown.is_live:
        return f"broken off: {built} is live" + (f"; {others}" if left[1:] else "")
    counts = f" has {reached.applied_count:,} of {reached.goal_count:,} events and" if reached else ""
    return f"broken off: {built}{counts} is not live; {again}"


async def _replay_each(names: Sequence[str], data: Path | None, how: Rebuilding, shown: Shown) -> None:
    async with beside(data) as system:
        for name in names:
            async with system.replaying(name):
                switched = await rebuilt(system, name, how, shown)
            if how.as_json:
                click.echo(orjson.dumps(switched).decode())
            else:
                click.echo(f"{name}: generation {switched['to']} is live, {switched['from']} is kept")
