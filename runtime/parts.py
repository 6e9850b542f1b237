"""Which SQLite view holds each projection: the embedded set-up's list of parts."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from runtime.settings import Settings
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

OpenView = Callable[[Path], SqliteView[Any]]


def view_makers(settings: Settings) -> Mapping[str, OpenView]:
    """By projection, what opens the file of one of its generations."""
    feeds = partial(SqliteFeeds, cap=settings.feed_cap, celebrity_threshold=settings.celebrity_threshold)
    return {
        "names": SqliteNames,
        "accounts": SqliteAccounts,
        "graph": SqliteGraph,
        "timelines": SqliteTimelines,
        "media": SqliteMedia,
        "feeds": feeds,
        "likes": SqliteLikes,
        "comments": SqliteComments,
        "saves": SqliteSaves,
        "search": SqliteSearch,
    }
