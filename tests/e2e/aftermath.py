"""What lies in a system: the events on its log, and whether every live view holds what the oracle says.

Reads beside the running processes, as an operator's command does, of either set-up.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from events.catalogue import BY_TYPE
from events.codec import Record, Unreadable, decode
from events.envelope import Envelope
from events.topics import TOPICS
from runtime.beside import Place
from runtime.folder_place import FolderPlace
from runtime.settings import PREFIX, Settings
from stores.ports.log import Entry, Partition, Positions
from tests.property.subjects import SUBJECTS, Subject

Offset = tuple[Partition, int]


@dataclass(frozen=True)
class Told:
    """Everything on the log, partition by partition, as entries and as the events that can be read; and where it ends. `said` is
    what the oracle says about these events, by projection, where somebody has asked it.
    """

    entries: Sequence[Entry]
    at: Mapping[Offset, Envelope]
    unreadable: Sequence[Entry]
    ends: dict[Partition, int]
    said: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def events(self) -> Sequence[Envelope]:
        return list(self.at.values())

    @property
    def records(self) -> Sequence[Record]:
        return [entry.record for entry in self.entries]


def settings_of(environment: Mapping[str, str]) -> Settings:
    return Settings.model_validate(
        {name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}
    )


@asynccontextmanager
async def opened(environment: Mapping[str, str]) -> AsyncIterator[Place]:
    """The place of the system whose processes have this environment."""
    settings = settings_of(environment)
    if settings.profile == "embedded":
        place: Place = FolderPlace(settings)
    else:
        from runtime.cluster import connected  # an embedded system needs none of its libraries
        from runtime.cluster_place import ClusterPlace

        place = ClusterPlace(await connected(settings))
    try:
        yield place
    finally:
        await place.close()


async def told(place: Place) -> Told:
    ends = await place.log.ends(TOPICS)
    entries = [entry for at, end in ends.items() for entry in await place.log.read(at, 0, end + 1)]
    keys = await place.keys.get({entry.record.subject_id for entry in entries})
    decoded = [(entry, decode(entry.record, keys)) for entry in entries]
    at = {(each.partition, each.offset): event for each, event in decoded if isinstance(event, Envelope)}
    unreadable = [entry for entry, event in decoded if isinstance(event, Unreadable)]
    return Told(entries, at, unreadable, ends)


async def reached(place: Place) -> bool:
    """Whether every live view stands at the log's end, and is believed."""
    return not await behind(place)


async def behind(place: Place) -> list[str]:
    """The live views that do not stand at the log's end, each with the partitions it lacks; or that are not believed."""
    ends = await place.log.ends(TOPICS)
    views = await live(place)
    lacking = [await _lacks(views[each.projection.name], each, ends) for each in SUBJECTS]
    believed = [] if await views["feeds"].believed() else ["feeds is not believed"]
    return [*filter(None, lacking), *believed]


async def one_held(place: Place, projection: str) -> bool:
    """Whether the live view of this projection stands at the log's end; then it holds what the oracle says."""
    (subject,) = (each for each in SUBJECTS if each.projection.name == projection)
    found, view = await told(place), (await live(place))[projection]
    if await _lacks(view, subject, found.ends):
        return False
    assert await subject.read(view, found.events, place.log) == subject.oracle(found.events)
    return True


async def held(place: Place, discarded: Collection[Offset] = ()) -> Told | None:
    """None when somebody has appended or switched while the views were read: then look again.

    Each view holds what the oracle says about the events that can be read, and has parked all the others that concern it,
    but for those that an operator has discarded.
    """
    views, found = await live(place), await told(place)
    read = [await each.read(views[each.projection.name], found.events, place.log) for each in SUBJECTS]
    parked = [await views[each.projection.name].parked() for each in SUBJECTS]
    if found.ends != await place.log.ends(TOPICS) or not await reached(place):
        return None
    said = {subject.projection.name: subject.oracle(found.events) for subject in SUBJECTS}
    for subject, holds, aside in zip(SUBJECTS, read, parked, strict=True):
        assert holds == said[subject.projection.name], subject.projection.name
        assert {(e.partition, e.offset) for e in aside} == poisoning(found, subject) - set(discarded)
    return replace(found, said=said)


def poisoning(found: Told, subject: Subject) -> set[Offset]:
    """Places of what a projection has to park: what it cannot read, unless it is of a type that is none of its business."""
    types = {event.type for event in subject.projection.events}
    return {
        (entry.partition, entry.offset)
        for entry in found.unreadable
        if entry.partition[0] in subject.projection.topics
        and (entry.record.type in types or entry.record.type not in BY_TYPE)
    }


async def live(place: Place) -> Mapping[str, Any]:
    """The live views by projection."""
    return {
        generation.projection: place.open_view(generation.projection, generation.number)
        for generation in await place.registry.generations()
        if generation.state == "live"
    }


async def _lacks(view: Any, subject: Subject, ends: Positions) -> str:
    stands = {at: position.offset for at, position in (await view.positions()).items()}
    wanted = {at: end for at, end in ends.items() if at[0] in subject.projection.topics and end >= 0}
    if stands == wanted:
        return ""
    places = sorted(at for at in {*stands, *wanted} if stands.get(at) != wanted.get(at))
    return f"{subject.projection.name}: " + ", ".join(
        f"{at} {stands.get(at)} of {wanted.get(at)}" for at in places
    )
