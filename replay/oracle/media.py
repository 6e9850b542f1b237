"""What must be known of each file, told from the plain list of events.

Shares no code with the folds or the stores. `events` is in the order of the log for events of one owner.
"""

from collections.abc import Sequence
from typing import Any

from events.envelope import Envelope
from events.media import (
    MediaAttached,
    MediaDeleted,
    MediaEdited,
    MediaEvent,
    MediaProcessed,
    MediaRejected,
    MediaUploaded,
    MediaUploadStarted,
)
from replay.oracle.grouping import grouped

Media = dict[str, Any]
_DECLARED = (
    "media_id", "owner_id", "object_key", "content_type", "size_bytes", "sha256", "filter", "focal_point", "alt_text",
)  # fmt: skip


def media(events: Sequence[Envelope]) -> dict[int, Media]:
    found = {media_id: _medium(mine) for media_id, mine in grouped(events, MediaEvent, "media_id").items()}
    return {media_id: medium for media_id, medium in found.items() if medium is not None}


def _medium(events: Sequence[MediaEvent]) -> Media | None:
    if any(isinstance(event, MediaDeleted) for event in events):
        return None
    first = next((n for n, event in enumerate(events) if isinstance(event, MediaUploadStarted)), None)
    if first is None:
        return None
    declared, after = events[first], events[first + 1 :]
    medium: Media = {name: getattr(declared, name) for name in _DECLARED}
    medium |= {"declared_at_ms": declared.occurred_at_ms}
    for event in after:
        if isinstance(event, MediaEdited):
            medium |= {name: getattr(event, name) for name in event.changed}
    return medium | _verdict(after) | _attachment(after)


def _verdict(events: Sequence[MediaEvent]) -> Media:
    """The first verdict stands; of a good one the last renditions."""
    known: Media = {"reason": None, "width": None, "height": None, "blurhash": None, "renditions": ()}
    verdicts = [event for event in events if isinstance(event, MediaProcessed | MediaRejected)]
    if not verdicts:
        uploaded = any(isinstance(event, MediaUploaded) for event in events)
        return known | {"status": "uploaded" if uploaded else "pending"}
    if isinstance(verdicts[0], MediaRejected):
        return known | {"status": "rejected", "reason": verdicts[0].reason}
    last = [event for event in verdicts if isinstance(event, MediaProcessed)][-1]
    names = ("width", "height", "blurhash", "renditions")
    return known | {"status": "ready"} | {name: getattr(last, name) for name in names}


def _attachment(events: Sequence[MediaEvent]) -> Media:
    attached = [event for event in events if isinstance(event, MediaAttached)]
    if not attached:
        return {"attached": None, "attached_at_ms": None}
    first = attached[0]
    return {"attached": (first.attached_kind, first.attached_id), "attached_at_ms": first.occurred_at_ms}
