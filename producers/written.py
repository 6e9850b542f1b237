"""What a command wrote: the thing as the command says it, not as a view shows it, and where on the log that is."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from stores.ports.log import Positions

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    value: T
    positions: Positions
