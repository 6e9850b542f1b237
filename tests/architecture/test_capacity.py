"""`docs/capacity.md` says what the figures say that are checked in."""

import orjson
import pytest

from bench.capacity import DOCUMENT, FIGURES, TABLES, filled
from bench.planning import Assumed, Figures


@pytest.fixture(scope="module")
def figures() -> Figures:
    return Figures(orjson.loads(FIGURES.read_bytes()))


def test_the_document_is_current(figures: Figures) -> None:
    written = DOCUMENT.read_text()
    assert written == filled(written, figures, Assumed()), "run: .venv/bin/python -m bench.capacity"


def test_every_table_is_in_the_document() -> None:
    assert all(f"<!-- table: {name} -->" in DOCUMENT.read_text() for name in TABLES)


def test_tables_are_replaced_between_their_marks(figures: Figures) -> None:
    before, table, after = filled(
        "a\n<!-- table: media -->\nold\n<!-- end -->\nb\n", figures, Assumed()
    ).partition(TABLES["media"](figures, Assumed()))
    assert (before, after) == ("a\n<!-- table: media -->\n", "<!-- end -->\nb\n")
    assert table
