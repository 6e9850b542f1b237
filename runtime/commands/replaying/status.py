"""`photolog replay status`: every generation, what is being built and how fast, what can be gone back to, what is due."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import orjson
from rich.console import Console

from projectors.catalogue import BY_NAME
from runtime.beside import Beside, Standing, beside
from runtime.commands import options, standings
from runtime.commands.replaying.progress import Pace, duration
from runtime.due import what_to_do
from runtime.earlier import earlier

_APART_S = 1.0
"""Between the two looks at what is being built, from which its pace is known."""


@click.command()
@click.argument("projections", nargs=-1, type=click.Choice([*BY_NAME]), metavar="[PROJECTION...]")
@options.data
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
def status(projections: Sequence[str], data: Path | None, as_json: bool) -> None:
    """Show the generations of every PROJECTION, or of those that are named.

    One that is being built is looked at twice, a second apart: how fast it goes, and how long the rest will take. The JSON
    document also says where each generation stands in every partition.

    Example: photolog replay status search
    """
    found = asyncio.run(_status(projections or [*BY_NAME], data))
    if as_json:
        click.echo(orjson.dumps([_json(each) for each in found]).decode())
        return
    Console().print(standings.table([each.standing for each in found]))
    for each in found:
        if remark := _remark(each):
            generation = each.standing.generation
            click.echo(f"{generation.projection} {generation.number}: {remark}")


@dataclass(frozen=True, slots=True)
class _Found:
    """`is_replayed`: some command is at the generations of its projection. `is_earlier`: it is what a rollback goes back to."""

    standing: Standing
    pace: Pace
    is_replayed: bool
    is_earlier: bool


async def _status(names: Sequence[str], data: Path | None) -> Sequence[_Found]:
    paces: defaultdict[tuple[str, int], Pace] = defaultdict(Pace)
    async with beside(data) as system:
        replayed, found = await _replayed(system, names), await _seen(system, names, paces)
        if any(each.generation.state == "building" for each in found):
            await asyncio.sleep(_APART_S)
            replayed, found = await _replayed(system, names), await _seen(system, names, paces)
        back = [await earlier(system, name) for name in names]
    return [
        _Found(each, paces[_key(each)], replayed[each.generation.projection], each.generation in back)
        for each in found
    ]


async def _replayed(system: Beside, names: Sequence[str]) -> Mapping[str, bool]:
    """To be asked before: who ends afterwards has been seen."""
    return {name: await system.is_replayed(name) for name in names}


async def _seen(
    system: Beside, names: Sequence[str], paces: Mapping[tuple[str, int], Pace]
) -> Sequence[Standing]:
    known = await system.registry.generations()
    found = [await system.standing(each) for each in known if each.projection in names]
    for each in found:
        if each.generation.state == "building":
            paces[_key(each)].see(each.applied_count)
    return found


def _key(standing: Standing) -> tuple[str, int]:
    return standing.generation.projection, standing.generation.number


def _json(found: _Found) -> dict[str, object]:
    rate, left_s = found.pace.events_per_s(), found.pace.left_s(found.standing.behind_count)
    return standings.in_json(found.standing) | {
        "events_per_s": None if rate is None else round(rate),
        "left_s": None if left_s is None else round(left_s),
        "remark": _remark(found) or None,
    }


def _remark(found: _Found) -> str:
    return _trouble(found.standing) or _way_on(found)


def _trouble(standing: Standing) -> str:
    """What keeps the generation from being what its state says."""
    name, version = standing.generation.projection, standing.generation.version
    state, ours = standing.generation.state, BY_NAME[name].version
    if standing.unreadable is not None and state == "replaced":
        return f"{standing.unreadable}; there is no going back to it: `photolog replay retire {name}`"
    if standing.unreadable is not None and state in ("live", "ready", "building"):
        return f"{standing.unreadable}; `{what_to_do(name)}` builds another"
    if standing.is_rebuild_due:
        return f"rebuild due: made by version {version}, this is {ours}; `{what_to_do(name)}`"
    if version != ours and state == "replaced":
        return f"made by version {version} of its fold: this release does not go back to it; `photolog replay retire {name}`"
    if version != ours and state in ("ready", "building"):
        drop = f"photolog replay drop {name} --generation {standing.generation.number}"
        return f"made by version {version} of its fold; `{drop}` removes it"
    return ""


def _way_on(found: _Found) -> str:
    name = found.standing.generation.projection
    match found.standing.generation.state:
        case "building":
            return _build(found)
        case "ready" if found.is_replayed:
            return "built and being verified; not switched to yet"
        case "ready":
            return f"not switched to; `{what_to_do(name)}` goes on"
        case "replaced" if found.is_replayed:
            return ""
        case "replaced" if found.is_earlier:
            return f"`photolog replay rollback {name}` goes back to it"
        case "replaced":
            retire = f"photolog replay retire {name} --generation {found.standing.generation.number}"
            return f"left when a replay was broken off; `{retire}` ends that it is fed"
        case "retired" | "broken":
            return f"`photolog replay drop {name}` removes it"
        case _:
            return ""


def _build(found: _Found) -> str:
    """A batch may take longer than the time between two looks."""
    left_s = found.pace.left_s(found.standing.behind_count)
    if left_s is not None:
        return f"{found.pace.events_per_s():,.0f}/s, {duration(left_s)} left"
    if found.is_replayed:
        return "is being built"
    return f"stands still; `{what_to_do(found.standing.generation.projection)}` goes on"
