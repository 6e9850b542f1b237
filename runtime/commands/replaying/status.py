"""`photolog replay status`: every generation, what is being built and how fast, what can be gone back to, what is due."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import orjson
from rich.console import Console

from projectors.catalogue import BY_NAME
from runtime.beside import Beside, Standing, beside
from runtime.commands import options, standings
from runtime.commands.replaying.progress import Pace, duration
from runtime.due import what_to_do

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
    found, paces = asyncio.run(_status(projections or [*BY_NAME], data))
    if as_json:
        click.echo(orjson.dumps([_json(each, paces) for each in found]).decode())
        return
    Console().print(standings.table(found))
    for each in found:
        if remark := _remark(each, paces):
            click.echo(f"{each.generation.projection} {each.generation.number}: {remark}")


async def _status(
    names: Sequence[str], data: Path | None
) -> tuple[Sequence[Standing], Mapping[tuple[str, int], Pace]]:
    async with beside(data) as system:
        found = await _standings(system, names)
        if not any(each.generation.state == "building" for each in found):
            return found, {}
        paces = {_key(each): Pace() for each in found if each.generation.state == "building"}
        _see(found, paces)
        await asyncio.sleep(_APART_S)
        found = await _standings(system, names)
        _see(found, paces)
        return found, paces


def _see(found: Sequence[Standing], paces: Mapping[tuple[str, int], Pace]) -> None:
    for each in found:
        if _key(each) in paces:
            paces[_key(each)].see(each.applied_count)


async def _standings(system: Beside, names: Sequence[str]) -> Sequence[Standing]:
    known = await system.registry.generations()
    return [await system.standing(each) for each in known if each.projection in names]


def _key(standing: Standing) -> tuple[str, int]:
    return standing.generation.projection, standing.generation.number


def _json(standing: Standing, paces: Mapping[tuple[str, int], Pace]) -> dict[str, object]:
    pace = paces.get(_key(standing), Pace())
    rate, left_s = pace.events_per_s(), pace.left_s(standing.behind_count)
    return standings.in_json(standing) | {
        "events_per_s": None if rate is None else round(rate),
        "left_s": None if left_s is None else round(left_s),
    }


def _remark(standing: Standing, paces: Mapping[tuple[str, int], Pace]) -> str:
    return _trouble(standing) or _way_on(standing, paces)


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


def _way_on(standing: Standing, paces: Mapping[tuple[str, int], Pace]) -> str:
    name = standing.generation.projection
    match standing.generation.state:
        case "building":
            pace = paces.get(_key(standing), Pace())
            left_s = pace.left_s(standing.behind_count)
            if left_s is None:
                return f"stands still; `{what_to_do(name)}` goes on"
            return f"{pace.events_per_s():,.0f}/s, {duration(left_s)} left"
        case "ready":
            return f"not switched to; `{what_to_do(name)}` goes on"
        case "replaced":
            return f"`photolog replay rollback {name}` goes back to it"
        case "retired" | "broken":
            return f"`photolog replay drop {name}` removes it"
        case _:
            return ""
