"""What verifying and checking show of themselves on standard error."""

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from replay.verify import Report


@contextlib.contextmanager
def bar(name: str, as_json: bool) -> Iterator[Report]:
    """A bar for what is being done: events that are read, buckets that are compared."""
    columns = (
        TextColumn(name),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=as_json) as progress:
        task = progress.add_task("", total=None, rate=0.0)
        doing = ""

        def report(now: str, done: int, total: int) -> None:
            nonlocal doing
            if now != doing:
                progress.reset(task, description=now)
                doing = now
            rate = progress.tasks[0].speed or 0.0
            progress.update(task, completed=done, total=total, rate=rate)

        yield report
