"""The projections under test: what their histories are made of, how their views are opened and read, and their oracle."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from events.envelope import Envelope
from projectors.accounts import ACCOUNTS
from projectors.comments import COMMENTS
from projectors.feeds import FEEDS
from projectors.graph import GRAPH
from projectors.likes import LIKES
from projectors.media import MEDIA
from projectors.names import NAMES
from projectors.projection import Projection
from projectors.saves import SAVES
from projectors.search import SEARCH
from projectors.timelines import TIMELINES
from replay.oracle.accounts import accounts
from replay.oracle.comments import comments
from replay.oracle.feeds import feeds
from replay.oracle.graph import graph
from replay.oracle.likes import likes
from replay.oracle.media import media
from replay.oracle.names import names
from replay.oracle.posts import posts
from replay.oracle.saves import saves
from replay.oracle.search import search
from replay.subjects import feeds as verified_feeds
from stores.ports.crash import Crash
from stores.ports.graph import GraphCounts
from stores.sqlite import newest, search_lists, search_users
from stores.sqlite.accounts import SqliteAccounts
from stores.sqlite.comments import SqliteComments
from stores.sqlite.feeds import SqliteFeeds
from stores.sqlite.graph import SqliteGraph
from stores.sqlite.likes import SqliteLikes
from stores.sqlite.media import SqliteMedia
from stores.sqlite.names import SqliteNames
from stores.sqlite.saves import SqliteSaves
from stores.sqlite.search import SqliteSearch
from stores.sqlite.timelines import SqliteTimelines
from stores.sqlite.view import SqliteView
from tests.property import readings
from tests.property.readings import Offsets, people
from tests.property.served import read_feeds

OpenView = Callable[[Path, Crash], SqliteView[Any]]


@dataclass(frozen=True)
class Subject:
    """`actions` are told more often the more often they stand here; some belong to other projections of the same topics.

    `small` are limits of the code that are made so small that short histories pass them.
    """

    projection: Projection[Any]
    open_view: OpenView
    actions: tuple[str, ...]
    read: Callable[[Any, Sequence[Envelope], Offsets], Coroutine[Any, Any, Any]]
    oracle: Callable[[Sequence[Envelope]], Any]
    small: tuple[tuple[ModuleType, str, int], ...] = ()


def _feeds(events: Sequence[Envelope]) -> dict[str, Any]:
    edges, users = graph(events), people(events)
    following = {user: set(edges.following.get(user, ())) for user in users}
    followers = {user: len(edges.followers.get(user, ())) for user in users}
    return {
        "served": feeds(events, users),
        "following": following,
        "counts": {user: GraphCounts(followers[user], len(following[user])) for user in users},
    }


SUBJECTS = (
    Subject(
        LIKES, SqliteLikes, ("like", "like", "like", "unlike", "comment", "save"), readings.read_likes, likes
    ),
    Subject(SAVES, SqliteSaves, ("save", "save", "unsave", "like"), readings.read_saves, saves),
    Subject(
        COMMENTS,
        SqliteComments,
        ("comment", "comment", "comment", "edit_comment", "delete_comment", "like"),
        readings.read_comments,
        comments,
    ),
    Subject(NAMES, SqliteNames, ("claim", "claim", "keep", "release"), readings.read_names, names),
    Subject(
        ACCOUNTS,
        SqliteAccounts,
        ("register", "register", "change_profile", "change_profile", "be_seen"),
        readings.read_accounts,
        accounts,
    ),
    Subject(
        TIMELINES,
        SqliteTimelines,
        ("post", "post", "post", "edit_post", "delete_post"),
        readings.read_timelines,
        posts,
        small=((newest, "KEPT_COUNT", 2),),
    ),
    Subject(GRAPH, SqliteGraph, ("follow", "follow", "unfollow"), readings.read_graph, graph),
    Subject(
        MEDIA,
        SqliteMedia,
        ("declare", "declare", "upload", "process", "reject", "edit_media", "attach", "delete_media"),
        readings.read_media,
        media,
    ),
    Subject(
        FEEDS,
        partial(SqliteFeeds, cap=5, celebrity_threshold=2),
        (
            "post",
            "post",
            "post",
            "follow",
            "follow",
            "follow",
            "unfollow",
            "be_seen",
            "register",
            "delete_post",
        ),
        read_feeds,
        _feeds,
        small=(
            (newest, "KEPT_COUNT", 2),
            (verified_feeds, "READ_COUNT", 2),
            (verified_feeds, "_PAGE_COUNT", 3),
        ),
    ),
    Subject(
        SEARCH,
        SqliteSearch,
        (
            "post",
            "post",
            "post",
            "like",
            "like",
            "unlike",
            "edit_post",
            "delete_post",
            "register",
            "change_profile",
        ),
        readings.read_search,
        search,
        small=(
            (search_lists, "SORTED_LIMIT", 1),
            (search_lists, "WALKED_LIMIT", 3),
            (search_users, "WALKED_LIMIT", 2),
        ),
    ),
)
