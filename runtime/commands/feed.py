"""`photolog feed`: looking into home feeds."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import orjson

from api.explain import Explanation, explain_feed
from api.models import rfc3339
from api.shown import shown_feed
from replay.deciding import RULE, deciding
from runtime.beside import beside
from runtime.commands import options
from runtime.commands.users import user_id
from runtime.showing import views_of
from stores.ports.log import Entry, Positions
from stores.ports.timelines import Post


@click.group()
def feed() -> None:
    """Look into home feeds."""


@dataclass(frozen=True, slots=True)
class _Explained:
    """`stands`: where the feeds generation of this number stands."""

    explanation: Explanation
    events: Sequence[Entry]
    generation: int
    stands: Positions

    def has(self, entry: Entry) -> bool:
        return self.stands.get(entry.partition, -1) >= entry.offset


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
        live = await system.live("feeds")
        return _Explained(
            await explain_feed(views, reader_id, post),
            await deciding(system.log, reader_id, post),
            live.number,
            await system.positions(live),
        )


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
        if not explained.has(entry):
            yield f"    feeds {explained.generation} stands at {explained.stands.get(entry.partition, -1)} and has not come to it"
    if explained.events and all(map(explained.has, explained.events)):
        yield f"Feeds {explained.generation}, which is live, has come to all of them."


def _json(explained: _Explained) -> Mapping[str, object]:
    at = sorted({entry.partition for entry in explained.events})
    return {
        "in_feed": explained.explanation.in_feed,
        "reasons": list(explained.explanation.reasons),
        "rule": RULE,
        "events": [_event(entry, explained.has(entry)) for entry in explained.events],
        "generation": explained.generation,
        "positions": [
            {"topic": topic, "partition": number, "offset": explained.stands.get((topic, number), -1)}
            for topic, number in at
        ],
    }


def _event(entry: Entry, is_applied: bool) -> Mapping[str, object]:
    return {
        "topic": entry.partition[0],
        "partition": entry.partition[1],
        "offset": entry.offset,
        "type": entry.record.type,
        "id": str(entry.record.id),
        "occurred_at": rfc3339(entry.record.occurred_at_ms),
        "applied": is_applied,
    }


def _post(post: Post) -> Mapping[str, object]:
    return {
        "id": str(post.post_id),
        "author_id": str(post.author_id),
        "created_at": rfc3339(post.created_at_ms),
    }
