"""What the demo shows: photos in coloured cells, and everything that is said about a post."""

import io

import pytest
from PIL import Image
from rich.console import Console

from runtime.demo.shown import COLUMNS, ROWS, Progresses, ShownPost, feed, half_blocks
from stores.pillow.preview import MAX_BYTES, PreviewError, cells
from tests.made_pictures import BLUE, RED, encoded, near

POST = {
    "author": {"display_name": "Ada Sato", "username": "ada.sato"},
    "created_at": "2026-11-21T09:00:00.000Z",
    "place": {"name": "Naxos", "latitude": 37.1, "longitude": 25.4},
    "caption": "Salt on everything. #sea",
    "tags": ["sea"],
    "counts": {"likes": 1, "comments": 2},
    "liked": True,
    "media": [{}],
}
COMMENT = {"author": {"display_name": "Omar Costa"}, "text": "This light!"}


def _rendered(post: ShownPost, *, colours: bool = False) -> str:
    screen = io.StringIO()
    terminal = {"force_terminal": True, "color_system": "truecolor"} if colours else {}
    Console(file=screen, width=100, **terminal).print(feed([post]))  # type: ignore[arg-type]
    return screen.getvalue()


def test_a_post_is_told_in_words() -> None:
    said = _rendered(ShownPost(POST, [COMMENT], None))
    for part in (
        "Ada Sato @ada.sato",
        "Nov 2026",
        "Naxos",
        "Salt on everything. #sea",
        "Omar Costa: This light!",
    ):
        assert part in said
    assert "♥ 1 like (one of them is yours) · 2 comments · 1 photo" in said


def test_markup_in_what_people_write_is_only_text() -> None:
    assert "[bold]x[/]" in _rendered(ShownPost(POST | {"caption": "[bold]x[/]"}, [], None))


def test_its_photo_stands_beside_the_words() -> None:
    photo = encoded(Image.new("RGB", (90, 60), RED), "WEBP")
    said = _rendered(ShownPost(POST, [], cells(photo, COLUMNS, ROWS)), colours=True)
    assert said.count("▀") == COLUMNS * ROWS // 2
    assert "Ada Sato" in said.splitlines()[1]


def test_half_blocks_hold_two_rows_in_each_line() -> None:
    text = half_blocks([[RED, RED], [BLUE, BLUE]])
    assert text.plain == "▀▀"
    assert str(text.spans[0].style) == "rgb(220,30,30) on rgb(30,30,220)"


def test_cells_are_cut_from_the_middle() -> None:
    wide = Image.new("RGB", (300, 100), BLUE)
    wide.paste(RED, (100, 0, 200, 100))
    rows = cells(encoded(wide, "PNG"), 10, 10)
    assert [len(row) for row in rows] == [10] * 10
    assert all(near(colour, RED) for row in rows for colour in row)


BROKEN = {
    "empty": b"",
    "text": b"no photo",
    "large file": b"x" * (MAX_BYTES + 1),
    "large picture": encoded(Image.new("RGB", (2000, 10)), "PNG"),
    "truncated": encoded(Image.new("RGB", (9, 9)), "WEBP")[:40],
}


@pytest.mark.parametrize("photo", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_shown_is_one_error(photo: bytes) -> None:
    with pytest.raises(PreviewError):
        cells(photo, 4, 4)


def test_progress_names_the_stage_and_counts() -> None:
    screen = io.StringIO()
    with Progresses(Console(file=screen, width=100)) as progress:
        progress.begin("people", 2)
        progress.done()
        progress.done()
    assert "people" in screen.getvalue()
    assert "2/2" in screen.getvalue()
