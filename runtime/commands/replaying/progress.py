"""What a build shows of itself on standard error: a bar for a person, or a line of JSON every few seconds for a program."""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from time import monotonic

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from replay.rebuild import Reached, Report
from stores.ports.registry import Generation

EVERY_S = 2.0
"""Between two lines of JSON."""
_LOOKS_BACK_S = 10.0


class Pace:
    """How fast a build has been of late, and how long the rest will take. What was applied before it began does not count."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def see(self, applied_count: int) -> None:
        self._seen.append((self._clock(), applied_count))
        while len(self._seen) > 2 and self._seen[1][0] <= self._seen[-1][0] - _LOOKS_BACK_S:
            self._seen.popleft()

    def events_per_s(self) -> float | None:
        """None: not known yet."""
        if not self._seen:
            return None
        (begun_s, first), (now_s, last) = self._seen[0], self._seen[-1]
        return (last - first) / (now_s - begun_s) if now_s > begun_s else None

    def left_s(self, events_count: int) -> float | None:
        """For so many events; None: not known, or never."""
        rate = self.events_per_s()
        return events_count / rate if rate else None


class Shown:
    """How far the builds of this command have come. `is_live` is None while a switch has not answered: it may have happened."""

    def __init__(self) -> None:
        self.generation: Generation | None = None
        self.reached: Reached | None = None
        self.is_live: bool | None = False

    @contextlib.contextmanager
    def bar(self, generation: Generation) -> Iterator[Report]:
        self._begin(generation)
        columns = (
            TextColumn(generation.projection),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
        )
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task, pace = progress.add_task("", total=None, pace=""), Pace()

            def report(reached: Reached) -> None:
                self._keep(reached, pace)
                done, goal = reached.applied_count, reached.goal_count
                progress.update(task, completed=done, total=goal, pace=in_words(reached, pace))

            yield report

    @contextlib.contextmanager
    def lines(self, generation: Generation) -> Iterator[Report]:
        self._begin(generation)
        pace, told_s = Pace(), monotonic()

        def report(reached: Reached) -> None:
            nonlocal told_s
            self._keep(reached, pace)
            if monotonic() >= told_s + EVERY_S:
                told_s = monotonic()
                click.echo(orjson.dumps(in_json(generation, reached, pace)), err=True)

        yield report

    def _begin(self, generation: Generation) -> None:
        self.generation, self.reached, self.is_live = generation, None, False

    def _keep(self, reached: Reached, pace: Pace) -> None:
        self.reached = reached
        pace.see(reached.applied_count)


def in_json(generation: Generation, reached: Reached, pace: Pace) -> dict[str, object]:
    rate, left_s = pace.events_per_s(), pace.left_s(reached.goal_count - reached.applied_count)
    return {
        "projection": generation.projection,
        "generation": generation.number,
        "applied": reached.applied_count,
        "goal": reached.goal_count,
        "behind": reached.behind_count,
        "events_per_s": None if rate is None else round(rate),
        "left_s": None if left_s is None else round(left_s),
    }


def in_words(reached: Reached, pace: Pace) -> str:
    rate, left_s = pace.events_per_s(), pace.left_s(reached.goal_count - reached.applied_count)
    at = "" if rate is None else f"{rate:,.0f}/s, "
    left = "" if left_s is None else f"{duration(left_s)} left, "
    return f"{at}{left}{reached.behind_count:,} behind the log"


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
