"""What a system has beside its log and its views: how far its reactors are, and the files of media."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from events.topics import TOPICS
from producers.reactors.processing import Processing
from producers.reactors.rekeying import Rekeying
from runtime.beside import Place
from runtime.folder import Folder
from runtime.folder_place import FolderPlace
from runtime.settings import Settings
from stores.files.objects import FilesObjects
from stores.ports.log import Positions
from stores.ports.objects import Area, Objects, area_of, media_id_of
from stores.ports.reactor_positions import ReactorPositions
from stores.sqlite.reactor_positions import SqliteReactorPositions
from stores.sqlite.state import open_state
from tests.e2e.aftermath import Offset, Told, held, reached
from tests.e2e.world import until

_PROMPT = (Processing, Rekeying)
"""The reactors that do at once what is to be done."""
_NUANCE = 8
"""What compressing may change of a colour's parts, of 255."""


@dataclass(frozen=True)
class Outside:
    """`keys` tells, and blocks meanwhile, of everything in the media store, whatever it belongs to."""

    reactors: ReactorPositions
    objects: Objects
    keys: Callable[[], Collection[str]]


@contextmanager
def outside(data: Path) -> Iterator[Outside]:
    """Of an embedded server with this folder."""
    folder = Folder(data)
    state = open_state(folder.state)
    try:
        objects = FilesObjects(folder.objects, b"signs nothing")
        yield Outside(SqliteReactorPositions(state), objects, partial(_keys, folder.objects))
    finally:
        state.close()


def _keys(root: Path) -> Collection[str]:
    """Of `<area>/<shard>/<media id>/<name>`."""
    found = [path.relative_to(root).parts for path in root.glob("*/*/*/*")]
    return ["/".join((area, media_id, name)) for area, _, media_id, name in found]


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
                await check_files(found, beyond)
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


async def check_files(found: Told, beyond: Outside) -> None:
    """Once the reactors have dealt with everything: media that are ready have their files, as they are said to be, where those can
    reach them who may see them; and no file is there that no media has.
    """
    stored: dict[int, set[str]] = {}
    for key in await asyncio.to_thread(beyond.keys):
        stored.setdefault(media_id_of(key), set()).add(key)
    media = found.said["media"]
    nobodys = {media_id: keys for media_id, keys in stored.items() if media_id not in media}
    assert not nobodys, nobodys  # their media were deleted, or never declared
    for media_id, medium in media.items():
        there = stored.get(media_id, set())
        surplus = {key for key in there if not _may_be(key, medium)}
        assert not surplus, (surplus, medium)
        if medium["status"] == "ready":
            assert _named(medium) <= there, (there, medium)
            areas = {area_of(rendition.object_key) for rendition in medium["renditions"]}
            assert areas == {_area(medium, found.said["timelines"])}, medium
    await asyncio.gather(*(_check_content(beyond.objects, media[media_id]) for media_id in stored))


def _may_be(key: str, medium: Mapping[str, Any]) -> bool:
    """What nothing names may wait for the sweeper where nobody can fetch it: the original of a client that has not come back, and
    renditions that were not named, because somebody died, or are not any more. Nothing is left of what was rejected.
    """
    match medium["status"]:
        case "ready":
            return key in _named(medium) or area_of(key) == "private"
        case "pending":
            return bool(key == medium["object_key"])
        case _:
            return False


def _named(medium: Mapping[str, Any]) -> set[str]:
    return {medium["object_key"], *(rendition.object_key for rendition in medium["renditions"])}


async def _check_content(objects: Objects, medium: Mapping[str, Any]) -> None:
    """The original is what was declared, and renditions show as much. Everybody's pictures are of one colour, and unfiltered."""
    original = await _read(objects, medium["object_key"])
    assert sha256(original).hexdigest() == medium["sha256"], medium
    colours = _looks(original).colours
    for rendition in medium["renditions"]:
        content = await _read(objects, rendition.object_key)
        looks = _looks(content)
        shown = len(content), looks.type, *looks.size
        said = rendition.size_bytes, rendition.content_type, rendition.width, rendition.height
        assert shown == said, (shown, rendition)
        difference = max(abs(a - b) for a, b in zip(colours, looks.colours, strict=True))
        assert difference < _NUANCE, (difference, rendition)


async def _read(objects: Objects, key: str) -> bytes:
    async with objects.local(key) as path:
        return await asyncio.to_thread(path.read_bytes)


@dataclass(frozen=True)
class _Looks:
    """What a decoder makes of all of it."""

    type: str | None
    size: tuple[int, int]
    colours: tuple[int, ...]
    """The least and the most of red, green and blue."""


def _looks(content: bytes) -> _Looks:
    with Image.open(BytesIO(content)) as image:
        pixels = image.convert("RGB").tobytes()
        colours = tuple(limit(pixels[part::3]) for part in range(3) for limit in (min, max))
        return _Looks(image.get_format_mimetype(), image.size, colours)


def _area(medium: Mapping[str, Any], posts: Mapping[int, Mapping[str, Any]]) -> Area:
    """Nobody here has an avatar."""
    _, post_id = medium["attached"] or ("nothing", 0)
    return "public" if post_id in posts and posts[post_id]["visibility"] == "public" else "private"
