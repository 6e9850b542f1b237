"""The read pipeline of posts: from ids to JSON, one function a stage.

Ids come from a feed, a list or an index and are only candidates. `hydrate` reads everything there is to say
about them, `visible` drops what the viewer may not see, `present` joins what is remembered as bytes with what
differs from reading to reading. Where the ids come from is not known here.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from api.calls import Answer, Call
from api.pages import page
from api.problems import NOT_CAUGHT_UP, NOT_FOUND, problem
from api.services import Services
from producers.visibility import visible
from stores.ports.media import Media
from stores.ports.page import Page
from stores.ports.timelines import Post
from stores.ports.views import Views

POST_READS = ("timelines", "media", "accounts", "graph", "likes", "comments", "saves")
"""The projections that a list of posts depends on."""

MAX_ROUNDS = 5
"""How often a page is filled up before it is answered short."""


class Told(NamedTuple):
    """What is told of posts by their ids alone. Absent counts are 0."""

    likes: Mapping[int, int]
    comments: Mapping[int, int]
    liked: Collection[int]
    saved: Collection[int]


class Hydrated(NamedTuple):
    """What was read about some posts. Posts, media and authors that are gone are absent."""

    posts: Sequence[Post]
    told: Told
    media: Mapping[int, Media]
    authors: Mapping[int, bytes]


async def present_posts(
    app: Services, views: Views, me: int | None, post_ids: Collection[int]
) -> list[bytes]:
    """The JSON of those of the posts that the viewer may see, in the order of the ids."""
    if not post_ids:
        return []
    hydrated = await hydrate(app, views, me, post_ids)
    seen = await visible(views, me, hydrated.posts)
    return present(app, seen, hydrated)


async def hydrate(app: Services, views: Views, me: int | None, post_ids: Collection[int]) -> Hydrated:
    """In one round of reads, and one more for what the posts name that this process does not remember: names never change."""
    remembered = app.post_pieces.posts(post_ids)
    found, told, (media, authors) = await app.together(
        views.timelines.posts(post_ids),
        _told(app, views, me, post_ids),
        _named(app, views, me, remembered.values()),
    )
    posts = list(filter(None, map(found.get, post_ids)))
    if others := [post for post in posts if post.post_id not in remembered]:
        more_media, more_authors = await _named(app, views, me, others)
        media, authors = {**media, **more_media}, {**authors, **more_authors}
    return Hydrated(posts, told, media, authors)


async def hydrate_around(app: Services, views: Views, me: int | None, posts: Sequence[Post]) -> Hydrated:
    """Everything about posts that are known already."""
    post_ids = [post.post_id for post in posts]
    told, (media, authors) = await app.together(
        _told(app, views, me, post_ids), _named(app, views, me, posts)
    )
    return Hydrated(posts, told, media, authors)


async def _told(app: Services, views: Views, me: int | None, post_ids: Collection[int]) -> Told:
    reads: list[Awaitable[Any]] = [views.likes.counts(post_ids), views.comments.counts(post_ids)]
    if me is not None:
        reads += (views.likes.liked(me, post_ids), views.saves.saved(me, post_ids))
    likes, comments, *mine = await app.together(*reads)
    liked, saved = mine or ((), ())
    return Told(likes, comments, liked, saved)


async def _named(
    app: Services, views: Views, me: int | None, posts: Collection[Post]
) -> tuple[Mapping[int, Media], Mapping[int, bytes]]:
    """Their media, and their authors."""
    if not posts:
        return {}, {}
    media_ids = list(chain.from_iterable([post.media_ids for post in posts]))
    author_ids = {post.author_id for post in posts}
    media, authors = await app.together(
        views.media.media(media_ids), app.people.summaries(views, me, author_ids)
    )
    return media, authors


def present(app: Services, posts: Sequence[Post], hydrated: Hydrated) -> list[bytes]:
    """The posts as JSON, in their order. One whose author or files are gone is about to go itself and is left out."""
    pieces_of_posts = app.post_pieces.of(posts, hydrated.media, app.objects, app.clock())
    likes, comments, liked, saved = hydrated.told
    presented = []
    for post, pieces in zip(posts, pieces_of_posts, strict=True):
        post_id = post.post_id
        author = hydrated.authors.get(post.author_id)
        if author is None or pieces is None:
            continue
        presented.append(
            pieces.joined(
                author, likes.get(post_id, 0), comments.get(post_id, 0), post_id in liked, post_id in saved
            )
        )
    return presented


async def present_written(app: Services, views: Views, me: int, post: Post) -> bytes:
    """A post as its author's command has just written it, which no view needs to show yet."""
    presented = present(app, (post,), await hydrate_around(app, views, me, (post,)))
    if not presented:  # its files are gone: so is the post, or it will be in a moment
        raise problem(NOT_FOUND)
    return presented[0]


async def own_summary(app: Services, views: Views, me: int) -> bytes:
    """The caller as a UserSummary, read before a write that will answer with it; 503 for who is so new that no view knows them."""
    summaries = await app.people.summaries(views, me, (me,))
    if me not in summaries:
        raise problem(NOT_CAUGHT_UP)
    return summaries[me]


Candidates = Callable[[int | None, int], Awaitable[Page[int]]]
"""Post ids after a key, at most so many; the key is None for the first."""


async def page_of_posts(app: Services, views: Views, call: Call, candidates: Candidates) -> Answer:
    """The answer of a paged route that lists posts."""

    async def shown(post_ids: Sequence[int]) -> list[bytes]:
        return await present_posts(app, views, call.viewer_id, post_ids)

    return await filled_page(call, candidates, shown)


async def filled_page(
    call: Call, candidates: Candidates, shown: Callable[[Sequence[int]], Awaitable[list[bytes]]]
) -> Answer:
    """Asks for more candidates while those that were not shown left room on the page.

    Only as many are asked for as fit, so that every candidate is on this page, not to be shown, or after the next key.
    """
    items: list[bytes] = []
    key = call.after_int()
    for _ in range(MAX_ROUNDS):
        found = await candidates(key, call.limit - len(items))
        items += await shown(found.items)
        key = found.next_key
        if key is None or len(items) >= call.limit:
            break
    return page(call, items, None if key is None else (key,))
