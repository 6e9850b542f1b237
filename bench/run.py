"""`make bench`: how fast Photolog is, as ratios to what the bare libraries do in the same minute on the same machine.

Every figure is the median of interleaved rounds (limit, ours, limit, ours, ...), so that a machine that speeds up or slows down
does it to both. Server and load generator have a processor each where there are two.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench import projections, serving
from bench.graph import follows
from bench.measured import Measured
from bench.seed import seed_now


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of each benchmark")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="how long one side of a round of load lasts"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    options = parser.parse_args()
    console = Console(stderr=True)
    graph, pairs = follows()
    with tempfile.TemporaryDirectory(prefix="photolog-bench-") as folder, console.status("seeding") as status:
        seeded = seed_now(Path(folder) / "data", pairs)
        measured: list[Measured] = []
        for name, benchmark in (("HTTP", serving.measure), ("projections", projections.measure)):
            status.update(f"measuring {name}")
            measured += benchmark(Path(folder), seeded, options.rounds, options.seconds)
    if options.json:
        print(orjson.dumps({"graph": graph, "measured": [m.as_json() for m in measured]}).decode())
    else:
        Console(width=150).print(_table(graph, options.rounds, measured))


def _table(graph: str, rounds: int, measured: list[Measured]) -> Table:
    table = Table("what", title=f"graph: {graph}; medians of {rounds} interleaved rounds")
    for column in ("ours", "limit", "ratio"):
        table.add_column(column, justify="right")
    table.add_column("limit is")
    table.add_column("aim")
    for m in measured:
        limit = f"{statistics.median(m.limit):,.0f}" if m.limit else ""
        ratio = "" if m.ratio is None else f"{m.ratio:.0%}"
        table.add_row(m.what, f"{statistics.median(m.ours):,.4g} {m.unit}", limit, ratio, m.against, m.aim)
    return table


if __name__ == "__main__":
    main()
