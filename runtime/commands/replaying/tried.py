"""How commands tell what was tried out: in words, or in JSON, a line per projection."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from replay.certificate import Certificate
from replay.changes import Changes, changes
from replay.costs import FeedCosts
from replay.differences import Difference, Way
from runtime.commands.replaying.verify import told
from runtime.scratch import NUMBER, TOGETHER
from runtime.trying import Trial
from stores.ports.log import Positions

_EXAMPLES_COUNT = 10
_COSTS = {
    "feeds_count": "stored feeds",
    "entries_count": "posts pushed to them and kept",
    "page_posts_pushed_count": "pushed posts on first pages",
    "page_posts_merged_count": "merged posts on first pages",
    "merged_authors_count": "timelines first pages ask for",
}


def tell_trial(trial: Trial, changed: Mapping[str, Any], as_json: bool) -> bool:
    """Whether nothing would change."""
    found, certificate = changes(trial.certificate), trial.certificate
    is_same = certificate.equal and not (found.count or certificate.faults or certificate.live_behind_count)
    if as_json:
        click.echo(orjson.dumps(_trial_json(trial, found, changed)).decode())
        return is_same
    click.echo("\n".join(_trial_lines(certificate, found)))
    if trial.costs is not None:
        click.echo(
            "What is served is the same by definition, whatever the setting; it decides how feeds are made:"
        )
        Console().print(_costs(*trial.costs, ", ".join(f"{name}={value}" for name, value in changed.items())))
    return is_same


def tell_kept(projection: str, folder: Path, stands: Positions, as_json: bool) -> None:
    count = sum(offset + 1 for offset in stands.values())
    if as_json:
        positions = [
            {"topic": t, "partition": n, "offset": offset} for (t, n), offset in sorted(stands.items())
        ]
        found = {"projection": projection, "generation": NUMBER, "folder": str(folder), "events": count}
        click.echo(orjson.dumps(found | {"positions": positions}).decode())
        return
    read = (
        "`photolog feed show USER --generation 0`"
        if projection in TOGETHER
        else f"the SQLite file in {folder}"
    )
    drop = f"`photolog replay drop {projection} --generation 0` removes it"
    click.echo(f"{projection}: generation {NUMBER} holds what {count:,} events made; see {read}; {drop}")


def tell_compared(certificate: Certificate, what: str, as_json: bool) -> bool:
    """Whether the live generation is what the log says, as far as it was compared."""
    if as_json:
        click.echo(orjson.dumps(certificate.model_dump(mode="json")).decode())
    else:
        click.echo("\n".join(_compared_lines(certificate, what)))
    return certificate.equal


def _trial_lines(certificate: Certificate, found: Changes) -> Iterator[str]:
    name, live = certificate.projection, certificate.live
    counts = f"{certificate.entities_count:,} entities, {certificate.events_count:,} events"
    if found.count:
        yield f"{name}: a replay would change {found.count:,} of {counts}"
    elif certificate.faults:
        yield f"{name}: what a replay would change cannot be told ({counts})"
    elif certificate.live_behind_count:
        yield f"{name}: a replay would bring what generation {live} lacks, and change nothing else ({counts})"
    else:
        yield f"{name}: a replay would change nothing ({counts})"
    yield f"  generation {live} stays live; nothing was switched or recorded"
    if certificate.live_behind_count:
        yield f"  {certificate.live_behind_count:,} events at the log's end are not in it, and nobody feeds it"
    if not certificate.equal:
        differing = (
            f"{certificate.differences_count:,} differences, {certificate.parked_count:,} parked events"
        )
        yield f"  a replay would not switch to what it builds, since that is not what the log says ({differing})"
    yield from (f"  {fault}" for fault in certificate.faults)
    for difference in found.live[:_EXAMPLES_COUNT]:
        yield from _would_change(difference)
    if found.rebuilt:
        yield "  what was built anew is not what the log says, so a replay would not be right either:"
    for difference in found.rebuilt[:_EXAMPLES_COUNT]:
        yield from told(difference)


def _would_change(difference: Difference) -> Iterator[str]:
    for way in difference.ways:
        yield f"  {difference.kind} {difference.key}: {_change(way)}"
    for event in difference.events:
        yield f"    {event.topic} {event.partition} offset {event.offset}: {event.type} {event.id}"


def _change(way: Way) -> str:
    rest = way.members_count - len(way.members)
    members = ", ".join(way.members) + (f" and {rest} more" if way.members and rest else "")
    match way.how:
        case "missing":
            return f"{way.way}: {members or 'it'} would come"
        case "too many":
            return f"{way.way}: {members or 'it'} would go"
        case "cannot be read":
            return f"it could be read again, which it cannot now: {way.actual}"
        case _:
            values = "" if way.expected is None else f": {way.actual} now, {way.expected} rebuilt"
            return f"{way.way}: {way.how}{f' of {members}' if members else ''}{values}"


def _compared_lines(certificate: Certificate, what: str) -> Iterator[str]:
    name, counts = certificate.projection, f"{certificate.entities_count:,} entities"
    live = f"generation {certificate.generation}, which is live,"
    if certificate.equal:
        yield f"{name}: {what} is in {live} as the log says ({counts})"
        return
    if certificate.is_wrong:
        differing = f"{certificate.differences_count:,} of {counts}"
        yield f"{name}: {what} is in {live} otherwise than the log says ({differing})"
    else:
        yield f"{name}: {what} is in {live} as the log says as far as events could be applied ({counts})"
    if certificate.parked_count:
        yield f"  {certificate.parked_count:,} events are parked; see `photolog parked list`"
    if certificate.unreadable_count:
        yield f"  {certificate.unreadable_count:,} events on the log cannot be read by this release"
    if certificate.behind_count:
        yield f"  {certificate.behind_count:,} events at the log's end are not in it, and nobody feeds it"
    yield from (f"  {fault}" for fault in certificate.faults)
    for difference in certificate.differences:
        yield from told(difference)
    if certificate.differences_count:
        yield f"  `photolog replay {name}` builds it anew"


def _costs(present: FeedCosts, changed: FeedCosts, title: str) -> Table:
    table = Table("", box=None, pad_edge=False)
    for column in ("as it is set", title):
        table.add_column(column, justify="right")
    for name, words in _COSTS.items():
        table.add_row(words, *(f"{getattr(costs, name):,}" for costs in (present, changed)))
    return table


def _trial_json(trial: Trial, found: Changes, changed: Mapping[str, Any]) -> Mapping[str, object]:
    certificate = trial.certificate
    return {
        "projection": certificate.projection,
        "live": certificate.live,
        "with": dict(changed),
        "events": certificate.events_count,
        "entities": certificate.entities_count,
        "would_change": found.count,
        "would_bring": certificate.live_behind_count,
        "would_switch": certificate.equal,
        "parked": certificate.parked_count,
        "examples": _examples(found.live),
        "rebuilt_wrong": _examples(found.rebuilt),
        "faults": list(certificate.faults),
        "costs": None
        if trial.costs is None
        else {k: asdict(c) for k, c in zip(("present", "changed"), trial.costs, strict=True)},
    }


def _examples(differences: Sequence[Difference]) -> list[object]:
    return [difference.model_dump(mode="json") for difference in differences[:_EXAMPLES_COUNT]]
