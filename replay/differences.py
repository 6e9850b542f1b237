"""How what a view says of an entity differs from what it must say, in few words that hold nothing that people wrote.

Knows values and no projection.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from replay.subjects.subject import Value

How = Literal["missing", "too many", "wrong order", "stale count", "other value", "cannot be read"]

UNREADABLE = "cannot be read"
"""The one way in which a value is said that could not be read, with the reason."""
_SHOWN_COUNT = 10


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Event(_Part):
    topic: str
    partition: int
    offset: int
    id: str
    type: str


class Way(_Part):
    """One way in which a value is said, and how it differs. `members` are the first of those that are concerned."""

    way: str
    how: How
    members: tuple[str, ...] = ()
    members_count: int = 0
    expected: str | None = None
    actual: str | None = None


class Difference(_Part):
    """An entity that differs in a generation, and the latest of the events that made it so. A key that is a word of people is given
    by its digest."""

    generation: int
    kind: str
    key: str
    ways: tuple[Way, ...]
    events: tuple[Event, ...]


def ways(expected: Value, actual: Value) -> tuple[Way, ...]:
    if UNREADABLE in actual:
        return (Way(way="all", how="cannot be read", actual=str(actual[UNREADABLE])),)
    return tuple(found for way in expected for found in _ways(way, expected[way], actual.get(way)))


def _ways(way: str, expected: Any, actual: Any) -> Iterator[Way]:
    if expected == actual:
        return
    match expected, actual:
        case list(), list():
            yield from _of_lists(way, expected, actual)
        case dict(), dict():
            yield from _of_fields(way, expected, actual)
        case None, dict():
            yield Way(way=way, how="too many", members_count=1)
        case dict(), None:
            yield Way(way=way, how="missing", members_count=1)
        case bool(), bool():
            yield Way(way=way, how="missing" if expected else "too many")
        case int(), int() if way in ("count", "counted"):
            yield Way(way=way, how="stale count", expected=str(expected), actual=str(actual))
        case _:
            yield Way(way=way, how="other value", expected=_short(expected), actual=_short(actual))


def _of_lists(way: str, expected: Sequence[Any], actual: Sequence[Any]) -> Iterator[Way]:
    if way == "counts":
        yield Way(way=way, how="stale count", expected=_short(expected), actual=_short(actual))
        return
    if way == "lacks":
        yield _members("missing", way, actual)
        return
    missing = sorted(set(expected) - set(actual))
    surplus = sorted(set(actual) - set(expected))
    if missing:
        yield _members("missing", way, missing)
    if surplus or len(actual) > len(set(actual)):
        yield _members("too many", way, surplus or [i for i in set(actual) if actual.count(i) > 1])
    if not missing and not surplus and len(actual) == len(set(actual)):
        at = next(n for n, pair in enumerate(zip(expected, actual, strict=True)) if pair[0] != pair[1])
        moved = [expected[at], actual[at]]
        shown = (_short(items[at : at + _SHOWN_COUNT]) for items in (expected, actual))
        yield _members("wrong order", way, moved, *shown)


def _of_fields(way: str, expected: Mapping[str, Any], actual: Mapping[str, Any]) -> Iterator[Way]:
    """Either things by id, each with its fields, or the fields of one thing."""
    if missing := [name for name in expected if name not in actual]:
        yield _members("missing", way, missing)
    if surplus := [name for name in actual if name not in expected]:
        yield _members("too many", way, surplus)
    for name in expected.keys() & actual.keys():
        if expected[name] == actual[name]:
            continue
        if isinstance(expected[name], dict) and isinstance(actual[name], dict):
            fields = ", ".join(f for f in expected[name] if expected[name][f] != actual[name].get(f))
            yield _members("other value", f"{way}.{fields}", [name])
        else:
            texts = (_short(expected[name]), _short(actual[name]))
            yield Way(way=f"{way}.{name}", how="other value", expected=texts[0], actual=texts[1])


def _members(
    how: How, way: str, members: Collection[Any], expected: str | None = None, actual: str | None = None
) -> Way:
    shown = tuple(str(member) for member in list(members)[:_SHOWN_COUNT])
    return Way(way=way, how=how, members=shown, members_count=len(members), expected=expected, actual=actual)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
