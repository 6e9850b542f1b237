"""Pictures made by code, and what comes of them: for every test that looks at photos."""

import io
import struct
import zlib

import pytest
from PIL import Image

from events.media import FilterName, RenditionName
from stores.pillow.develop import Developed, develop
from stores.pillow.verify import RejectedError

RED, BLUE, WHITE = (220, 30, 30), (30, 30, 220), (255, 255, 255)


def encoded(picture: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, image_format, **options)
    return buffer.getvalue()


def developed(data: bytes, content_type: str, filter_name: FilterName = "none") -> Developed:
    return develop(io.BytesIO(data), content_type, filter_name)


def rendition(result: Developed, name: RenditionName = "large") -> Image.Image:
    picture = Image.open(io.BytesIO(result.renditions[name].data))
    picture.load()
    return picture


def reason_of(data: bytes, content_type: str) -> str:
    with pytest.raises(RejectedError) as caught:
        developed(data, content_type)
    return caught.value.reason


def near(actual: object, expected: tuple[int, ...], by: int = 12) -> bool:
    assert isinstance(actual, tuple)
    return len(actual) == len(expected) and all(
        abs(a - e) <= by for a, e in zip(actual, expected, strict=True)
    )


def scene(width: int = 400, height: int = 240) -> Image.Image:
    """Colourful enough that every filter shows."""
    x = Image.linear_gradient("L").rotate(90).resize((width, height))
    y = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (x, y, Image.radial_gradient("L").resize((width, height))))


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """An 8-bit grey picture that has these chunks and nothing else."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + png_chunk(b"IEND", b"")
