"""`photolog events`: reading the log."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import click
import orjson

from events.codec import Record
from events.topics import TOPICS
from runtime.beside import Beside, beside
from runtime.commands import options
from runtime.commands.values import value_json, value_text
from runtime.errors import BROKEN_OFF
from stores.ports.log import Entry, Partition

_POLL_S = 0.5
_READ_COUNT = 500


@click.group()
def events() -> None:
    """Read the log of events.

    Example: photolog events tail --last 5
    """


@events.command()
@options.data
@click.option(
    "--topic", "topics", multiple=True, type=click.Choice(TOPICS), help="Only this topic; repeatable."
)
@click.option(
    "--last", default=10, show_default=True, type=click.IntRange(0, 10_000), help="Begin so many events back."
)
@click.option("--follow/--no-follow", default=True, help="Go on when new events come; ends with Ctrl-C.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON object per line, with the event's value as it is stored.",
)
def tail(data: Path | None, topics: tuple[str, ...], last: int, follow: bool, as_json: bool) -> None:
    """Print the latest events, then those that come. Personal fields stay sealed.

    Example: photolog events tail --topic photolog.engagement --last 5 --no-follow
    """
    try:
        asyncio.run(_tail(data, topics or TOPICS, last, follow, as_json))
    except KeyboardInterrupt:
        click.echo()
        raise SystemExit(BROKEN_OFF) from None


async def _tail(data: Path | None, topics: tuple[str, ...], last: int, follow: bool, as_json: bool) -> None:
    async with beside(data) as system:
        async for entry in _entries(system, topics, last, follow):
            click.echo(orjson.dumps(_json(entry)).decode() if as_json else _line(entry))


async def _entries(system: Beside, topics: tuple[str, ...], last: int, follow: bool) -> AsyncIterator[Entry]:
    """The last entries of all partitions together by time, then new ones as they are found."""
    ends = await system.log.ends(topics)
    recent: list[Entry] = []
    for partition, end in ends.items():
        recent += await system.log.read(partition, max(0, end + 1 - last), last)
    for entry in sorted(recent, key=lambda entry: entry.record.id)[-last:] if last else ():
        yield entry
    while follow:
        await asyncio.sleep(_POLL_S)
        for entry in await _new(system, ends):
            yield entry


async def _new(system: Beside, ends: dict[Partition, int]) -> list[Entry]:
    """What came after `ends`, which is moved on."""
    found: list[Entry] = []
    for partition in ends:
        entries = await system.log.read(partition, ends[partition] + 1, _READ_COUNT)
        if entries:
            ends[partition] = entries[-1].offset
            found += entries
    return sorted(found, key=lambda entry: entry.record.id)


def _json(entry: Entry) -> dict[str, object]:
    record = entry.record
    return {
        "topic": entry.partition[0],
        "partition": entry.partition[1],
        "offset": entry.offset,
        "id": str(record.id),
        "type": record.type,
        "version": record.version,
        "key": record.key,
        "occurred_at_ms": record.occurred_at_ms,
        "actor_id": str(record.actor_id),
        "correlation_id": str(record.correlation_id),
        "causation_id": None if record.causation_id is None else str(record.causation_id),
        "value": value_json(record.value),
    }


def _line(entry: Entry) -> str:
    record: Record = entry.record
    place = f"{entry.partition[0]}/{entry.partition[1]}@{entry.offset}"
    value = value_text(record.value)
    shown = value if len(value) <= 120 else value[:119] + "…"
    return f"{place:<28} {record.type:<24} by {record.actor_id} {shown}"
