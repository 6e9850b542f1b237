"""The accounts contract on SQLite."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stores.sqlite.accounts import SqliteAccounts
from tests.contract.accounts import ADA, PUT, AccountsContract
from tests.contract.applying import apply


@pytest.fixture
def view(tmp_path: Path) -> Iterator[SqliteAccounts]:
    with closing(SqliteAccounts(tmp_path / "accounts.db")) as accounts:
        yield accounts


class TestSqliteAccounts(AccountsContract):
    async def test_the_same_object_is_handed_out_until_it_changes(self, view: SqliteAccounts) -> None:
        await apply(view, PUT)
        first = (await view.accounts([ADA]))[ADA]
        assert (await view.accounts([ADA]))[ADA] is first
        assert await view.by_username("ada") is first
