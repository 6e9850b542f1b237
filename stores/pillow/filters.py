"""The looks a photo can be given: pure functions from an RGB picture to an RGB picture of the same size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PIL import Image, ImageEnhance

if TYPE_CHECKING:
    from events.media import FilterName

# Microsoft's well-known sepia weights, scaled by 0.95 so that fewer highlights are clipped.
_SEPIA = (0.373, 0.731, 0.18, 0, 0.332, 0.652, 0.16, 0, 0.258, 0.507, 0.124, 0)


def _none(picture: Image.Image) -> Image.Image:
    return picture


def _mono(picture: Image.Image) -> Image.Image:
    return picture.convert("L").convert("RGB")


def _sepia(picture: Image.Image) -> Image.Image:
    return picture.convert("RGB", matrix=_SEPIA)


def _warm(picture: Image.Image) -> Image.Image:
    return _scaled(picture, 1.08, 1.02, 0.86)


def _cool(picture: Image.Image) -> Image.Image:
    return _scaled(picture, 0.88, 1.0, 1.1)


def _vivid(picture: Image.Image) -> Image.Image:
    return _s_curve(ImageEnhance.Color(picture).enhance(1.45), strength=0.35)


def _fade(picture: Image.Image) -> Image.Image:
    """Film left in the sun: grey blacks, soft whites, pale colours."""
    return (
        ImageEnhance.Color(picture).enhance(0.75).point([36 + value * 204 // 255 for value in range(256)] * 3)
    )


def _noir(picture: Image.Image) -> Image.Image:
    return _s_curve(_mono(picture), strength=1.0)


def _scaled(picture: Image.Image, red: float, green: float, blue: float) -> Image.Image:
    return picture.point([min(255, round(value * by)) for by in (red, green, blue) for value in range(256)])


def _s_curve(picture: Image.Image, strength: float) -> Image.Image:
    """Darkens shadows and lightens highlights: from no change at 0 to the smoothstep curve at 1."""

    def curved(value: int) -> int:
        level = value / 255
        smooth = level * level * (3 - 2 * level)
        return round(255 * (level + (smooth - level) * strength))

    return picture.point([curved(value) for value in range(256)] * 3)


FILTERS: Mapping[FilterName, Callable[[Image.Image], Image.Image]] = {
    "none": _none,
    "mono": _mono,
    "sepia": _sepia,
    "warm": _warm,
    "cool": _cool,
    "vivid": _vivid,
    "fade": _fade,
    "noir": _noir,
}
