"""A read of which nobody would tell a watch keeps no answer."""

from stores.sqlite.database import MEMORY
from stores.sqlite.graph import SqliteGraph
from stores.sqlite.watching import watching


async def test_a_read_beside_what_is_remembered_spoils_the_watch() -> None:
    view = SqliteGraph(MEMORY)
    with watching() as nothing_read:
        pass
    with watching() as watch:
        await view.followers(1, None, 10)
    view.close()
    assert nothing_read.is_unchanged()
    assert not watch.is_unchanged()
