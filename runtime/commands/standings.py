"""How commands show where generations stand."""

import math
from collections.abc import Mapping, Sequence

from rich.table import Table

from projectors.tally import BOUNDS_S
from runtime.beside import Standing
from runtime.scraped import Scraped
from stores.ports.registry import State

_STYLES: Mapping[State, str] = {
    "live": "green",
    "ready": "cyan",
    "replaced": "cyan",
    "building": "yellow",
    "broken": "red",
    "retired": "dim",
}

_COUNTED = {
    "restarts": "restarts",
    "gap_events": "filled in",
    "store_waits": "waits",
    "batches": "batches",
    "batch_ms_mean": "mean ms",
    "batch_ms_p99_at_most": "p99 ms",
}


def in_json(standing: Standing) -> dict[str, object]:
    return {
        "projection": standing.generation.projection,
        "generation": standing.generation.number,
        "version": standing.generation.version,
        "state": standing.generation.state,
        "rebuild_due": standing.is_rebuild_due,
        "applied": standing.applied_count,
        "behind": standing.behind_count,
        "parked": standing.parked_count,
        "unreadable": standing.unreadable,
        "positions": [
            {
                "topic": topic,
                "partition": number,
                "offset": standing.stands.get((topic, number), -1),
                "end": end,
            }
            for (topic, number), end in sorted(standing.ends.items())
        ],
    }


def counted(standing: Standing, done: Scraped) -> Mapping[str, int | float | None]:
    """What running processes have counted. None is what nobody has told; a p99 that is longer than is counted is infinite."""
    projection, number = standing.generation.projection, standing.generation.number
    mine = done.done.get((projection, number))
    return {
        "restarts": done.restarts.get(projection),
        "gap_events": None if mine is None else mine.gap_events_count,
        "store_waits": None if mine is None else mine.store_waits_count,
        "batches": None if mine is None else mine.batches_count,
        "batch_ms_mean": None if mine is None else mine.mean_ms,
        "batch_ms_p99_at_most": None if mine is None else mine.p99_ms,
    }


def table(standings: Sequence[Standing]) -> Table:
    made = Table("projection", "generation", "state", box=None, pad_edge=False)
    for title in ("applied", "behind", "parked"):
        made.add_column(title, justify="right")
    for standing in standings:
        generation = standing.generation
        due = ", rebuild due" if standing.is_rebuild_due else ""
        unreadable = ", unreadable" if standing.unreadable is not None else ""
        state = f"[{_STYLES[generation.state]}]{generation.state}{due}{unreadable}[/]"
        counts = (standing.applied_count, standing.behind_count, standing.parked_count)
        made.add_row(
            generation.projection, str(generation.number), state, *(f"{count:,}" for count in counts)
        )
    return made


def counted_table(standings: Sequence[Standing], done: Scraped) -> Table:
    made = Table("projection", "generation", box=None, pad_edge=False)
    for title in _COUNTED.values():
        made.add_column(title, justify="right")
    for standing in standings:
        generation, told = standing.generation, counted(standing, done)
        made.add_row(generation.projection, str(generation.number), *(_cell(told[name]) for name in _COUNTED))
    for name in sorted(done.restarts.keys() - {standing.generation.projection for standing in standings}):
        made.add_row(name, "", _cell(done.restarts[name]))
    return made


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    if value == math.inf:
        return f">{1_000 * BOUNDS_S[-1]:,.1f}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
