"""Media: each by what became of it, a post or avatar by what is attached to it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from events.codec import Record
from events.media import AttachedKind, MediaAttached, MediaEvent
from replay.oracle.media import media
from replay.subjects.subject import Entity, Fact, Member, Piece, Subject, Told, Value, digest, mentions
from stores.ports.media import Media, MediaReader


class MediaSubject(Subject):
    def facts(self, told: Told) -> Iterable[Fact]:
        found = media(told.events)
        for media_id in {e.media_id for e in told.events if isinstance(e, MediaEvent)}:
            medium = found.get(media_id)
            yield ("media", media_id), [media_id, None if medium is None else _said(medium)]
        targets = {
            (e.attached_kind, e.attached_id, e.media_id) for e in told.events if isinstance(e, MediaAttached)
        }
        for kind, target_id, media_id in targets:
            stands = media_id in found and found[media_id]["attached"] == (kind, target_id)
            yield (kind, target_id), [media_id, stands]

    def value(self, entity: Entity, pieces: Sequence[Piece]) -> Value:
        if entity[0] == "media":
            return {"media": next((said for _, said in pieces if said), None)}
        return {"attached": sorted(media_id for media_id, stands in pieces if stands)}

    async def read(
        self, view: MediaReader, entity: Entity, pieces: Sequence[Piece], held: Iterable[Member]
    ) -> Value:
        id_ = int(entity[1])
        if entity[0] == "media":
            medium = (await view.media([id_])).get(id_)
            return {"media": None if medium is None else _said(_fields(medium))}
        attached = await view.attached_to(_attached_kind(entity[0]), id_)
        return {"attached": [medium.media_id for medium in attached]}

    def made(self, entity: Entity, members: Collection[str], record: Record) -> bool:
        wanted = [str(entity[1])] if entity[0] == "media" else members
        return not wanted or any(mentions(record, media_id) for media_id in wanted)


def _attached_kind(kind: str) -> AttachedKind:
    return "post" if kind == "post" else "avatar"


def _fields(medium: Media) -> dict[str, Any]:
    return {name: getattr(medium, name) for name in medium.__dataclass_fields__}


def _said(medium: Mapping[str, Any]) -> dict[str, Any]:
    point = medium["focal_point"]
    return {
        **medium,
        "alt_text": digest(medium["alt_text"]),
        "focal_point": None if point is None else [point.x, point.y],
        "renditions": [list(rendition.model_dump().values()) for rendition in medium["renditions"]],
        "attached": None if medium["attached"] is None else list(medium["attached"]),
    }
