"""Every projection there is, by name. The only module of `projectors` that knows every slice."""

from typing import Any

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

PROJECTIONS: tuple[Projection[Any], ...] = (
    NAMES,
    ACCOUNTS,
    GRAPH,
    TIMELINES,
    MEDIA,
    FEEDS,
    LIKES,
    COMMENTS,
    SAVES,
    SEARCH,
)

BY_NAME: dict[str, Projection[Any]] = {projection.name: projection for projection in PROJECTIONS}
