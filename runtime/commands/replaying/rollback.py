"""`photolog replay rollback PROJECTION`: back to the generation that was replaced, by one write."""

import asyncio
from pathlib import Path

import click
import orjson

from projectors.catalogue import BY_NAME
from runtime.beside import Beside, beside
from runtime.commands import options
from runtime.commands.replaying.rebuilding import until_even
from runtime.earlier import earlier
from runtime.errors import CommandError
from runtime.notices import Tell, told
from runtime.operating import Operator
from stores.ports.registry import Generation, NotReadyError

_WITHIN_S = 10.0
"""What is fed stands even with the live one within a moment."""


@click.command()
@options.projection
@options.data
@options.by
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a sentence.")
def rollback(projection: str, data: Path | None, by: str | None, as_json: bool) -> None:
    """Make the generation of PROJECTION live again that was replaced; it was fed all the while. Again takes that back.

    Refuses when there is none, when this release does not fold what that generation was made with, or when it is behind.

    Example: photolog replay rollback search
    """
    done = asyncio.run(_rollback(projection, data, by, told(as_json)))
    if as_json:
        click.echo(orjson.dumps(done).decode())
    else:
        click.echo(f"{projection}: generation {done['to']} is live again, {done['from']} is kept")


async def _rollback(projection: str, data: Path | None, by: str | None, tell: Tell) -> dict[str, object]:
    async with beside(data) as system, system.replaying(projection):
        live = await system.live(projection)
        earlier = await _replaced(system, projection)
        await _even(system, live, earlier, tell)
        try:
            is_back = await Operator(system, by).roll_back(live, earlier)
        except NotReadyError:
            broke = f"{projection} {earlier.number} broke meanwhile; see the log of whoever feeds it"
            raise CommandError(broke) from None
        if not is_back:
            raise CommandError(f"somebody else has switched {projection}")
        return {"projection": projection, "from": live.number, "to": earlier.number}


async def _replaced(system: Beside, projection: str) -> Generation:
    replaced = await earlier(system, projection)
    if replaced is None:
        raise CommandError(
            f"{projection} has no generation to go back to; see `photolog replay status {projection}`"
        )
    return replaced


async def _even(system: Beside, live: Generation, earlier: Generation, tell: Tell) -> None:
    ours = BY_NAME[earlier.projection].version
    name = f"{earlier.projection} {earlier.number}"
    if earlier.version != ours:
        raise CommandError(
            f"{name} was made by version {earlier.version} of its fold, this release has {ours} and does not feed it: "
            "run the release that has that version, then this command of it"
        )
    try:
        async with asyncio.timeout(_WITHIN_S):
            await until_even(system, live, earlier, tell)
    except TimeoutError:
        standing = await system.standing(earlier)
        raise CommandError(
            f"{name} is {standing.behind_count:,} events behind the log and does not catch up; see the server's log"
        ) from None
