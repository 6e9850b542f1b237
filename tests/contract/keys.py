"""The contract of `stores.ports.keys`, for every adapter.

An adapter's test file gives `open_keys`, which opens the same keys anew each time, and `destroy`, which erases a user's key as an
erasure does.
"""

from collections.abc import Callable

import pytest

from events.sealing import DESTROYED, KEY_BYTES
from stores.ports.keys import Keys

OpenKeys = Callable[[], Keys]
Destroy = Callable[[int], None]


class KeysContract:
    @pytest.fixture
    def keys(self, open_keys: OpenKeys) -> Keys:
        return open_keys()

    async def test_users_without_a_key_are_absent(self, keys: Keys) -> None:
        assert await keys.get([7]) == {}
        assert await keys.get([]) == {}

    async def test_a_key_is_made_once_and_never_changes(self, keys: Keys) -> None:
        await keys.create(7)
        first = await keys.get([7])
        await keys.create(7)
        assert await keys.get([7]) == first
        key = first[7]
        assert isinstance(key, bytes)
        assert len(key) == KEY_BYTES

    async def test_everybody_has_a_key_of_their_own(self, keys: Keys) -> None:
        for user_id in (7, 8, 9):
            await keys.create(user_id)
        found = await keys.get([7, 8, 9, 10])
        assert set(found) == {7, 8, 9}
        assert len(set(found.values())) == 3

    async def test_a_key_survives_the_process(self, open_keys: OpenKeys) -> None:
        keys = open_keys()
        await keys.create(7)
        assert await open_keys().get([7]) == await keys.get([7])

    async def test_a_key_made_after_it_was_asked_for_is_found(self, keys: Keys) -> None:
        assert await keys.get([7]) == {}
        await keys.create(7)
        assert set(await keys.get([7])) == {7}

    async def test_a_destroyed_key_leaves_a_marker_for_ever(
        self, open_keys: OpenKeys, destroy: Destroy
    ) -> None:
        await open_keys().create(7)
        destroy(7)
        keys = open_keys()
        assert await keys.get([7]) == {7: DESTROYED}
        await keys.create(7)
        assert await open_keys().get([7]) == {7: DESTROYED}

    async def test_many_at_once(self, keys: Keys) -> None:
        for user_id in range(1, 1_201, 2):
            await keys.create(user_id)
        assert set(await keys.get(range(1, 1_201))) == set(range(1, 1_201, 2))
