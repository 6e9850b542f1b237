"""Search over HTTP: posts by words, users by the beginnings of their names, tags by prefix.

What the search view finds are candidates. Those that the viewer may not see fall out where posts are presented; the page is then
filled up from further candidates, in a bounded number of rounds, so it may still be short.

By likes there are two stages. The view orders by like level, which is cheap to keep and coarse. From a cursor on, a *window* of
candidates is taken in that order and ranked by exact counts; pages are cut from the ranking until the window is used up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from api.calls import Answer, Call
from api.cursors import Keys
from api.hydrate import MAX_ROUNDS, POST_READS, page_of_posts, present_posts
from api.models import Output, QueryInput
from api.pages import PageOf, page
from api.people import UserSummary
from api.post_json import Post
from api.problems import BAD_CURSOR, problem
from api.routes import Endpoint, Reply
from api.services import Services
from events.tags import as_tag
from events.text import Text
from stores.ports.page import Page
from stores.ports.search import SearchKey, SearchSort, UserKey
from stores.ports.terms import name_prefixes, query_terms
from stores.ports.views import Views

MAX_QUERY_CHARS = 200
WINDOW_COUNT = 200

_Rank = tuple[int, int]
"""Exact like count and post id; the greatest comes first."""
_ABOVE_ALL: _Rank = (1 << 62, 0)

Words = Annotated[str, Text(1, MAX_QUERY_CHARS)]


class SearchQuery(QueryInput):
    q: Words


class SearchPostsQuery(SearchQuery):
    sort: SearchSort = "date"


class TagCounts(Output):
    posts: int


class TagFound(Output):
    tag: str
    counts: TagCounts


async def search_posts(app: Services, call: Call) -> Answer:
    query = call.query(SearchPostsQuery)
    terms = query_terms(query.q)
    match query.sort:
        case "date":
            return await _by_date(app, call, terms)
        case "likes":
            return await _by_likes(app, call, terms)


async def _by_date(app: Services, call: Call, terms: Sequence[str]) -> Answer:
    views = app.views()

    async def candidates(after: int | None, limit: int) -> Page[int]:
        key = None if after is None else SearchKey(0, after)
        found = await views.search.posts(terms, "date", key, limit)
        return Page(found.post_ids, None if found.next_key is None else found.next_key.post_id)

    return await page_of_posts(app, views, call, candidates)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a list by likes goes on: in the window that begins below `window` (None: at the top), below a rank."""

    window: SearchKey | None = None
    below: _Rank = _ABOVE_ALL

    def keys(self) -> Keys:
        window = () if self.window is None else (self.window.level, self.window.post_id)
        return (*self.below, *window)

    @classmethod
    def of(cls, after: Keys | None) -> "_Place":
        match after:
            case None:
                return cls()
            case (int(count), int(post_id)):
                return cls(None, (count, post_id))
            case (int(count), int(post_id), int(level), int(above_id)):
                return cls(SearchKey(level, above_id), (count, post_id))
            case _:
                raise problem(BAD_CURSOR)


async def _by_likes(app: Services, call: Call, terms: Sequence[str]) -> Answer:
    views = app.views()
    place: _Place | None = _Place.of(call.after)
    items: list[bytes] = []
    for _ in range(MAX_ROUNDS):
        if place is None or len(items) == call.limit:
            break
        post_ids, place = await _ranked(views, terms, place, call.limit - len(items))
        items += await present_posts(app, views, call.viewer_id, post_ids)
    return page(call, items, None if place is None else place.keys())


async def _ranked(
    views: Views, terms: Sequence[str], place: _Place, limit: int
) -> tuple[Sequence[int], _Place | None]:
    """The next posts of the window by exact counts, and where the list goes on; None at its end."""
    found = await views.search.posts(terms, "likes", place.window, WINDOW_COUNT)
    counts = await views.likes.counts(found.post_ids)
    ranks = sorted(((counts.get(post_id, 0), post_id) for post_id in found.post_ids), reverse=True)
    left = [rank for rank in ranks if rank < place.below]
    chosen = [post_id for _, post_id in left[:limit]]
    if len(left) > limit:
        return chosen, _Place(place.window, left[limit - 1])
    return chosen, None if found.next_key is None else _Place(found.next_key)


async def search_users(app: Services, call: Call) -> Answer:
    prefixes = name_prefixes(call.query(SearchQuery).q)
    views, key = app.views(), _user_key(call.after)
    items: list[bytes] = []
    for _ in range(MAX_ROUNDS):
        found = await views.search.users(prefixes, key, call.limit - len(items))
        items += await app.people.listed(views, call.viewer_id, found.user_ids)
        key = found.next_key
        if key is None or len(items) == call.limit:
            break
    return page(call, items, None if key is None else (key.word, key.user_id))


def _user_key(after: Keys | None) -> UserKey | None:
    match after:
        case None:
            return None
        case (str(word), int(user_id)):
            return UserKey(word, user_id)
        case _:
            raise problem(BAD_CURSOR)


async def search_tags(app: Services, call: Call) -> Answer:
    prefix = as_tag(call.query(SearchQuery).q.strip().removeprefix("#"))
    if prefix is None:  # no tag begins with it
        return page(call, (), None)
    after = _tag_key(call.after)
    found = await app.views().search.tags(prefix, after, call.limit)
    items = [{"tag": one.tag, "counts": {"posts": one.post_count}} for one in found]
    return page(call, items, (found[-1].tag,) if len(found) == call.limit else None)


def _tag_key(after: Keys | None) -> str:
    match after:
        case None:
            return ""
        case (str(tag),):
            return tag
        case _:
            raise problem(BAD_CURSOR)


def routes(app: Services) -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "GET",
            "/v1/search/posts",
            partial(search_posts, app),
            summary="Search posts",
            tag="search",
            replies={200: Reply("Posts", PageOf[Post])},
            public=True,
            query=SearchPostsQuery,
            paged=True,
            reads=("search", *POST_READS),
            description=_POSTS,
        ),
        Endpoint(
            "GET",
            "/v1/search/users",
            partial(search_users, app),
            summary="Search users",
            tag="search",
            replies={200: Reply("Users", PageOf[UserSummary])},
            public=True,
            query=SearchQuery,
            paged=True,
            reads=("search", "accounts", "media", "graph"),
            description=_USERS,
        ),
        Endpoint(
            "GET",
            "/v1/search/tags",
            partial(search_tags, app),
            summary="Search tags",
            tag="search",
            replies={200: Reply("Tags", PageOf[TagFound])},
            public=True,
            query=SearchQuery,
            paged=True,
            reads=("search",),
            description="Tags that begin with `q`, alphabetically, with the number of public posts that have them.",
        ),
    )


_POSTS = """Posts whose caption, tags or place have every word of `q`, in any of their English forms. `"two words"` must stand side
by side; `#tag` must be a tag. Very common words do not count, unless there are no others. `sort=likes` may repeat a post on
later pages."""
_USERS = """Users who have, for each word of `q`, a word in their user name or display name that begins with it. First come those
whose matching word is first in the alphabet."""
