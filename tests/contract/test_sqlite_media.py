"""The media contract on SQLite."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from stores.sqlite.media import SqliteMedia
from tests.contract.applying import apply
from tests.contract.media import OTHER, PUT, MediaContract, found


@pytest.fixture
def view(tmp_path: Path) -> Iterator[SqliteMedia]:
    with closing(SqliteMedia(tmp_path / "media.db")) as media:
        yield media


class TestSqliteMedia(MediaContract):
    async def test_rows_are_remembered(self, view: SqliteMedia) -> None:
        await apply(view, PUT)
        media = await found(view)
        await apply(view, replace(PUT, media_id=OTHER))
        assert await found(view) is media
