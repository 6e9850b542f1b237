"""Posts: made of media that nothing else uses, changed and deleted by their author alone.

Deleting appends the end of the post first: what follows are its files, which the sweeper would also find.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from events.media import MediaDeleted
from events.posts import Place, PostCreated, PostDeleted, PostEdited, PostField, Visibility
from events.tags import MAX_TAGS, tags_of
from producers.attaching import attach
from producers.command import Command
from producers.errors import ForbiddenError, InvalidError
from producers.journal import Journal
from producers.visibility import visible_post
from producers.written import Written
from stores.ports.log import Positions, merged
from stores.ports.progress import Progress
from stores.ports.timelines import Post
from stores.ports.views import Views


@dataclass(frozen=True, slots=True)
class Draft:
    """A post to be made. `media_ids` are distinct."""

    media_ids: tuple[int, ...]
    caption: str = ""
    place: Place | None = None
    visibility: Visibility = "public"


@dataclass(frozen=True, slots=True)
class PostChanges:
    """The fields named in `changed` get new values; the others say nothing."""

    changed: tuple[PostField, ...]
    caption: str = ""
    place: Place | None = None
    visibility: Visibility = "public"


async def create_post(
    log: Journal, views: Callable[[], Views], progress: Progress, me: Command, post_id: int, draft: Draft
) -> Written[Post]:
    """Repeating it with the same `post_id` makes no second post, and appends nothing once the first one is seen. `views` gives the
    live ones.
    """
    tags = _checked_tags(draft.caption)
    if (known := (await views().timelines.posts((post_id,))).get(post_id)) is not None:
        return Written(known, {})
    attached_at = await attach(log, lambda: views().media, progress, me, "post", post_id, draft.media_ids)
    created = PostCreated(
        **me.stamp(),
        post_id=post_id,
        author_id=me.actor_id,
        media_ids=draft.media_ids,
        visibility=draft.visibility,
        caption=draft.caption,
        place=draft.place,
    )
    post = Post(
        post_id=post_id,
        author_id=me.actor_id,
        media_ids=draft.media_ids,
        visibility=draft.visibility,
        caption=draft.caption,
        tags=tags,
        place=draft.place,
        created_at_ms=me.at_ms,
        edited_at_ms=None,
    )
    return Written(post, merged(attached_at, await log.append(created)))


async def own_post(views: Views, me: Command, post_id: int) -> Post:
    """The post that its author is about to change; raises NotFoundError, or ForbiddenError for somebody else's."""
    post = await visible_post(views, me.actor_id, post_id)
    if post.author_id != me.actor_id:
        raise ForbiddenError
    return post


async def edit_post(log: Journal, me: Command, post: Post, changes: PostChanges) -> Written[Post]:
    """`post` comes from `own_post`. Nothing is appended where nothing changes."""
    values: dict[str, Any] = {name: getattr(changes, name) for name in changes.changed}
    if not values:
        return Written(post, {})
    tags = _checked_tags(changes.caption) if "caption" in values else post.tags
    edited = PostEdited(
        **me.stamp(),
        post_id=post.post_id,
        author_id=post.author_id,
        changed=changes.changed,
        visibility=changes.visibility,
        caption=changes.caption,
        place=changes.place,
    )
    after = replace(post, **values, tags=tags, edited_at_ms=me.at_ms)
    return Written(after, await log.append(edited))


async def delete_post(log: Journal, views: Views, me: Command, post_id: int) -> Positions:
    post = await own_post(views, me, post_id)
    deleted = PostDeleted(**me.stamp(), post_id=post_id, author_id=post.author_id)
    files = [
        MediaDeleted(**me.stamp(), media_id=media_id, owner_id=post.author_id) for media_id in post.media_ids
    ]
    return await log.append(deleted, *files)


def _checked_tags(caption: str) -> tuple[str, ...]:
    tags = tags_of(caption)
    if len(tags) > MAX_TAGS:
        raise InvalidError("caption", "too_many_tags", f"must have at most {MAX_TAGS} tags")
    return tags
