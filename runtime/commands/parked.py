"""`photolog parked`: events that could not be applied, and what to do with them."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson

from projectors.catalogue import BY_NAME
from runtime.beside import Beside, beside
from runtime.commands import options
from runtime.commands.values import value_text
from runtime.errors import CommandError
from runtime.operating import Operator
from stores.ports.registry import FED, Generation
from stores.ports.view import Folded, ParkedEvent

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
_json_object = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a sentence.")
_key = click.argument("key")


@dataclass(frozen=True, slots=True)
class _Found:
    """A parked event of one generation."""

    generation: Generation
    event: ParkedEvent

    def json(self) -> dict[str, Any]:
        topic, number = self.event.partition
        return {
            "projection": self.generation.projection,
            "generation": self.generation.number,
            "topic": topic,
            "partition": number,
            "offset": self.event.offset,
            "id": str(self.event.event_id),
            "key": self.event.key,
            "reason": self.event.reason,
            "retry": self.event.retry,
        }

    def line(self) -> str:
        found = self.json()
        asked = " (will be tried again)" if self.event.retry else ""
        place = f"{found['topic']}/{found['partition']}@{found['offset']}"
        view = f"{found['projection']} {found['generation']}"
        return f"{view:<14} {place:<28} key {found['key']}: {found['reason']}{asked}"


@click.group()
def parked() -> None:
    """Look after events that could not be applied.

    Such an event was set aside, and with it every later one of its key; all others go on. Mend the cause, then retry.

    Example: photolog parked list
    """


@parked.command(name="list")
@options.data
@_json
def list_(data: Path | None, as_json: bool) -> None:
    """Show every parked event, with its reason. Exit status 1 when there are any.

    Example: photolog parked list
    """
    found = asyncio.run(_list(data))
    _say(found, as_json)
    raise SystemExit(1 if found else 0)


@parked.command()
@options.projection
@_key
@options.data
@_json
def show(projection: str, key: str, data: Path | None, as_json: bool) -> None:
    """Show the parked events of KEY as they stand on the log. Personal fields stay sealed.

    Example: photolog parked show likes 7301548361728
    """
    for event in asyncio.run(_show(data, projection, key)):
        if as_json:
            click.echo(orjson.dumps(event).decode())
        else:
            click.echo(f"{event['topic']}/{event['partition']}@{event['offset']} {event['type']}")
            click.echo(f"  {event['value']}\n  {event['reason']}")


@parked.command()
@options.projection
@_key
@options.data
@options.by
@_json_object
def retry(projection: str, key: str, data: Path | None, by: str | None, as_json: bool) -> None:
    """Have the parked events of KEY applied again, in order, by whoever feeds the view. Where one fails again, it stays parked with
    all that follow, and with those of its batch.

    Example: photolog parked retry likes 7301548361728
    """
    count = asyncio.run(_retry(data, projection, key, by))
    if as_json:
        click.echo(orjson.dumps({"projection": projection, "key": key, "retried": count}).decode())
    else:
        click.echo(f"{count} events of {key} will be tried again; see `photolog parked list`")


@parked.command()
@options.projection
@_key
@options.data
@click.option(
    "--event",
    "ids",
    multiple=True,
    type=int,
    help="Only the event with this id; repeatable. Retries the rest.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.by
@_json_object
def discard(
    projection: str,
    key: str,
    data: Path | None,
    ids: tuple[int, ...],
    yes: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Give up the parked events of KEY: the view goes on as if they had said nothing. A rebuild meets them again.

    Example: photolog parked discard likes 7301548361728 --yes
    """
    if not yes:
        click.confirm(f"Leave out the parked events of {key} from {projection}?", abort=True, err=True)
    count = asyncio.run(_discard(data, projection, key, ids, by))
    if as_json:
        click.echo(orjson.dumps({"projection": projection, "key": key, "discarded": count}).decode())
    else:
        click.echo(f"{count} events of {key} were discarded")


def _say(found: Sequence[_Found], as_json: bool) -> None:
    for each in found:
        click.echo(orjson.dumps(each.json()).decode() if as_json else each.line())
    if not found and not as_json:
        click.echo("nothing is parked")


async def _list(data: Path | None) -> Sequence[_Found]:
    async with beside(data) as system:
        return await _all(system, BY_NAME)


async def _show(data: Path | None, projection: str, key: str) -> Sequence[dict[str, Any]]:
    async with beside(data) as system:
        shown = []
        for found in await _of_key(system, projection, key):
            (entry,) = await system.log.read(found.event.partition, found.event.offset, 1)
            value = value_text(entry.record.value)
            shown.append({**found.json(), "type": entry.record.type, "value": value})
        return shown


async def _retry(data: Path | None, projection: str, key: str, by: str | None) -> int:
    async with beside(data) as system:
        found = await _of_key(system, projection, key)
        for (generation, topic), events in _places(found).items():
            await Operator(system, by).retry(generation, topic, key, [e.event_id for e in events])
            await system.view(generation).ask_retry(topic, key)
        await system.append_noted()
        return len({each.event.event_id for each in found})


async def _discard(data: Path | None, projection: str, key: str, ids: Collection[int], by: str | None) -> int:
    """Events that are not among the ids wait for nothing any more, so they are tried again."""
    async with beside(data) as system:
        found = await _of_key(system, projection, key)
        chosen = [each for each in found if not ids or each.event.event_id in ids]
        if unknown := set(ids) - {each.event.event_id for each in found}:
            raise CommandError(f"not parked under {key}: {', '.join(map(str, sorted(unknown)))}")
        for (generation, topic), events in _places(chosen).items():
            view = system.view(generation)
            await Operator(system, by).discard(generation, topic, key, [e.event_id for e in events])
            await view.release(topic, key, [Folded(e.partition, e.offset, e.event_id, key) for e in events])
            await view.ask_retry(topic, key)
        await system.append_noted()
        return len({each.event.event_id for each in chosen})


def _places(found: Sequence[_Found]) -> Mapping[tuple[Generation, str], Sequence[ParkedEvent]]:
    """By generation and topic, of each of which a key has a list of its own."""
    places: dict[tuple[Generation, str], list[ParkedEvent]] = {}
    for each in found:
        places.setdefault((each.generation, each.event.partition[0]), []).append(each.event)
    return places


async def _of_key(system: Beside, projection: str, key: str) -> Sequence[_Found]:
    found = [each for each in await _all(system, (projection,)) if each.event.key == key]
    if not found:
        raise CommandError(f"{projection} has no parked events of {key}; see `photolog parked list`")
    return found


async def _all(system: Beside, projections: Collection[str]) -> Sequence[_Found]:
    fed = [g for g in await system.registry.generations() if g.state in FED]
    return [
        _Found(generation, event)
        for generation in fed
        if generation.projection in projections
        for event in await system.view(generation).parked()
    ]
