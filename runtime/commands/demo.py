"""`photolog demo`: fills a running server through its HTTP API and shows somebody's feed."""

import asyncio

import click
import orjson
from rich.console import Console

from runtime.demo.client import Client, DemoError
from runtime.demo.people import MOST_PEOPLE, PASSWORD

_INTERRUPTED = 130


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where the server answers.")
@click.option(
    "--people",
    "people_count",
    default=12,
    show_default=True,
    type=click.IntRange(2, MOST_PEOPLE),
    help="How many accounts.",
)
@click.option(
    "--posts",
    "posts_count",
    default=40,
    show_default=True,
    type=click.IntRange(1, 5_000),
    help="How many posts in all.",
)
@click.option("--seed", default=1, show_default=True, help="Other numbers make other people and photos.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def demo(url: str, people_count: int, posts_count: int, seed: int, as_json: bool) -> None:
    """Fill a running server: people, follows, photos made on the spot, likes, comments; then show a feed.

    Needs a server (`photolog serve`). Can be run again: what is there already is left alone.

    Example: photolog demo --people 20 --posts 80
    """
    try:
        asyncio.run(_demo(url, people_count, posts_count, seed, as_json))
    except KeyboardInterrupt:
        click.echo("\nStopped. What was made stays; the same command goes on from there.", err=True)
        raise SystemExit(_INTERRUPTED) from None
    except DemoError as error:
        raise click.ClickException(str(error)) from error


async def _demo(url: str, people_count: int, posts_count: int, seed: int, as_json: bool) -> None:
    # These need Pillow, which no other command has to load.
    from runtime.demo import tour
    from runtime.demo.crowd import Crowd
    from runtime.demo.people import people
    from runtime.demo.shown import Progresses, Silence, feed
    from runtime.demo.story import keenest, story

    screen = Console()
    plan = story(people_count, posts_count, seed)
    client = Client(url)
    try:
        await client.call("GET", "/healthz")
        with Silence() if as_json else Progresses(Console(stderr=True)) as watch:
            made = await Crowd(client, watch).play(people(people_count, seed), plan)
        reader = made.members[keenest(plan)]
        posts = await tour.shown_feed(client, reader, screen.is_terminal and not as_json)
    finally:
        await client.close()
    if as_json:
        click.echo(orjson.dumps(tour.summary(client.url, made, reader, posts)).decode())
        return
    screen.print(f"\n[bold]{reader.person.display_name}'s home feed[/]  (GET /v1/feed)")
    screen.print(feed(posts))
    screen.print(f"\nLog in as [bold]{reader.person.username}[/], password [bold]{PASSWORD}[/]. Try:")
    for command in tour.commands(client.url, reader, posts[0].post if posts else None):
        click.echo(f"  {command}")
    click.echo(f"All routes: {client.url}/docs")
