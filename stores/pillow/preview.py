"""A photo as a few coloured cells, for places that show text.

Decodes only what this system made itself, and no more of it than a rendition may have.
"""

from __future__ import annotations

import io

from PIL import Image, UnidentifiedImageError

from stores.pillow.brush import Colour

MAX_BYTES = 1 << 20
_MAX_SIDE = 1080


class PreviewError(Exception):
    """The bytes are not a photo of a size that is shown."""


def cells(photo: bytes, columns: int, rows: int) -> list[list[Colour]]:
    """The colours row by row, cut to the middle so that every cell is a square piece of the photo."""
    if len(photo) > MAX_BYTES:
        raise PreviewError(f"more than {MAX_BYTES} bytes")
    try:
        picture = Image.open(io.BytesIO(photo), formats=["WEBP", "JPEG", "PNG"])
        if max(picture.size) > _MAX_SIDE:
            raise PreviewError(f"a side of more than {_MAX_SIDE} pixels")
        small = _cut(picture.convert("RGB"), columns, rows).resize((columns, rows), Image.Resampling.LANCZOS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise PreviewError("no photo that can be decoded") from error
    raw = small.tobytes()
    colours = [(raw[at], raw[at + 1], raw[at + 2]) for at in range(0, len(raw), 3)]
    return [colours[row * columns : (row + 1) * columns] for row in range(rows)]


def _cut(picture: Image.Image, columns: int, rows: int) -> Image.Image:
    width, height = picture.size
    side = min(width / columns, height / rows)
    left, top = (width - side * columns) / 2, (height - side * rows) / 2
    return picture.crop((round(left), round(top), round(left + side * columns), round(top + side * rows)))
