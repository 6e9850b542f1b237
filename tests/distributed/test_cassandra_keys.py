"""The keys' contract on Cassandra."""

from collections.abc import Iterator
from typing import Any

import pytest

from stores.cassandra import keys as module
from stores.cassandra.keys import TABLES, CassandraKeys
from stores.cassandra.session import Cassandra
from tests.contract.keys import Destroy, KeysContract, OpenKeys
from tests.distributed.cassandra import Tables
from tests.distributed.state import emptied_state

DESTROY = "UPDATE sealing_keys SET key = null, destroyed = true WHERE user_id = %s IF EXISTS"


@pytest.fixture
def cassandra(tables: Tables, prepared: dict[str, Any]) -> Iterator[Cassandra]:
    yield from emptied_state(tables, prepared, TABLES)


@pytest.fixture
def open_keys(cassandra: Cassandra) -> OpenKeys:
    return lambda: CassandraKeys(cassandra)


@pytest.fixture
def destroy(tables: Tables) -> Destroy:
    def destroy_key(user_id: int) -> None:
        assert tables.session.execute(DESTROY, (user_id,)).one() == (True,)

    return destroy_key


class TestCassandraKeys(KeysContract):
    async def test_of_many_that_make_a_key_one_has_made_it(self, open_keys: OpenKeys) -> None:
        async def made() -> object:
            keys = open_keys()
            await keys.create(7)
            return (await keys.get([7]))[7]

        assert len({await made() for _ in range(3)}) == 1

    async def test_what_is_forgotten_is_found_again(
        self, open_keys: OpenKeys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Keys asked for together are all there, however few are remembered."""
        monkeypatch.setattr(module, "_REMEMBERED", 2)
        keys = open_keys()
        for user_id in range(1, 6):
            await keys.create(user_id)
        assert set(await keys.get([1, 2])) == {1, 2}
        assert set(await keys.get([1, 2, 3])) == {1, 2, 3}
        assert set(await keys.get([5, 4, 3, 2, 1])) == {1, 2, 3, 4, 5}
