"""The contract of `stores.ports.view.Parking`, for views by which something is decided. An adapter's test file gives `view`."""

from typing import Any

from events.topics import MEDIA
from stores.ports.view import Folded


class ParkingContract:
    async def test_readers_are_told_of_whom_something_is_parked(self, view: Any) -> None:
        assert not await view.is_parked(MEDIA, "7")
        await view.apply([Folded((MEDIA, 0), 0, 900, "7", parked="broken")])
        assert await view.is_parked(MEDIA, "7")
        assert not await view.is_parked(MEDIA, "8")
        assert not await view.is_parked("photolog.other", "7")
        await view.release(MEDIA, "7", [Folded((MEDIA, 0), 0, 900, "7")])
        assert not await view.is_parked(MEDIA, "7")
