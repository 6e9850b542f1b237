"""Scratch generations: built from the log to look at, in SQLite files of this machine whatever the set-up, beside the stores that
serve. The registry does not know them: nobody feeds them, serves them or switches to them.

A view of any store says the same, so nothing is lost by that; and a command that is killed leaves nothing in a store of others.
One is kept by its projection until it is dropped or the next one takes its place; those of a trial go with it.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from projectors.catalogue import BY_NAME
from projectors.step import ALONE_BATCH_COUNT, Step
from replay.rebuild import Report, Throttle, build
from runtime.beside import Beside
from runtime.errors import OperatorError
from runtime.folder import FolderInUseError, held
from runtime.parts import view_makers
from runtime.settings import Settings
from stores.ports.log import LogReader
from stores.sqlite.view import SqliteView

NUMBER = 0
"""The number of every scratch generation: those of the registry count from 1."""

TOGETHER: Mapping[str, tuple[str, ...]] = {"feeds": ("feeds", "graph", "timelines")}
"""What is needed to read a projection's view as it is served: generations of the same moment."""


class ScratchInUseError(OperatorError):
    """Another command is at the scratch generations of this projection. Wait until it has ended."""


class Scratch:
    """`settings` are those that views are made with."""

    def __init__(self, system: Beside, settings: Settings) -> None:
        self._system = system
        self._makers = view_makers(settings)
        self._folder = (system.folder or Path()) / "scratch"

    @contextmanager
    def trial(self, projection: str) -> Iterator[Path]:
        """An empty folder that goes with the block. Raises ScratchInUseError."""
        folder = self._trial(projection)
        with self._held(projection):
            shutil.rmtree(folder, ignore_errors=True)  # of one that was killed
            folder.mkdir(mode=0o700)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def kept(self, projection: str) -> Iterator[Path]:
        """An empty folder that takes the kept one's place when the block has ended well. Raises ScratchInUseError."""
        folder = self.folder(projection)
        with self.trial(projection) as fresh:
            yield fresh
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)

    def _trial(self, projection: str) -> Path:
        return self._folder / f"{projection}.trial"

    def folder(self, projection: str) -> Path:
        """Of the generation that is kept, if there is one."""
        return self._folder / projection

    def views(self, projection: str, opened: ExitStack) -> dict[str, Any] | None:
        """What is kept, to be read until `opened` is closed; None when nothing is."""
        folder = self.folder(projection)
        if not folder.exists():
            return None
        names = TOGETHER.get(projection, (projection,))
        return {
            name: opened.enter_context(closing(self.open_view(name, file_of(folder, name)))) for name in names
        }

    def drop(self, projection: str) -> bool:
        """Whether there was one, or what a trial left that was killed. Raises ScratchInUseError."""
        left = [path for path in (self.folder(projection), self._trial(projection)) if path.exists()]
        if left:
            with self._held(projection):
                for path in left:
                    shutil.rmtree(path)
        return bool(left)

    def open_view(self, projection: str, path: Path) -> SqliteView[Any]:
        return self._makers[projection](path)

    async def build(
        self, projection: str, path: Path, log: LogReader, report: Report, throttle: Throttle | None = None
    ) -> None:
        """Bring the view in this file to where the log ends, from where it stands. It is believed when it is read."""
        batch_count = ALONE_BATCH_COUNT if throttle is None else throttle.batch_count
        with closing(self.open_view(projection, path)) as view:
            step = Step(
                BY_NAME[projection],
                view,
                log,
                self._system.keys,
                batch_count=batch_count,
                together=self._system.together,
            )
            await build(step, log, report, throttle)

    @contextmanager
    def _held(self, projection: str) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            lock = held(self._folder / f"{projection}.lock", "")
        except FolderInUseError:
            raise ScratchInUseError(
                f"another command tries something out with {projection}; wait until it has ended"
            ) from None
        with lock:
            yield


def file_of(folder: Path, projection: str) -> Path:
    return folder / f"{projection}.db"
