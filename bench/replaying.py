"""Replays beside readers: `photolog replay` of a long past, what it takes and what readers notice, next to the bare limit of the
same minute on the same machine.

The rate is of the build alone, from when its generation is begun until it is ready, looked at five times a second: the start of
the command and its hand-over to who feeds views are in "the whole command" only. Reads are of home feeds and of posts,
50 a second; percentiles are of five seconds each, and the median of those is shown.

Example: python -m bench.replaying --events 200000
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import orjson
from rich.console import Console

from bench import seed
from bench.ground import ERASED, NAMES, READERS_COUNT, Bare, Ground, Limit, reads
from bench.measured import Measured
from bench.past import Past
from bench.projections import BARE_INSERTS, rows_per_second
from bench.run import table
from bench.servers import GENEROUS, PHOTOLOG, Server
from bench.serving import sign_in, tokens_of
from bench.watched import Ran, read, read_slice, run, until_even
from projectors.catalogue import BY_NAME
from runtime.beside import beside

_CALM_SLICES_COUNT = 3
_LEAST_EVENTS_COUNT = 1_000
_MIB = 2**20
_HELD_BACK = "timelines"
"""Replayed a second time, so that it takes less of what readers need."""


def main() -> None:
    parser = _parser()
    options = parser.parse_args()
    if options.events < _LEAST_EVENTS_COUNT:
        parser.error(f"a past has at least {_LEAST_EVENTS_COUNT} events")
    with Console(stderr=True).status("beginning") as status:
        made = {"embedded": _embedded, "distributed": _distributed}[options.set_up](options, status.update)
        with made as ground:
            measured = measure(ground, status.update, verified=not options.unverified)
    if options.json:
        machine = {"processors": os.cpu_count(), "set_up": options.set_up, "events": options.events}
        found = {**machine, "measured": [m.as_json() for m in measured]}
        sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    title = f"replays of {options.events:,} events, {options.set_up}"
    Console(width=150, stderr=options.json).print(table(title, measured))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.replaying",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=int, required=True, help="how long the past is, at least 1000")
    parser.add_argument("--set-up", choices=("embedded", "distributed"), default="embedded")
    parser.add_argument("--unverified", action="store_true", help="leave out how long it takes to verify")
    parser.add_argument(
        "--services",
        type=Path,
        help="folder of servers that `make services` has started, for nothing else; without it they are started",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON document, and the table on standard error"
    )
    return parser


def measure(ground: Ground, tell: Callable[[str], None], *, verified: bool) -> list[Measured]:
    asyncio.run(until_even(ground, tell))
    tell("reading alone")
    read_slice(ground)  # what is read the first time is read from files
    found = _latencies("nothing", [read_slice(ground) for _ in range(_CALM_SLICES_COUNT)])
    for name in NAMES:
        tell(f"replaying {name}")
        found += _replayed(ground, name)
        if verified:
            tell(f"verifying {name}")
            found += _verified(ground, name)
    tell(f"replaying {_HELD_BACK}, held back")
    found += _held_back(ground, found)
    if ground.erase is not None:
        tell("bringing back what was erased")
        ground.erase()
        found += _brought_back(ground)
    return found


def _replayed(ground: Ground, name: str) -> list[Measured]:
    what = f"replay of {name}"
    limit = ground.limit(name)
    with read(ground) as slices:
        ran = run(ground, name, "--unverified")
    if not ran.built_s:
        raise RuntimeError(f"{what} was over before it could be measured; take more --events")
    per_second = asyncio.run(_events_count(ground, name)) / ran.built_s
    aim = ground.aims[name]
    return [
        Measured(
            what, "events/s", [per_second], limit.is_what, [limit.per_second], "" if limit.bare else aim
        ),
        *([_written(what, per_second, limit.bare, aim)] if limit.bare else []),
        Measured(f"{what}, the whole command", "s", [ran.seconds]),
        *_memory(what, ran),
        *_latencies(what, slices),
    ]


def _held_back(ground: Ground, found: Sequence[Measured]) -> list[Measured]:
    """At a tenth of the rate that was measured before."""
    (before,) = (m.ours[0] for m in found if m.what == f"replay of {_HELD_BACK}")
    rate = max(1, int(before / 10))
    what = f"replay of {_HELD_BACK} with --rate {rate:,}"
    with read(ground) as slices:
        ran = run(ground, _HELD_BACK, "--unverified", "--rate", str(rate))
    return [Measured(f"{what}, the whole command", "s", [ran.seconds]), *_latencies(what, slices)]


def _written(what: str, events_per_second: float, bare: Bare, aim: str) -> Measured:
    ours = events_per_second * bare.writes_per_event
    return Measured(f"{what}, written", bare.unit, [ours], bare.is_what, [bare.per_second], aim)


def _brought_back(ground: Ground) -> list[Measured]:
    what = f"replay of {' and '.join(ERASED)} after Redis was emptied"
    with read(ground) as slices:
        ran = run(ground, *ERASED, "--unverified")
    return [Measured(f"{what}, the whole command", "s", [ran.seconds]), *_latencies(what, slices)]


def _verified(ground: Ground, name: str) -> list[Measured]:
    ran = run(ground, "verify", name)
    return [
        Measured(f"verify of {name}", "s", [ran.seconds]),
        *_memory(f"verify of {name}", ran),
    ]


def _memory(what: str, ran: Ran) -> Iterator[Measured]:
    yield Measured(f"{what}, most memory", "MiB", [max(ran.memory_bytes) / _MIB])
    if ran.grown_bytes is not None:
        yield Measured(f"{what}, more in its second half", "MiB", [ran.grown_bytes / _MIB], aim="flat")


def _latencies(beside_what: str, slices: Sequence[dict[str, float]]) -> list[Measured]:
    return [
        Measured(f"reads beside {beside_what}, p{part}", "ms", [each[f"p{part}_ms"] for each in slices])
        for part in (50, 99)
    ]


async def _events_count(ground: Ground, name: str) -> int:
    """On the topics of the projection."""
    async with ground.beside() as system:
        return sum(end + 1 for end in (await system.log.ends(BY_NAME[name].topics)).values())


@contextmanager
def _embedded(options: argparse.Namespace, tell: Callable[[str], None]) -> Iterator[Ground]:
    past = Past(options.events, random.Random(4))
    with tempfile.TemporaryDirectory(prefix="photolog-bench-") as name:
        folder, data = Path(name), Path(name, "data")
        tell("writing the past")
        asyncio.run(seed.write(data, past))
        sign_in(data, past.people[:READERS_COUNT])
        settings = {**GENEROUS, "PHOTOLOG_DATA": str(data)}
        with Server([PHOTOLOG, "serve", "--port", "0"], settings) as server:
            yield Ground(
                settings=settings,
                folder=folder,
                beside=partial(beside, data),
                fed=tuple(BY_NAME),
                port=server.port,
                reads=partial(reads, tokens_of(data), past),
                limit=partial(_inserts, folder),
                aims=dict.fromkeys(NAMES, "20,000/s"),
            )


def _inserts(folder: Path, name: str) -> Limit:
    path = folder / f"inserts-{name}.db"
    rate = rows_per_second(path)
    path.unlink()
    return Limit(rate, BARE_INSERTS)


def _distributed(options: argparse.Namespace, tell: Callable[[str], None]) -> AbstractContextManager[Ground]:
    from bench.distributed.replaying import ground  # the embedded set-up needs none of its libraries

    return ground(options.services, Past(options.events, random.Random(4)), tell)


if __name__ == "__main__":
    main()
