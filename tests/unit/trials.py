"""A data folder on which something has happened, and nobody serves."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from events.codec import Record, encode
from events.envelope import Envelope
from projectors.catalogue import BY_NAME
from replay.rebuild import Reached
from runtime.beside import Beside
from runtime.folder import Folder
from runtime.folder_place import FolderPlace
from runtime.settings import Settings
from stores.ports.keys import Keys
from stores.sqlite.database import delete
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import PARTITION_COUNT, SqliteLog
from stores.sqlite.state import open_state


async def happened(data: Path, events: Sequence[Envelope], partition_count: int = PARTITION_COUNT) -> None:
    """Appends these."""
    folder = Folder(data)
    folder.make()
    with closing(SqliteLog(folder.log, partition_count)) as log, closing(open_state(folder.state)) as state:
        keys = SqliteKeys(state)
        await log.append([await _record(event, keys) for event in events])


async def lived(data: Path, *projections: str) -> Beside:
    """Live generations that show all of it. To be closed."""
    system = Beside(FolderPlace(Settings(data=data)))
    for name in projections:
        await system.build(await system.registry.begin(name, BY_NAME[name].version), quiet)
    return system


def damage(data: Path, projection: str, number: int) -> None:
    """Nothing in the file of this generation can be read any more."""
    file = Folder(data).view(projection, number)
    delete(file)
    file.write_bytes(b"no database" * 2000)


def quiet(reached: Reached) -> None:
    """Nobody is told."""


async def _record(event: Envelope, keys: Keys) -> Record:
    if not event.personal:
        return encode(event, None)
    await keys.create(event.subject_id)
    key = (await keys.get([event.subject_id]))[event.subject_id]
    assert isinstance(key, bytes)
    return encode(event, key)
