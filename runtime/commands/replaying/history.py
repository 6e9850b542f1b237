"""`photolog replay history`: who did what to generations and parked events, when. It is read from `photolog.operations`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from events.operations import (
    GenerationRepaired,
    GenerationRolledBack,
    GenerationSwitched,
    GenerationVerified,
    OperationEvent,
    ParkedDiscarded,
    ParkedRetried,
)
from projectors.catalogue import BY_NAME
from replay.operations import history as read_history
from replay.operations import outcome
from runtime.beside import beside
from runtime.commands import options

_ENVELOPE = {"actor_id", "correlation_id", "causation_id", "idempotency_key"}


@click.command()
@click.argument("projections", nargs=-1, type=click.Choice([*BY_NAME]), metavar="[PROJECTION...]")
@options.data
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object per line, with positions and certificates."
)
def history(projections: Sequence[str], data: Path | None, as_json: bool) -> None:
    """Show what operators did to every PROJECTION, or to those that are named, the oldest first.

    Example: photolog replay history search
    """
    for event in asyncio.run(_history(data)):
        if not projections or event.projection in projections:
            click.echo(orjson.dumps(_json(event)).decode() if as_json else _line(event))


async def _history(data: Path | None) -> Sequence[OperationEvent]:
    async with beside(data) as system:
        return await read_history(system.registry, system.log)


def _json(event: OperationEvent) -> dict[str, Any]:
    return {"type": event.type, **event.model_dump(mode="json", exclude=_ENVELOPE)}


def _line(event: OperationEvent) -> str:
    what = event.type.replace(".", " ").replace("_", " ")
    by = f" by {event.by}" if event.by else ""
    view = f"{event.projection} {event.generation}"
    return f"{event.occurred_at:%Y-%m-%d %H:%M:%S}Z {view:<14} {what}{_details(event)}{by}"


def _details(event: OperationEvent) -> str:
    match event:
        case GenerationSwitched(certificate=None) | GenerationRolledBack():
            return f" from {event.from_generation}"
        case GenerationSwitched():
            return f" from {event.from_generation}, certificate {event.certificate}"
        case GenerationVerified():
            return f", {outcome(event)}, certificate {event.certificate}"
        case GenerationRepaired():
            return f" in part {event.part}"
        case ParkedRetried() | ParkedDiscarded():
            return f": {len(event.event_ids)} events of {event.parked_topic} under {event.parked_key}"
        case _:
            return ""
