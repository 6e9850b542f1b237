"""What a media is used for: one post, or its owner's avatar, for ever.

Two commands may want one media at the same time: both append that they do, and the fold of the media view decides; who
lost goes no further. So what uses a media is on the log only after the media is surely its own.
"""

from collections.abc import Callable, Mapping

from events.media import AttachedKind, MediaAttached
from producers.command import Command
from producers.errors import ConflictError, NotCaughtUpError, NotFoundError
from producers.journal import Journal
from stores.ports.log import Positions
from stores.ports.media import Media, MediaReader
from stores.ports.progress import Progress

ATTACHED_WITHIN_MS = 2_000


class MediaNotReadyError(ConflictError):
    """A file has not been processed yet, or was rejected."""

    code = "media_not_ready"


class MediaInUseError(ConflictError):
    """A file is used by another post or as an avatar."""

    code = "media_in_use"


async def attach(
    log: Journal,
    media: Callable[[], MediaReader],
    progress: Progress,
    me: Command,
    kind: AttachedKind,
    target_id: int,
    media_ids: tuple[int, ...],
) -> Positions:
    """Returns when every media is the target's and nothing else's; `media` gives the live view."""

    async def is_done() -> bool:
        found = _usable(await media().media(media_ids), me.actor_id, media_ids)
        return _all_attached(found, kind, target_id)

    if await is_done():
        return {}  # this command was given before
    wanted = [
        MediaAttached(
            **me.stamp(), media_id=media_id, owner_id=me.actor_id, attached_kind=kind, attached_id=target_id
        )
        for media_id in media_ids
    ]
    positions = await log.append(*wanted)
    if not await progress.reached(("media",), positions, ATTACHED_WITHIN_MS) or not await is_done():
        raise NotCaughtUpError
    return positions


def _usable(found: Mapping[int, Media], owner_id: int, media_ids: tuple[int, ...]) -> list[Media]:
    """The media in their order, if they are the owner's and ready."""
    media = [found[media_id] for media_id in media_ids if media_id in found]
    if len(media) < len(media_ids) or any(one.owner_id != owner_id for one in media):
        raise NotFoundError("A file does not exist.")
    if any(one.status != "ready" for one in media):
        raise MediaNotReadyError
    return media


def _all_attached(media: list[Media], kind: AttachedKind, target_id: int) -> bool:
    """Whether all are the target's; False while some are nobody's, MediaInUseError when one is another's."""
    if any(one.attached not in (None, (kind, target_id)) for one in media):
        raise MediaInUseError
    return all(one.attached is not None for one in media)
