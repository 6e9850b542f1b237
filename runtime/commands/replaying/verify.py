"""`photolog replay verify`: whether generations hold what the log says, with a certificate of each."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import orjson

from projectors.catalogue import BY_NAME
from replay.certificate import Certificate
from replay.differences import Difference, Event, Way
from runtime.beside import beside
from runtime.commands import options
from runtime.commands.replaying.judging import bar
from runtime.due import what_to_do
from runtime.errors import BROKEN_OFF, CommandError
from runtime.operating import Operator
from runtime.verifying import keep, to_verify, verify_generation
from stores.ports.errors import UnavailableError
from stores.ports.registry import Generation


@click.command()
@click.argument(
    "projections", nargs=-1, required=True, type=click.Choice([*BY_NAME, "all"]), metavar="PROJECTION...|all"
)
@click.option(
    "--generation",
    type=click.IntRange(min=1),
    help="Of one projection; else the newest that is live or ready to be.",
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the certificate of one projection; else a file in the folder `certificates`.",
)
@options.data
@options.by
@click.option(
    "--json", "as_json", is_flag=True, help="One certificate per projection, a line each, with its file."
)
def verify(
    projections: Sequence[str],
    generation: int | None,
    certificate: Path | None,
    data: Path | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Compare the newest generation of each PROJECTION, and the live one beside it, with what the log says.

    What must be in them is told by an oracle that shares no code with the folds. Works beside a running server and under
    writes. On a difference it says which post, user or term differs, how, and which events made it so. Words that people
    wrote are given by their digests. What was found is told by `photolog replay history`.

    Exit status 0 when every verified generation is equal, 1 when one differs, 2 when that could not be found out.

    Example: photolog replay verify likes feeds
    """
    names = options.named(projections)
    if len(names) > 1 and (generation, certificate) != (None, None):
        raise click.UsageError("--generation and --certificate are for one projection")
    try:
        found = asyncio.run(_verify_each(names, generation, certificate, data, by, as_json))
    except KeyboardInterrupt:
        click.echo("broken off; give the command again", err=True)
        raise SystemExit(BROKEN_OFF) from None
    except UnavailableError as error:
        raise CommandError(f"{error}; nothing was found out, verify again when it is back") from error
    if not all(each.equal for each in found):
        raise SystemExit(1)


async def _verify_each(
    names: Sequence[str],
    number: int | None,
    path: Path | None,
    data: Path | None,
    by: str | None,
    as_json: bool,
) -> list[Certificate]:
    found = []
    async with beside(data) as system:
        for name in names:
            generation = await to_verify(system, name, number)
            with bar(name, as_json) as report:
                certificate = await verify_generation(system, generation, report)
            await Operator(system, by).verified(generation, certificate)
            kept_at = keep(system, certificate, path)
            if as_json:
                found_out = certificate.model_dump(mode="json") | {"file": str(kept_at)}
                click.echo(orjson.dumps(found_out).decode())
            else:
                click.echo("\n".join(_lines(certificate, kept_at, generation)))
            found.append(certificate)
    return found


def _lines(certificate: Certificate, kept_at: Path, generation: Generation) -> Iterator[str]:
    name, number = certificate.projection, certificate.generation
    counts = f"{certificate.events_count:,} events, {certificate.entities_count:,} entities"
    yield f"{name}: generation {number} {verdict(certificate)} ({counts}); {kept_at}"
    if certificate.behind_count:
        behind = f"{certificate.behind_count:,} events at the log's end are not in it"
        yield f"  {behind}, and {_unfed(generation)}"
    if certificate.parked_count:
        yield f"  {certificate.parked_count:,} events are parked; see `photolog parked list`"
    if certificate.unreadable_count:
        yield f"  {certificate.unreadable_count:,} events on the log cannot be read by this release"
    yield from map(_place, certificate.unreadable)
    yield from (f"  {fault}" for fault in certificate.faults)
    for difference in certificate.differences:
        yield from told(difference)
    if certificate.live_differences_count:
        live = f"generation {certificate.live}, which is live, differs"
        yield f"  {live} ({certificate.live_differences_count:,} differences); it was not what was verified"


def _unfed(generation: Generation) -> str:
    """Why nobody brings it any further, and what to do."""
    name = generation.projection
    match generation.state:
        case "retired":
            return f"it is fed no more since it is retired; `photolog replay drop {name}` removes it"
        case "broken":
            return f"it is fed no more since it broke, as the log of who fed it says; `{what_to_do(name)}` builds another"
        case "building":
            return f"it is not fed before it is built; `{what_to_do(name)}` goes on"
        case _ if generation.version != BY_NAME[name].version:
            made = f"version {generation.version} of its fold made it"
            return f"it is not fed by this release, since {made}; `{what_to_do(name)}` builds another"
        case _:
            return "nobody feeds it: start `photolog serve`, or the workers, and verify again"


def verdict(certificate: Certificate) -> str:
    """What a certificate says of its generation, as the end of a sentence."""
    match certificate.verdict:
        case "equal":
            return "is equal to what the log says"
        case "behind":
            return "is equal to what the log says as far as it has come"
        case "incomplete":
            return "lacks events that could not be applied"
        case "faulty":
            return "has faults"
        case "different":
            return f"differs from what the log says in {certificate.differences_count:,} entities"


def told(difference: Difference) -> Iterator[str]:
    for way in difference.ways:
        yield f"  generation {difference.generation}, {difference.kind} {difference.key}: {_way(way)}"
    yield from map(_place, difference.events)


def _place(event: Event) -> str:
    return f"    {event.topic} {event.partition} offset {event.offset}: {event.type} {event.id}"


def _way(way: Way) -> str:
    told = f"{way.way}: {way.how}"
    if way.members:
        rest = way.members_count - len(way.members)
        told += f" {', '.join(way.members)}" + (f" and {rest} more" if rest else "")
    if way.expected is not None:
        told += f"; expected {way.expected}"
    return told + (f"; found {way.actual}" if way.actual is not None else "")
