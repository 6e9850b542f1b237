"""Keyset pages: a list is read from a key on, never by counting rows."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`next_key` is where the next page begins (its meaning belongs to the list), None at the end."""

    items: tuple[T, ...]
    next_key: int | None
