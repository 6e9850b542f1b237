"""Every route there is, slice by slice. The order means nothing: paths are found by their parts."""

from collections.abc import Callable, Sequence

from api import accounts, comments, feeds, graph, likes, media, posts, saves, search, sessions, tags, users
from api.routes import Endpoint
from api.services import Services

_SLICES: tuple[Callable[[Services], Sequence[Endpoint]], ...] = (
    accounts.routes,
    sessions.routes,
    users.routes,
    graph.routes,
    media.routes,
    posts.routes,
    likes.routes,
    comments.routes,
    saves.routes,
    feeds.routes,
    search.routes,
    tags.routes,
)


def endpoints(app: Services) -> tuple[Endpoint, ...]:
    return tuple(endpoint for routes in _SLICES for endpoint in routes(app))
