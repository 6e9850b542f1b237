"""The live views, together: what a request reads from. Resolved once by who reads, so that a switch never shows half of itself."""

from dataclasses import dataclass

from stores.ports.accounts import AccountsReader
from stores.ports.comments import CommentsReader
from stores.ports.feeds import FeedsReader
from stores.ports.graph import GraphReader
from stores.ports.likes import LikesReader
from stores.ports.media import MediaReader
from stores.ports.names import NamesReader
from stores.ports.saves import SavesReader
from stores.ports.search import SearchReader
from stores.ports.timelines import TimelinesReader


@dataclass(frozen=True, slots=True)
class Views:
    names: NamesReader
    accounts: AccountsReader
    graph: GraphReader
    timelines: TimelinesReader
    media: MediaReader
    feeds: FeedsReader
    likes: LikesReader
    comments: CommentsReader
    saves: SavesReader
    search: SearchReader
