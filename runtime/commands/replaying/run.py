"""`photolog replay PROJECTION...`: builds projections anew from the log while the old ones serve, verifies the new ones, and makes
them live.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

import click
import orjson

from projectors.catalogue import BY_NAME
from replay.certificate import Certificate
from runtime.beside import Beside, beside
from runtime.commands import options
from runtime.commands.replaying import trying
from runtime.commands.replaying.judging import bar
from runtime.commands.replaying.progress import Shown
from runtime.errors import CommandError
from runtime.operating import Operator
from runtime.reaching import until_reached
from runtime.verifying import keep, verify_generation
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.registry import Generation, NotReadyError


@dataclass(frozen=True, slots=True)
class How:
    """`events_per_s` None: as fast as it goes."""

    events_per_s: float | None
    unverified: bool
    by: str | None
    as_json: bool


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
    help="One JSON object per projection, and how far each is on standard error.",
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
        asyncio.run(_replay_each(names, data, How(events_per_s, unverified, by, as_json), shown))
    except KeyboardInterrupt:
        click.echo(_broken_off(names, shown), err=True)
        raise SystemExit(options.BROKEN_OFF) from None
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


async def _replay_each(names: Sequence[str], data: Path | None, how: How, shown: Shown) -> None:
    async with beside(data) as system:
        for name in names:
            async with system.replaying(name):
                switched = await _replay(system, name, how, shown)
            if how.as_json:
                click.echo(orjson.dumps(switched).decode())
            else:
                click.echo(f"{name}: generation {switched['to']} is live, {switched['from']} is kept")


async def _replay(system: Beside, name: str, how: How, shown: Shown) -> dict[str, object]:
    live = await system.live(name)
    fresh = await system.begin(live)
    with (shown.lines if how.as_json else shown.bar)(fresh) as report:
        if fresh.state == "building":
            await system.build(fresh, report, how.events_per_s)
            if not await system.registry.mark(name, fresh.number, "ready"):
                raise CommandError(f"somebody has given up {name} {fresh.number} meanwhile")
        await until_even(system, live, fresh)
    operator = Operator(system, how.by)
    seal = None if how.unverified else await _verified(system, operator, fresh, how.as_json)
    await until_even(system, live, fresh)  # verifying took its time, in which the live one went on
    await operator.retire_others(live, fresh)
    shown.is_live = None
    try:
        shown.is_live = await operator.switch(live, fresh, seal)
    except NotReadyError:
        raise CommandError(f"{name} {fresh.number} broke; see the server's log") from None
    if not shown.is_live:
        raise CommandError(f"somebody else has switched {name}; see `photolog replay history {name}`")
    return {"projection": name, "from": live.number, "to": fresh.number, "certificate": seal}


async def _verified(system: Beside, operator: Operator, fresh: Generation, as_json: bool) -> str:
    """The seal of the certificate. Ends the command when the generation is not what the log says."""
    certificate = await _judged(system, fresh, as_json)
    while certificate.is_merely_behind:  # who feeds it went away, just now
        certificate = await _judged(system, fresh, as_json)
    kept_at = keep(system, certificate, None)
    await operator.verified(fresh, certificate.differences_count, certificate.seal)
    if not certificate.equal and certificate.parked_count:
        raise CommandError(
            f"{certificate.parked_count:,} events are parked in {fresh.projection} {fresh.number}, so it is not what the log says "
            f"and was not switched to: {kept_at} says how it differs. See `photolog parked list`, mend the cause, have them tried "
            f"again with `photolog parked retry`, and give the same command again; with --unverified it switches all the same"
        )
    if not certificate.equal:
        retire = f"photolog replay retire {fresh.projection} --generation {fresh.number}"
        raise CommandError(
            f"{fresh.projection} {fresh.number} is not what the log says and was not switched to: {kept_at} says what "
            f"differs. Mend the cause, give it up with `{retire}`, and replay again"
        )
    return certificate.seal


async def _judged(system: Beside, fresh: Generation, as_json: bool) -> Certificate:
    """Once it has come to where the log ends now: a worker that ended is waited for until it is started again."""
    await until_reached(system, fresh, await system.log.ends(BY_NAME[fresh.projection].topics))
    with bar(fresh.projection, as_json) as report:
        return await verify_generation(system, fresh, report)


async def until_even(system: Beside, live: Generation, other: Generation) -> None:
    """Wait until the other generation stands where the live one stands now: at most at the log's end, which may have been cut, and
    nowhere when it cannot be read. Such a one is to be replaced all the more.
    """
    try:
        stands = await system.positions(live)
    except UnavailableError:
        raise
    except StoreError:
        stands = {}
    ends = await system.log.ends(BY_NAME[live.projection].topics)
    await until_reached(system, other, {at: min(offset, ends.get(at, -1)) for at, offset in stands.items()})
