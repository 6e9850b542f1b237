"""A whole demo, from the first account to what is printed in the end."""

import click
import orjson
from rich.console import Console

from runtime.demo import tour
from runtime.demo.client import Client
from runtime.demo.crowd import Crowd
from runtime.demo.member import Member
from runtime.demo.people import PASSWORD, people
from runtime.demo.shown import Progresses, ShownPost, Silence, feed
from runtime.demo.story import keenest, story


async def run_demo(url: str, people_count: int, posts_count: int, seed: int, as_json: bool) -> None:
    """Raises DemoError when it cannot go on."""
    plan = story(people_count, posts_count, seed)
    client = Client(url)
    screen = Console()
    try:
        await client.call("GET", "/healthz")
        with Silence() if as_json else Progresses(Console(stderr=True)) as watch:
            made = await Crowd(client, watch).play(people(people_count, seed), plan)
        reader = made.members[keenest(plan)]
        posts = await tour.shown_feed(client, reader, with_photos=screen.is_terminal and not as_json)
    finally:
        await client.close()
    if as_json:
        click.echo(orjson.dumps(tour.summary(client.url, made, reader, posts)).decode())
    else:
        _show(screen, client.url, reader, posts)


def _show(screen: Console, url: str, reader: Member, posts: list[ShownPost]) -> None:
    screen.print(f"\n[bold]{reader.person.display_name}'s home feed[/]  (GET /v1/feed)")
    screen.print(feed(posts))
    screen.print(f"\nLog in as [bold]{reader.person.username}[/], password [bold]{PASSWORD}[/]. Try:")
    for command in tour.commands(url, reader, posts[0].post if posts else None):
        click.echo(f"  {command}")  # in one piece, whatever the screen's width, so that it can be copied
    click.echo(f"All routes: {url}/docs")
