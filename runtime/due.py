"""Whether a projection has to be built anew because its fold has another version than when its live generation was made.

Nobody who runs this program may feed such a generation: the results of two folds would be mixed in it.
"""

from collections.abc import Collection, Mapping
from typing import Any

import structlog

from projectors.catalogue import BY_NAME
from projectors.projection import Projection
from stores.ports.registry import Generation

_logger = structlog.get_logger(__name__)


def is_rebuild_due(generation: Generation, projections: Mapping[str, Projection[Any]] = BY_NAME) -> bool:
    ours = projections.get(generation.projection)
    return generation.state == "live" and ours is not None and generation.version != ours.version


def what_to_do(projection: str) -> str:
    return f"photolog replay {projection}"


class Due:
    """Names of the projections of which a rebuild is due, as last seen; each is told once to the log."""

    def __init__(self, projections: Mapping[str, Projection[Any]] = BY_NAME) -> None:
        self._projections = projections
        self.names: Collection[str] = ()

    def see(self, generations: Collection[Generation]) -> None:
        due = [g.projection for g in generations if is_rebuild_due(g, self._projections)]
        for name in due:
            if name not in self.names:
                version = self._projections[name].version
                _logger.warning("rebuild due", projection=name, version=version, do=what_to_do(name))
        self.names = due
