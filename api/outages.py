"""Why requests are answered with 503, told in the log: whoever operates the service has to know which store is away.

How many are answered so is a metric; the log gets a line a second for each route, however long a store is away.
"""

import time
from typing import Final

import structlog
from starlette.types import Scope

from api import scopes
from api.problems import ProblemError, away

UNKNOWN_ROUTE: Final = "unknown"
_EVERY_S = 1.0
_log = structlog.get_logger(__name__)


class Outages:
    def __init__(self) -> None:
        self._told_s: dict[str, float] = {}

    def problem(self, scope: Scope, reason: Exception | str) -> ProblemError:
        """What the client is told, which is nothing of the reason."""
        route, now_s = scope.get(scopes.ROUTE, UNKNOWN_ROUTE), time.monotonic()
        if self._told_s.get(route, -_EVERY_S) + _EVERY_S <= now_s:
            self._told_s[route] = now_s
            _log.warning("answered that a store is away", route=route, error=str(reason))
        return away()
