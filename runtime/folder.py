"""The data folder of an embedded server: what lies where, and whose it is.

One server at a time: the lock is the operating system's and goes with the process, however it ends.
"""

import fcntl
import os
import secrets
import shutil
from pathlib import Path
from typing import IO

import orjson

from runtime.errors import OperatorError

SECRET_BYTES = 32


class FolderInUseError(OperatorError):
    """Another server is using this data folder. Stop it, or give this one a folder of its own with --data."""


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / "log.db"
        self.state = path / "state.db"
        self.idempotency = path / "idempotency.db"
        self.views = path / "views"
        self.objects = path / "objects"
        self._secrets = path / "secrets.json"

    def view(self, projection: str, generation: int) -> Path:
        return self.views / f"{projection}.{generation}.db"

    def replay_lock(self, projection: str) -> Path:
        return self.views / f"{projection}.lock"

    def make(self) -> None:
        for folder in (self.path, self.views, self.objects):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise OperatorError(
                    f"{folder} cannot be made: {error.strerror}; name another data folder with --data"
                ) from error

    def fresh_work(self) -> Path:
        """An empty folder for what is being made; what a process that died left in it is of no use."""
        work = self.path / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        return work

    def lock(self) -> IO[str]:
        """Take the folder; held until the file is closed. Raises FolderInUseError."""
        return held(self.path / "lock", f"{self.path} is in use by another Photolog server")

    def secret(self, name: str) -> bytes:
        """A random secret of this folder, made when it is first asked for. To be called under the lock."""
        known: dict[str, str] = orjson.loads(self._secrets.read_bytes()) if self._secrets.exists() else {}
        if name not in known:
            known[name] = secrets.token_hex(SECRET_BYTES)
            self._replace(orjson.dumps(known))
        return bytes.fromhex(known[name])

    def _replace(self, content: bytes) -> None:
        fresh = self._secrets.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._secrets)
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def held(path: Path, otherwise: str) -> IO[str]:
    """A lock that goes with the process, however it ends, or with closing the file. Raises FolderInUseError(`otherwise`)."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise FolderInUseError(otherwise) from error
    return file


def is_held(path: Path) -> bool:
    """Whether somebody has the lock. Who takes it at the same moment is refused: they try again a moment later."""
    try:
        file = path.open()
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
