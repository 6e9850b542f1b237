"""How an operator names a moment of the log: by a time, or by positions."""

from datetime import datetime

import click

from runtime.beside import Beside
from runtime.errors import CommandError
from runtime.trying import topics_of
from stores.ports.log import Partition, Positions

Moment = int | dict[Partition, int]
"""Milliseconds since 1970 UTC, or offsets of some partitions."""


def moment(text: str) -> Moment:
    """Raises click.UsageError."""
    if "/" in text:
        return dict(_position(part.strip()) for part in text.split(","))
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise click.UsageError(
            f"{text} is neither a time with its zone, such as 2026-03-01T12:00:00Z, nor positions, such as photolog.posts/0:17"
        )
    return round(time.timestamp() * 1000)


def partition(text: str) -> Partition:
    """Raises click.UsageError."""
    topic, _, number = text.rpartition("/")
    if not topic or not number.isdecimal():
        raise click.UsageError(f"{text} is no partition, such as photolog.posts/0")
    return topic, int(number)


def _position(text: str) -> tuple[Partition, int]:
    place, _, offset = text.rpartition(":")
    if not offset.removeprefix("-").isdecimal():
        raise click.UsageError(f"{text} is no position, such as photolog.posts/0:17")
    return partition(place), int(offset)


async def cut_of(system: Beside, projection: str, named: Moment) -> int | Positions:
    """A time as it is; positions with those that were not named, which are where the log ends now. Raises CommandError."""
    if isinstance(named, int):
        return named
    ends = await system.log.ends(topics_of(projection))
    for at, offset in named.items():
        known(at, ends, projection)
        if not -1 <= offset <= ends[at]:
            raise CommandError(
                f"{at[0]}/{at[1]} has offsets from 0 to {ends[at]}, and -1 for none of it; not {offset}"
            )
    return {**ends, **named}


def known(at: Partition, ends: Positions, projection: str) -> None:
    """Raises CommandError for a partition that the projection does not read."""
    if at not in ends:
        topics = ", ".join(sorted({f"{topic}/{number}" for topic, number in ends}))
        raise CommandError(f"{projection} reads no {at[0]}/{at[1]}; it reads {topics}")
