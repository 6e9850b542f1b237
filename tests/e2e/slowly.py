"""A replay of likes that is held back so much that it has a middle, in a process of its own beside a running server."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from tests.e2e.server import COMMAND, ServerProcess
from tests.e2e.world import until

_ENDS_WITHIN_S = 100


def slow(server: ServerProcess, lasts_s: int) -> list[str]:
    """The words of a command that builds so long, and tells every two seconds how far it is."""
    known = orjson.loads(server.run("replay", "status", "likes", "--json").stdout)
    events_count: int = max(each["applied"] for each in known)
    return ["replay", "likes", "--json", "--rate", f"{events_count / lasts_s:.1f}"]


class Begun:
    """What was told so far is in files of this folder."""

    def __init__(self, server: ServerProcess, words: Sequence[str], folder: Path) -> None:
        folder.mkdir()
        self._told, self._answered = folder / "stderr", folder / "stdout"
        with self._told.open("wb") as told, self._answered.open("wb") as answered:
            self.process = subprocess.Popen(
                [str(COMMAND), *words],
                env=server.environment,
                stdout=answered,
                stderr=told,
                cwd=server.log_path.parent,
            )

    @property
    def told(self) -> str:
        return self._told.read_text()

    def reports(self) -> list[Any]:
        """How far it was, again and again."""
        return [orjson.loads(line) for line in self.told.splitlines(keepends=True) if _is_report(line)]

    def until_reported(self, count: int) -> list[Any]:
        found: list[Any] = until(lambda: len(found := self.reports()) >= count and found)
        return found

    def end(self) -> int:
        """Wait until it ends by itself; returns the exit status."""
        return self.process.wait(_ENDS_WITHIN_S)

    def answer(self) -> Any:
        """The JSON of one that went well."""
        assert self.end() == 0, self.told
        return orjson.loads(self._answered.read_bytes())


def _is_report(line: str) -> bool:
    """A whole one."""
    return line.startswith("{") and line.endswith("\n")
