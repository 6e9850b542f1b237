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


async def test_other_sessions_end_before_the_password_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else who is told that a store is away could not repeat it: the password would be a wrong one, and a thief stay."""
    told: list[str] = []

    async def shown(*_: object) -> str:
        return "answer"

    async def proved(*_: object) -> str:
        told.append("proved")
        return "hash"

    async def replace(*_: object) -> None:
        told.append("replaced")

    async def end_others(*_: object) -> None:
        told.append("ended")

    app, call = MagicMock(), MagicMock()
    app.sessions.end_others = end_others
    monkeypatch.setattr(accounts, "get_me", shown)
    monkeypatch.setattr(accounts, "session_id", lambda _: 1)
    monkeypatch.setattr(accounts, "doorkeeper", lambda _: MagicMock(proved=proved, replace=replace))
    assert str(await accounts.put_password(app, call)) == "answer"
    assert told == ["proved", "ended", "replaced", "ended"]
