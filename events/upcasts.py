"""Old versions of events, lifted one version at a time. Pure; works on the value before anything is opened."""

from collections.abc import Callable

UPCASTS: dict[tuple[str, int], Callable[[dict[str, object]], dict[str, object]]] = {}
"""(type, version) to the function that makes version + 1 of it. Empty as long as every event is at version 1."""
