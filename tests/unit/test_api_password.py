"""A password is changed for somebody who can be told so, or not at all."""

from unittest.mock import MagicMock

import pytest

from api import accounts
from producers.errors import NotFoundError


async def test_nothing_is_changed_for_somebody_whom_no_view_shows_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def nobody(*_: object) -> None:
        raise NotFoundError

    doorkeeper = MagicMock()
    monkeypatch.setattr(accounts, "get_me", nobody)
    monkeypatch.setattr(accounts, "doorkeeper", doorkeeper)
    with pytest.raises(NotFoundError):
        await accounts.put_password(MagicMock(), MagicMock())
    doorkeeper.assert_not_called()
