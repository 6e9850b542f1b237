"""`make bench` and `make bench-distributed`: how fast Photolog is, as ratios to what the bare libraries do in the same minute on
the same machine.

Every figure is the median of interleaved rounds (limit, ours, limit, ours, ...), so that a machine that speeds up or slows down
does it to both. Server and load generator have a processor each where there are two.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench import projections, serving
from bench.graph import follows
from bench.measured import Measured, shown_ratio
from bench.seed import seed_now


def main() -> None:
    options = _parser().parse_args()
    graph, pairs = follows()
    measure = {"embedded": _embedded, "distributed": _distributed}[options.set_up]
    with Console(stderr=True).status("beginning") as status:
        measured = measure(options, pairs, status.update)
    if options.json:
        machine = {"processors": os.cpu_count(), "graph": graph, "rounds": options.rounds}
        found = {**machine, "measured": [m.as_json() for m in measured]}
        sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    title = f"graph: {graph}; medians of {options.rounds} interleaved rounds"
    Console(width=150, stderr=options.json).print(table(title, measured))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--set-up", choices=("embedded", "distributed"), default="embedded")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of each benchmark")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="how long one side of a round of load lasts"
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON document, and the table on standard error"
    )
    parser.add_argument(
        "--services",
        type=Path,
        help="folder of servers that `make services` has started, for nothing else; without it they are started",
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="less than 1 only to try out whether it runs"
    )
    return parser


def _embedded(
    options: argparse.Namespace, pairs: list[tuple[int, int]], tell: Callable[[str], None]
) -> list[Measured]:
    with tempfile.TemporaryDirectory(prefix="photolog-bench-") as folder:
        tell("seeding")
        seeded = seed_now(Path(folder) / "data", pairs)
        tell("measuring HTTP")
        served = serving.measure(Path(folder), seeded, options.rounds, options.seconds)
        tell("measuring projections")
        return [*served, *projections.measure(Path(folder), options.rounds)]


def _distributed(
    options: argparse.Namespace, pairs: list[tuple[int, int]], tell: Callable[[str], None]
) -> list[Measured]:
    from bench.distributed.all import measure  # the embedded set-up needs none of its libraries

    return measure(
        options.services, _some(pairs, options.scale), options.rounds, options.seconds, options.scale, tell
    )


def _some(pairs: list[tuple[int, int]], scale: float) -> list[tuple[int, int]]:
    """The follows among the first people."""
    people_count = scale * (1 + max(map(max, pairs)))
    return [pair for pair in pairs if max(pair) < people_count]


def table(title: str, measured: Sequence[Measured]) -> Table:
    """A row for each, with medians."""
    table = Table("what", title=title)
    for column in ("ours", "limit", "ratio"):
        table.add_column(column, justify="right")
    table.add_column("limit is")
    table.add_column("aim")
    for m in measured:
        limit = f"{statistics.median(m.limit):,.0f}" if m.limit else ""
        table.add_row(
            m.what,
            f"{statistics.median(m.ours):,.4g} {m.unit}",
            limit,
            shown_ratio(m.ratio),
            m.against,
            m.aim,
        )
    return table


if __name__ == "__main__":
    main()
