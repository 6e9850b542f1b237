"""From a photo's bytes to its renditions, in memory.

Owns decoding, turning upright, colour, scaling and encoding. Does not know where files come from or go to,
nor what bounds the memory and time it uses: it is meant for a process of its own.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import blurhash  # type: ignore[import-untyped]
from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from stores.pillow.filters import FILTERS
from stores.pillow.verify import RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from events.media import FilterName, RenditionName

MAX_PIXELS = 50_000_000
RENDITION_SIDES: Mapping[RenditionName, int] = {"thumb": 150, "small": 320, "medium": 640, "large": 1080}
"""The longest side of each, in pixels."""

_LARGEST = max(RENDITION_SIDES.values())
_WEBP_QUALITY = 82
_BLURHASH_SIDE = 32
_BLURHASH_COMPONENTS = (4, 3)

# Only these may open a file. Importing them by name keeps Pillow from loading the plugins of all its formats.
_FORMATS = {
    "image/jpeg": JpegImagePlugin.JpegImageFile.format,
    "image/png": PngImagePlugin.PngImageFile.format,
    "image/webp": WebPImagePlugin.WebPImageFile.format if WebPImagePlugin.SUPPORTED else None,
    "image/gif": GifImagePlugin.GifImageFile.format,
    "image/avif": AvifImagePlugin.AvifImageFile.format if AvifImagePlugin.SUPPORTED else None,
}

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset([5, 6, 7, 8])

# What Pillow's decoders raise for broken input. Anything else is a mistake here, and ends the process loudly.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Encoded:
    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Developed:
    """`width` and `height` are the original's, upright."""

    width: int
    height: int
    blurhash: str
    renditions: Mapping[RenditionName, Encoded]


def develop(file: BinaryIO, content_type: str, filter_name: FilterName) -> Developed:
    """All of one photo, or `RejectedError`."""
    image_format = _FORMATS.get(content_type)
    if image_format is None:
        raise RejectedError("unsupported")
    try:
        with warnings.catch_warnings():
            # Odd metadata is no news, and the blurhash library reads pixels in Pillow's older way.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _developed(_open(file, image_format), FILTERS[filter_name])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RejectedError("too_many_pixels") from error
    except _BROKEN as error:
        raise RejectedError("corrupt") from error


def _open(file: BinaryIO, image_format: str) -> Image.Image:
    """Reads the header; Pillow raises or warns when it promises too many pixels."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    # Threads reserve much address space, which is what the process is limited in.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    original = Image.open(file, formats=[image_format])
    if 0 in original.size:
        raise RejectedError("corrupt")
    return original


def _developed(original: Image.Image, apply: Callable[[Image.Image], Image.Image]) -> Developed:
    width, height = original.size
    picture, sideways = _decoded(original)
    if sideways:
        width, height = height, width
    large = _filtered(picture, apply)
    encoded = {name: _encoded(large, side) for name, side in RENDITION_SIDES.items()}
    return Developed(width, height, _blurhash(large), encoded)


def _decoded(original: Image.Image) -> tuple[Image.Image, bool]:
    """The picture as RGB or RGBA, in sRGB, upright, no larger than the largest rendition, without metadata;
    and whether turning it upright swapped its sides."""
    # A JPEG can be decoded at 1/2, 1/4 or 1/8 of its size, which saves most of the memory and time.
    original.draft(None, (_LARGEST, _LARGEST))
    original.load()
    orientation = _orientation(original)
    picture = _in_srgb(_scaled(_resizable(original), _LARGEST), original.info.get("icc_profile"))
    picture.info.clear()
    if orientation in _UPRIGHT:
        picture = picture.transpose(_UPRIGHT[orientation])
    return picture, orientation in _SIDEWAYS


def _resizable(picture: Image.Image) -> Image.Image:
    """In a mode whose values are colours that can be averaged: L, RGB, RGBA or CMYK."""
    if picture.mode.startswith("I"):  # 16 bits of grey; transparency, one of 65,536 values, does not survive
        picture.info.pop("transparency", None)
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    if picture.mode in ("L", "RGB", "CMYK"):
        return picture
    return picture.convert("RGB")


def _scaled(picture: Image.Image, side: int) -> Image.Image:
    """Its longest side at most this, never upscaled."""
    longest = max(picture.size)
    if longest <= side:
        return picture
    width, height = (max(1, round(length * side / longest)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB, or RGBA where something shows through. A broken or unfitting profile is ignored."""
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    converted = None
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode=mode
            )
        except (ImageCms.PyCMSError, OSError):
            converted = None
    result = converted or picture.convert(mode)
    if mode == "RGBA" and result.getchannel("A").getextrema() == (255, 255):
        return result.convert("RGB")
    return result


def _orientation(picture: Image.Image) -> int:
    """1..8 as EXIF has it; 1 when the metadata is broken, which is no fault of the picture."""
    try:
        return int(picture.getexif().get(_ORIENTATION_TAG, 1))
    except _BROKEN:
        return 1


def _filtered(picture: Image.Image, apply: Callable[[Image.Image], Image.Image]) -> Image.Image:
    result = apply(picture.convert("RGB"))
    if picture.mode == "RGBA":
        result.putalpha(picture.getchannel("A"))
    return result


def _encoded(picture: Image.Image, side: int) -> Encoded:
    rendition = _scaled(picture, side)
    buffer = io.BytesIO()
    rendition.save(buffer, "WEBP", quality=_WEBP_QUALITY)
    return Encoded(buffer.getvalue(), rendition.width, rendition.height)


def _blurhash(picture: Image.Image) -> str:
    small = _scaled(picture, _BLURHASH_SIDE).convert("RGBA")
    on_white = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small).convert("RGB")
    return str(blurhash.encode(on_white, *_BLURHASH_COMPONENTS))
