"""Applies changes to a view as a projector would: wrapped into folded events with rising offsets."""

from typing import Any

from stores.ports.log import Partition
from stores.ports.view import Folded, View

PARTITION: Partition = ("photolog.contract", 0)
"""A topic that no projection reads, so that a contract says nothing about where its changes come from."""


async def apply(view: View[Any], *changes: Any, partition: Partition = PARTITION) -> None:
    """Every change is one event, all of them in one write."""
    await view.apply(await folded(view, *changes, partition=partition))


async def apply_each(view: View[Any], *changes: Any, partition: Partition = PARTITION) -> None:
    """Every change is one event in a write of its own."""
    for change in changes:
        await apply(view, change, partition=partition)


async def folded(view: View[Any], *changes: Any, partition: Partition = PARTITION) -> list[Folded[Any]]:
    """The events that would come next in this partition, one per change."""
    positions = await view.positions()
    first = positions[partition].offset + 1 if partition in positions else 0
    return [
        Folded(partition, first + n, event_id=first + n + 1, key="any", changes=(change,))
        for n, change in enumerate(changes)
    ]
