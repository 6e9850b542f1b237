"""The contract of the positions of reactors."""

from stores.ports.reactor_positions import ReactorPositions

ONE, OTHER = ("photolog.media", 0), ("photolog.media", 1)


class ReactorPositionsContract:
    async def test_nothing_was_dealt_with(self, positions: ReactorPositions) -> None:
        assert await positions.get("sweeping") == {}

    async def test_each_reactor_has_its_own(self, positions: ReactorPositions) -> None:
        await positions.advance("sweeping", ONE, 5)
        await positions.advance("sweeping", OTHER, 0)
        await positions.advance("rekeying", ONE, 2)
        assert await positions.get("sweeping") == {ONE: 5, OTHER: 0}
        assert await positions.get("rekeying") == {ONE: 2}

    async def test_they_never_move_back(self, positions: ReactorPositions) -> None:
        for offset in (5, 3, 7, 7):
            await positions.advance("sweeping", ONE, offset)
        assert await positions.get("sweeping") == {ONE: 7}
