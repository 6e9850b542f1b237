"""Many things by turns, some at a time."""

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_batches(items: Iterable[T], size: int) -> Iterable[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
