"""What the demo shows on a terminal: its progress, and in the end a feed with its photos as coloured half blocks.

Where colours cannot be shown there is no photo, only what is said about it. Knows no HTTP.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from stores.pillow.brush import Colour

COLUMNS, ROWS = 26, 18
"""Of a photo, in cells; a line of text holds two rows of cells."""
_STAGE_CHARS = 24


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="progress.data.speed")


class Progresses:
    """One bar per stage, on standard error."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn(f"{{task.description:<{_STAGE_CHARS}}}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "Progresses":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, stage: str, count: int) -> None:
        self._task = self._progress.add_task(stage, total=count)

    def done(self) -> None:
        if self._task is not None:
            self._progress.advance(self._task)


class Silence:
    """For output that only machines read."""

    def __enter__(self) -> "Silence":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def begin(self, stage: str, count: int) -> None:
        """Said to nobody."""

    def done(self) -> None:
        """Said to nobody."""


@dataclass(frozen=True, slots=True)
class ShownPost:
    """`post` as the API answers it, with some of its comments; `cells` of its first photo, None where none is shown."""

    post: dict[str, Any]
    comments: Sequence[dict[str, Any]]
    cells: list[list[Colour]] | None


def feed(posts: Sequence[ShownPost]) -> RenderableType:
    return Group(*(Padding(_post(shown), (1, 0, 0, 2)) for shown in posts))


def _post(shown: ShownPost) -> RenderableType:
    if shown.cells is None:
        return _words(shown)
    grid = Table.grid(padding=(0, 3))
    grid.add_column(width=COLUMNS)
    grid.add_column()
    grid.add_row(half_blocks(shown.cells), _words(shown))
    return grid


def half_blocks(cells: list[list[Colour]]) -> Text:
    """Two rows in each line: the upper as the block's colour, the lower as its background."""
    text = Text(no_wrap=True)
    for upper, lower in zip(cells[::2], cells[1::2], strict=True):
        for above, below in zip(upper, lower, strict=True):
            text.append("▀", f"rgb({_said(above)}) on rgb({_said(below)})")
        text.append("\n")
    text.rstrip()
    return text


def _said(colour: Colour) -> str:
    return ",".join(map(str, colour))


def _words(shown: ShownPost) -> Text:
    post = shown.post
    author, counts = post["author"], post["counts"]
    text = Text.assemble(
        (author["display_name"], "bold"),
        f" @{author['username']}",
        (f" · {_when(post['created_at'])}\n", "dim"),
    )
    if post["place"] is not None:
        text.append(f"{post['place']['name']}\n", "dim")
    text.append(f"{post['caption']}\n")
    text.highlight_words([f"#{tag}" for tag in post["tags"]], "cyan", case_sensitive=False)
    liked = " (one of them is yours)" if post["liked"] else ""
    text.append(f"♥ {_counted(counts['likes'], 'like')}{liked} · {_counted(counts['comments'], 'comment')}")
    text.append(f" · {_counted(len(post['media']), 'photo')}")
    for comment in shown.comments:
        text.append(f"\n  {comment['author']['display_name']}: ", "dim")
        text.append(comment["text"])
    return text


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _when(rfc3339: str) -> str:
    return f"{datetime.fromisoformat(rfc3339).astimezone():%d %b %Y %H:%M}"
