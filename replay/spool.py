"""What does not fit in memory, put aside in files by bucket and read again bucket by bucket.

The files have no names: the operating system removes them with the process, however it ends.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from zlib import crc32

import orjson

BUCKETS_COUNT = 128
BUCKETS = range(BUCKETS_COUNT)
_BUFFER_BYTES = 1 << 16


def bucket_of(key: str) -> int:
    """The same for ever: certificates are made of it."""
    return crc32(key.encode()) % BUCKETS_COUNT


class Spool:
    """Items are what JSON can say. `folder` has room for all of them; None: the system's folder for temporary files."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._files: dict[int, IO[bytes]] = {}

    def put(self, bucket: int, item: Any) -> None:
        file = self._files.get(bucket) or self._open(bucket)
        file.write(orjson.dumps(item) + b"\n")

    def items(self, bucket: int) -> Iterator[Any]:
        """In the order in which they were put. To be read to the end before anything is put again."""
        if bucket in self._files:
            self._files[bucket].seek(0)
            yield from map(orjson.loads, self._files[bucket])

    def close(self) -> None:
        self._stack.close()

    def _open(self, bucket: int) -> IO[bytes]:
        self._files[bucket] = TemporaryFile(buffering=_BUFFER_BYTES, dir=self._folder)  # noqa: SIM115 - closed by the stack
        return self._stack.enter_context(self._files[bucket])
