"""Which value a path and a method stand for: one walk over the path's segments, whatever the number of
routes.

A literal segment wins over a parameter, so `/v1/users/by-username/x` is never taken for an id.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from api.models import parsed_id
from api.routes import Method

V = TypeVar("V")

MAX_TEXT_CHARS = 256


@dataclass(slots=True)
class _Node(Generic[V]):
    literals: "dict[str, _Node[V]]" = field(default_factory=dict)
    parameter: "_Node[V] | None" = None
    by_method: dict[str, V] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match(Generic[V]):
    """A known path: what is there by method (HEAD wherever GET is), and what stood for its parameters."""

    by_method: Mapping[str, V]
    values: tuple[str, ...]


class PathTable(Generic[V]):
    def __init__(self) -> None:
        self._root: _Node[V] = _Node()

    def add(self, method: Method, path: str, value: V) -> None:
        node = self._root
        for segment in path.split("/")[1:]:
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, _Node())
        if method in node.by_method:
            raise ValueError(f"{method} {path} is declared twice")
        node.by_method[method] = value
        if method == "GET":
            node.by_method["HEAD"] = value

    def find(self, path: str) -> Match[V] | None:
        node, values = self._root, []
        for segment in path.split("/")[1:]:
            following = node.literals.get(segment)
            if following is None:
                following = node.parameter
                values.append(segment)
            if following is None:
                return None
            node = following
        return Match(node.by_method, tuple(values)) if node.by_method else None


def parameter_names(path: str) -> tuple[str, ...]:
    """The names in a path template, in order."""
    return tuple(segment[1:-1] for segment in path.split("/") if segment.startswith("{"))


def is_id(name: str) -> bool:
    return name == "id" or name.endswith("_id")


def path_values(
    names: tuple[str, ...], values: tuple[str, ...]
) -> tuple[Mapping[str, int], Mapping[str, str]] | None:
    """Ids and texts by name; None when one cannot name anything that exists."""
    ids: dict[str, int] = {}
    texts: dict[str, str] = {}
    for name, value in zip(names, values, strict=True):
        if not is_id(name):
            if not (1 <= len(value) <= MAX_TEXT_CHARS and value.isprintable()):
                return None
            texts[name] = value
            continue
        number = parsed_id(value)
        if number is None:
            return None
        ids[name] = number
    return ids, texts
