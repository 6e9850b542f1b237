"""Events by what they are about, each list in the order of the log."""

from collections.abc import Iterable
from typing import Any, TypeVar

from events.envelope import Envelope

E = TypeVar("E", bound=Envelope)


def grouped(events: Iterable[Envelope], kind: type[E], field: str) -> dict[Any, list[E]]:
    groups: dict[Any, list[E]] = {}
    for event in events:
        if isinstance(event, kind):
            groups.setdefault(getattr(event, field), []).append(event)
    return groups
