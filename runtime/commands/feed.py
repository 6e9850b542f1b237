"""`photolog feed`: looking into home feeds."""

import asyncio
from pathlib import Path

import click
import orjson

from api.explain import Explanation, explain_feed
from runtime.beside import beside


@click.group()
def feed() -> None:
    """Look into home feeds."""


@feed.command()
@click.argument("user")
@click.argument("post", type=click.IntRange(min=1))
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Data folder, else PHOTOLOG_DATA."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of sentences.")
def explain(user: str, post: int, data: Path | None, as_json: bool) -> None:
    """Say why POST (an id) is, or is not, in the home feed of USER (a user name or an id).

    Works beside a running server. Exit status 1 when the post is not in the feed.

    Example: photolog feed explain ada 7301548361728
    """
    explanation = asyncio.run(_explain(data, user, post))
    click.echo(orjson.dumps(_json(explanation)).decode() if as_json else "\n".join(explanation.reasons))
    raise SystemExit(0 if explanation.in_feed else 1)


async def _explain(data: Path | None, user: str, post: int) -> Explanation:
    async with beside(data) as system:
        views = await system.views()
        account = await views.accounts.by_username(user.lower())
        if account is None and not user.isdecimal():
            raise click.ClickException(f"nobody is called {user}")
        return await explain_feed(views, int(user) if account is None else account.user_id, post)


def _json(explanation: Explanation) -> dict[str, object]:
    return {"in_feed": explanation.in_feed, "reasons": list(explanation.reasons)}
