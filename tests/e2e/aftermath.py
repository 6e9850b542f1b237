"""What lies in the data folder of a server: the events on its log, and whether every view holds what the oracle says.

Reads the files beside the running server, as an operator's command does.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from events.codec import Record, decode
from events.envelope import Envelope
from events.topics import TOPICS
from runtime.folder import Folder
from stores.ports.crash import survive
from stores.ports.log import Partition
from stores.sqlite.database import Database
from stores.sqlite.keys import SCHEMA as KEYS_SCHEMA
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import SqliteLogReader
from stores.sqlite.view import SqliteView
from tests.e2e.world import until
from tests.property.subjects import SUBJECTS, Subject

_FIRST_GENERATION = 1


@dataclass(frozen=True)
class Told:
    """Everything on the log: as records, as events, and where it ends."""

    records: Sequence[Record]
    events: Sequence[Envelope]
    ends: dict[Partition, int]


async def told(data: Path) -> Told:
    folder = Folder(data)
    with closing(SqliteLogReader(folder.log)) as log:
        ends = await log.ends(TOPICS)
        entries = [entry for at, end in ends.items() for entry in await log.read(at, 0, end + 1)]
    records = [entry.record for entry in entries]
    with closing(Database(folder.state, KEYS_SCHEMA, "FULL")) as state:
        keys = await SqliteKeys(state).get({record.subject_id for record in records})
    decoded = [decode(record, keys) for record in records]
    return Told(records, [event for event in decoded if isinstance(event, Envelope)], ends)


def settled(data: Path) -> Told:
    """What is told once every view has caught up with it. Each of them holds what the oracle says, and nothing is parked."""
    found: Told = until(lambda: asyncio.run(_settled(data)))
    return found


async def _settled(data: Path) -> Told | None:
    """None when a view is behind, or the server has appended while the views were read: then look again."""
    with ExitStack() as stack:
        log = stack.enter_context(closing(SqliteLogReader(Folder(data).log)))
        views = [(subject, stack.enter_context(closing(_open(data, subject)))) for subject in SUBJECTS]
        ends = await log.ends(TOPICS)
        for subject, view in views:
            if not await _has_reached(view, subject, ends):
                return None
        found = await told(data)
        held = [await subject.read(view, found.events, log) for subject, view in views]
        if not ends == found.ends == await log.ends(TOPICS):
            return None
        for (subject, view), holds in zip(views, held, strict=True):
            assert holds == subject.oracle(found.events), subject.projection.name
            assert await view.parked() == []
    return found


async def _has_reached(view: SqliteView[Any], subject: Subject, ends: Mapping[Partition, int]) -> bool:
    stands = await view.positions()
    wanted = {at: end for at, end in ends.items() if at[0] in subject.projection.topics and end >= 0}
    return {at: position.offset for at, position in stands.items()} == wanted


def _open(data: Path, subject: Subject) -> SqliteView[Any]:
    return subject.open_view(Folder(data).view(subject.projection.name, _FIRST_GENERATION), survive)
