"""How commands show where generations stand."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from runtime.beside import Standing
from stores.ports.registry import State

_STYLES: Mapping[State, str] = {
    "live": "green",
    "ready": "cyan",
    "replaced": "cyan",
    "building": "yellow",
    "broken": "red",
    "retired": "dim",
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
