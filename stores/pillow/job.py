"""What is handed to the process that looks at a photo, and what bounds it. Both sides import this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from events.media import FilterName

READY = b"ready\n"
"""The first line of the answer: the process has started and now turns to the photo."""


@dataclass(frozen=True, slots=True)
class Limits:
    """For one photo. Memory is address space: 50 million pixels with transparency take up to 1.1 GB of it."""

    memory_bytes: int = 3 * 1024**3 // 2
    cpu_seconds: int = 20
    wall_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Job:
    original: str
    target: str
    content_type: str
    size_bytes: int
    sha256: str
    filter_name: FilterName
    memory_bytes: int
    cpu_seconds: int
    wall_seconds: float
