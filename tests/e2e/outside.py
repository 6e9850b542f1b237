"""What a system has beside its log and its views: how far its reactors are, and the files of media."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from events.media import MediaDeleted
from events.topics import TOPICS
from producers.reactors.processing import Processing
from producers.reactors.rekeying import Rekeying
from runtime.beside import Place
from runtime.folder import Folder
from runtime.folder_place import FolderPlace
from runtime.settings import Settings
from stores.files.objects import FilesObjects
from stores.ports.log import Positions
from stores.ports.objects import Area, Objects, area_of
from stores.ports.reactor_positions import ReactorPositions
from stores.sqlite.reactor_positions import SqliteReactorPositions
from stores.sqlite.state import open_state
from tests.e2e.aftermath import Offset, Told, held, reached
from tests.e2e.world import until

_PROMPT = (Processing, Rekeying)
"""The reactors that do at once what is to be done."""
_AREAS: Sequence[Area] = get_args(Area)


@dataclass(frozen=True)
class Outside:
    reactors: ReactorPositions
    objects: Objects


@contextmanager
def outside(data: Path) -> Iterator[Outside]:
    """Of an embedded server with this folder."""
    folder = Folder(data)
    state = open_state(folder.state)
    try:
        yield Outside(SqliteReactorPositions(state), FilesObjects(folder.objects, b"signs nothing"))
    finally:
        state.close()


def settled(data: Path) -> Told:
    """What is told in this folder once everything has caught up with it, and every view and the files were found to hold it."""
    found: Told = until(lambda: asyncio.run(_settled_folder(data)))
    return found


async def _settled_folder(data: Path) -> Told | None:
    place = FolderPlace(Settings(data=data))
    try:
        with outside(data) as beyond:
            found = await rested(place, beyond.reactors) if await reached(place) else None
            if found is not None:
                await check_files(found, beyond.objects)
            return found
    finally:
        await place.close()


async def rested(place: Place, reactors: ReactorPositions, discarded: Collection[Offset] = ()) -> Told | None:
    """As `held`, where the reactors were done before: then nobody is at anything."""
    ends = await place.log.ends(TOPICS)
    if await awaited(ends, reactors):
        return None
    found = await held(place, discarded)
    return found if found is not None and found.ends == ends else None


async def awaited(ends: Positions, reactors: ReactorPositions) -> list[str]:
    """The reactors that have not dealt with everything up to these ends, each with the partitions that it lacks."""
    lacking = []
    for reactor in _PROMPT:
        stands, topics = await reactors.get(reactor.name), {event.topic for event in reactor.events}
        places = [at for at, end in ends.items() if at[0] in topics and stands.get(at, -1) < end]
        lacking += [f"{reactor.name}: {sorted(places)}"] if places else []
    return lacking


async def check_files(found: Told, objects: Objects) -> None:
    """Once the reactors have dealt with everything: media that are ready have their files, as long as they are said to be, where
    those can reach them who may see them; those that were deleted have none.
    """
    deleted = {event.media_id for event in found.events if isinstance(event, MediaDeleted)}
    ready = {id_: medium for id_, medium in found.said["media"].items() if medium["status"] == "ready"}
    stored = dict(await asyncio.gather(*(_stored(objects, media_id) for media_id in {*deleted, *ready})))
    assert {media_id: stored[media_id] for media_id in deleted if stored[media_id]} == {}
    for media_id, medium in ready.items():
        named = {r.object_key: r.size_bytes for r in medium["renditions"]}
        named[medium["object_key"]] = medium["size_bytes"]
        assert named.items() <= stored[media_id].items(), medium
        areas = {area_of(rendition.object_key) for rendition in medium["renditions"]}
        assert areas == {_area(medium, found.said["timelines"])}, medium


async def _stored(objects: Objects, media_id: int) -> tuple[int, dict[str, int]]:
    there = [each for area in _AREAS for each in await objects.list(area, media_id)]
    return media_id, {each.key: each.size_bytes for each in there}


def _area(medium: Mapping[str, Any], posts: Mapping[int, Mapping[str, Any]]) -> Area:
    """Nobody here has an avatar."""
    _, post_id = medium["attached"] or ("nothing", 0)
    return "public" if post_id in posts and posts[post_id]["visibility"] == "public" else "private"
