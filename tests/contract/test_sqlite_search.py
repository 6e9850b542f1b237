"""The search contract on SQLite: as it is, and with bounds so small that every way of reading a list is taken."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stores.sqlite import search_lists, search_users
from stores.sqlite.search import SqliteSearch
from tests.contract.applying import apply
from tests.contract.search import SearchContract, liked, posts, put, user


@pytest.fixture
def view(tmp_path: Path) -> Iterator[SqliteSearch]:
    found = SqliteSearch(tmp_path / "search.db")
    yield found
    found.close()


class TestSqliteSearch(SearchContract):
    pass


class TestSqliteSearchInShortWalks(SearchContract):
    @pytest.fixture(autouse=True)
    def bounds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(search_lists, "WALKED_LIMIT", 2)
        monkeypatch.setattr(search_lists, "SORTED_LIMIT", 0)
        monkeypatch.setattr(search_users, "WALKED_LIMIT", 2)

    async def test_a_walk_that_finds_nothing_ends_early_and_goes_on(self, view: SqliteSearch) -> None:
        await apply(view, *[put(post_id, "red") for post_id in range(2, 9)], put(1, "red sky"))
        await apply(view, *[put(post_id, "sky") for post_id in range(20, 29)])
        page = await view.posts(("red", "sky"), "date", None, 5)
        assert page.post_ids == ()
        assert page.next_key is not None
        assert await posts(view, "red sky") == [1]

    async def test_users_beyond_the_first_walk_are_found(self, view: SqliteSearch) -> None:
        await apply(view, *[user(user_id, f"an{user_id}") for user_id in range(10, 15)], user(9, "an9.b"))
        page = await view.users(("an", "b"), None, 5)
        assert page.user_ids == ()
        assert page.next_key is not None


async def test_nothing_is_left_of_what_is_no_longer_so(view: SqliteSearch, tmp_path: Path) -> None:
    await apply(view, put(1, "golden hour", "sun", place="Lake"), *liked(1, 3), user(1, "ada", "Bell"))
    rows = "SELECT (SELECT count(*) FROM terms), (SELECT count(*) FROM terms_by_level)"
    assert view._reader.execute(rows).fetchone() == (5, 4)
    assert view._reader.execute("SELECT DISTINCT level FROM terms_by_level").fetchall() == [(2,)]
    await apply(view, put(2, "lake"), *liked(1, 4), *liked(2, 1))
    assert view._reader.execute(rows).fetchone() == (6, 5)
    levels = view._reader.execute(
        "SELECT DISTINCT post_id, level FROM terms_by_level ORDER BY post_id"
    ).fetchall()
    assert levels == [(1, 3), (2, 1)]
