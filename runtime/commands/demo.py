"""`photolog demo`: fills a running server through its HTTP API and shows somebody's feed."""

import asyncio

import click

from runtime.demo.errors import DemoError
from runtime.demo.people import MOST_PEOPLE
from runtime.errors import BROKEN_OFF, CommandError


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
    from runtime.demo.run import run_demo  # needs Pillow and an HTTP client

    try:
        asyncio.run(run_demo(url, people_count, posts_count, seed, as_json))
    except KeyboardInterrupt:
        click.echo("\nStopped. What was made stays; the same command goes on from there.", err=True)
        raise SystemExit(BROKEN_OFF) from None
    except DemoError as error:
        raise CommandError(str(error)) from error
