"""`photolog feed`: looking into home feeds."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import orjson

from api.explain import Explanation, explain_feed
from api.models import rfc3339
from api.shown import shown_feed
from projectors.catalogue import BY_NAME
from replay.deciding import RULE, deciding
from runtime.beside import Beside, beside
from runtime.commands import options
from runtime.commands.users import user_id
from runtime.showing import views_of
from stores.ports.log import Entry, Partition, Positions
from stores.ports.registry import Generation
from stores.ports.timelines import Post

_READ_FROM = ("feeds", "timelines", "graph")


@click.group()
def feed() -> None:
    """Look into home feeds.

    Example: photolog feed show ada
    """


@dataclass(frozen=True, slots=True)
class _Reads:
    """A live view that a feed is read from: where it stands, and which events are parked in it."""

    generation: Generation
    stands: Positions
    parked: Collection[tuple[Partition, int]]

    def lacks(self, entry: Entry) -> str | None:
        """Why what the event says is not in it, if it should be and is not."""
        name = f"{self.generation.projection} {self.generation.number}"
        if entry.partition[0] not in BY_NAME[self.generation.projection].topics:
            return None
        if (stands := self.stands.get(entry.partition, -1)) < entry.offset:
            return f"{name} stands at {stands} and has not come to it"
        if (entry.partition, entry.offset) in self.parked:
            return f"it is parked in {name}; see `photolog parked list`"
        return None


@dataclass(frozen=True, slots=True)
class _Explained:
    explanation: Explanation
    events: Sequence[Entry]
    reads: Sequence[_Reads]

    def lacking(self, entry: Entry) -> list[str]:
        return [why for each in self.reads if (why := each.lacks(entry)) is not None]


@feed.command()
@click.argument("user")
@click.argument("post", type=click.IntRange(min=1))
@options.data
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of sentences.")
def explain(user: str, post: int, data: Path | None, as_json: bool) -> None:
    """Say why POST (an id) is, or is not, in the home feed of USER (a user name or an id): by which rule and which events, and
    whether the feeds have come to these.

    Reads all that is on the log of posts and follows. Works beside a running server. Exit status 1 when the post is not in the
    feed.

    Example: photolog feed explain ada 7301548361728
    """
    explained = asyncio.run(_explain(data, user, post))
    click.echo(orjson.dumps(_json(explained)).decode() if as_json else "\n".join(_lines(explained)))
    raise SystemExit(0 if explained.explanation.in_feed else 1)


@feed.command()
@click.argument("user")
@click.option(
    "--generation",
    type=click.IntRange(min=0),
    help="Of the feeds; 0 is what `photolog replay feeds --as-of` keeps. Else the one that is live.",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Posts at most.")
@options.data
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines.")
def show(user: str, generation: int | None, limit: int, data: Path | None, as_json: bool) -> None:
    """Show the home feed of USER (a user name or an id) as it is served, or as a generation would serve it: when each post was
    made, its id, and its author's.

    Works beside a running server.

    Example: photolog feed show ada --limit 5
    """
    posts = asyncio.run(_show(data, user, generation, limit))
    if as_json:
        click.echo(orjson.dumps([_post(post) for post in posts]).decode())
        return
    for post in posts:
        click.echo(f"{rfc3339(post.created_at_ms)}  post {post.post_id}  by {post.author_id}")
    if not posts:
        click.echo("no posts", err=True)


async def _explain(data: Path | None, user: str, post: int) -> _Explained:
    async with beside(data) as system:
        views = await system.views()
        reader_id = await user_id(views, user)
        return _Explained(
            await explain_feed(views, reader_id, post),
            await deciding(system.log, reader_id, post),
            [await _read_from(system, name) for name in _READ_FROM],
        )


async def _read_from(system: Beside, projection: str) -> _Reads:
    live = await system.live(projection)
    parked = await system.view(live).parked()
    return _Reads(live, await system.positions(live), {(event.partition, event.offset) for event in parked})


async def _show(data: Path | None, user: str, generation: int | None, limit: int) -> Sequence[Post]:
    async with beside(data) as system:
        reader_id = await user_id(await system.views(), user)
        with ExitStack() as opened:
            return await shown_feed(await views_of(system, generation, opened), reader_id, limit)


def _lines(explained: _Explained) -> Iterator[str]:
    yield from explained.explanation.reasons
    yield RULE
    if not explained.events:
        yield "No event on the log speaks of this post."
    for entry in explained.events:
        (topic, number), record = entry.partition, entry.record
        yield f"  {topic} {number} offset {entry.offset}: {record.type} {record.id}, {rfc3339(record.occurred_at_ms)}"
        yield from (f"    {why}" for why in explained.lacking(entry))
    if explained.events and not any(map(explained.lacking, explained.events)):
        names = [f"{each.generation.projection} {each.generation.number}" for each in explained.reads]
        yield f"What feeds are read from has come to all of them: {', '.join(names)}."


def _json(explained: _Explained) -> Mapping[str, object]:
    return {
        "in_feed": explained.explanation.in_feed,
        "reasons": list(explained.explanation.reasons),
        "rule": RULE,
        "events": [_event(entry, explained.lacking(entry)) for entry in explained.events],
        "read_from": [
            {"projection": each.generation.projection, "generation": each.generation.number}
            for each in explained.reads
        ],
    }


def _event(entry: Entry, lacking: Sequence[str]) -> Mapping[str, object]:
    return {
        "topic": entry.partition[0],
        "partition": entry.partition[1],
        "offset": entry.offset,
        "type": entry.record.type,
        "id": str(entry.record.id),
        "occurred_at": rfc3339(entry.record.occurred_at_ms),
        "applied": not lacking,
        "lacking": lacking,
    }


def _post(post: Post) -> Mapping[str, object]:
    return {
        "id": str(post.post_id),
        "author_id": str(post.author_id),
        "created_at": rfc3339(post.created_at_ms),
    }
