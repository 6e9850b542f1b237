"""Files that are there completely or not at all, and that a power cut does not take away: temporary file, fsync, rename, fsync of
the folder. Blocking; callers use threads.
"""

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stores.ports.errors import StoreError, UnavailableError

_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EAGAIN})
_making = threading.Lock()


@contextmanager
def as_store_errors() -> Iterator[None]:
    """What may pass by itself (a full disk) is UnavailableError. A file that is not there is the caller's business."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "unknown")
        raise (UnavailableError if error.errno in _PASSING else StoreError)(f"files: {name}") from error


def place(written: Path, target: Path) -> None:
    """Give a file that is written and synced its name. Its folder may vanish meanwhile: it is made again."""
    while True:
        _make(target.parent)
        with suppress(FileNotFoundError):
            if not written.exists():
                raise StoreError(f"{written.name} is gone")
            written.replace(target)
            sync_folder(target.parent)
            return


def remove(file: Path) -> None:
    """The file is gone, and its folder too if it was the last one in it."""
    with suppress(FileNotFoundError):
        file.unlink()
        sync_folder(file.parent)
    with suppress(OSError):
        file.parent.rmdir()


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make(folder: Path) -> None:
    """One at a time, so that nobody relies on a folder whose own entry is not on the disk yet."""
    with _making:
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            path.mkdir(mode=0o700, exist_ok=True)
            sync_folder(path.parent)
