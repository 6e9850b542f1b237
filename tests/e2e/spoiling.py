"""Differences planted in what is live, in the store where a set-up keeps it, so that it is not what the log says."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from stores.cassandra.session import connect as connect_cassandra
from stores.redis.client import connect
from stores.redis.search import RedisSearch
from tests.e2e.server import ServerProcess
from tests.e2e.test_replay import states


def is_distributed(server: ServerProcess) -> bool:
    return server.settings.get("PHOTOLOG_PROFILE") == "distributed"


def live(server: ServerProcess, projection: str) -> int:
    (number,) = (n for (name, n), state in states(server).items() if (name, state) == (projection, "live"))
    return number


def forget_follows(server: ServerProcess, user_id: int) -> None:
    """Whom the user follows is not known to the feeds."""
    if is_distributed(server):
        asyncio.run(_forget_follows(server, user_id))
    else:
        _delete(server, "feeds", "following WHERE reader_id = ?", user_id)


def forget_like(server: ServerProcess, user_id: int, post_id: int) -> None:
    """In Cassandra the user does not like the post, which still lists them; in SQLite that is one row."""
    if not is_distributed(server):
        _delete(server, "likes", "likes WHERE user_id = ? AND post_id = ?", user_id, post_id)
        return
    host, _, port = server.settings["PHOTOLOG_CASSANDRA"].rpartition(":")
    session = connect_cassandra([host], int(port), server.settings["PHOTOLOG_NAMESPACE"])
    with session.cluster:
        table = f"likes_by_user_{live(server, 'likes')}"
        session.execute(f"DELETE FROM {table} WHERE user_id = %s AND post_id = %s", (user_id, post_id))


def forget_word(server: ServerProcess, word: str, post_id: int) -> None:
    """The post is not found by the word."""
    if is_distributed(server):
        asyncio.run(_forget_word(server, word, post_id))
    else:
        _delete(server, "search", "terms WHERE term = ? AND post_id = ?", word, post_id)


@contextmanager
def uncountable_likes(server: ServerProcess, post_id: int) -> Iterator[None]:
    """Meanwhile no like of the post can be applied to the search: that event is parked."""
    if is_distributed(server):
        asyncio.run(_ask_of_likers(server, post_id, "SET", "no set"))
        yield
        asyncio.run(_ask_of_likers(server, post_id, "DEL"))
        return
    trigger = (
        f"refuse BEFORE INSERT ON likes WHEN NEW.post_id = {post_id} BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    _change(server, "search", f"CREATE TRIGGER {trigger}")
    yield
    _change(server, "search", "DROP TRIGGER refuse")


async def _ask_of_likers(server: ServerProcess, post_id: int, command: str, *arguments: str) -> None:
    """Of the set in which the search keeps who likes the post."""
    shards_count = int(server.settings["PHOTOLOG_SEARCH_SHARDS"])
    async with connect(server.settings["PHOTOLOG_REDIS"]) as redis:
        bucket = RedisSearch(redis, live(server, "search"), shards_count)._bucket_of(post_id)
        await redis.execute_command(command, bucket + b":likes:" + post_id.to_bytes(8), *arguments)  # type: ignore[no-untyped-call]


def _delete(server: ServerProcess, projection: str, rows: str, *values: int | str) -> None:
    assert _change(server, projection, f"DELETE FROM {rows}", *values)


def _change(server: ServerProcess, projection: str, statement: str, *values: int | str) -> int:
    """Returns how many rows it was of."""
    path = server.data / "views" / f"{projection}.{live(server, projection)}.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, values).rowcount


async def _forget_follows(server: ServerProcess, user_id: int) -> None:
    async with connect(server.settings["PHOTOLOG_REDIS"]) as redis:
        pattern = b"{f%d.*}:following:" % live(server, "feeds") + _glob(user_id.to_bytes(8))
        keys = [key async for key in redis.scan_iter(match=pattern)]
        assert await redis.delete(*keys) == 1


async def _forget_word(server: ServerProcess, word: str, post_id: int) -> None:
    async with connect(server.settings["PHOTOLOG_REDIS"]) as redis:
        pattern = b"{s%d.*}:date:" % live(server, "search") + _glob(word.encode())
        keys = [key async for key in redis.scan_iter(match=pattern)]
        assert sum([await redis.zrem(key, post_id.to_bytes(8)) for key in keys]) == 1


def _glob(name: bytes) -> bytes:
    """What matches exactly this name."""
    return b"".join(b"\\%c" % byte if byte in b"*?[]\\" else b"%c" % byte for byte in name)
