"""What is refused: lies, broken files, bombs, and what only pretends to be a photo."""

import hashlib
import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from stores.pillow.verify import RejectedError, signature_type, verify
from tests.made_pictures import (
    developed,
    encoded,
    png,
    png_chunk,
    reason_of,
    scene,
)


def test_of_ten_thousand_frames_only_the_first_is_looked_at() -> None:
    first = encoded(Image.new("P", (2, 2), 0), "GIF")
    too_large = b"\x2c" + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0) + b"\x02\x00"
    data = first[:-1] + too_large * 9_999 + b"\x3b"
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(data)).seek(1)
    assert developed(data, "image/gif").width == 2


@pytest.mark.parametrize(
    "data",
    [
        png(10_000, 10_000),
        png(50_000_001, 1),
        png(2**31 - 1, 2**31 - 1),
        encoded(Image.new("1", (10_000, 10_000)), "PNG"),
    ],
    ids=["header only", "one too many", "as large as can be", "real"],
)
def test_too_many_pixels_are_refused_from_the_header(data: bytes) -> None:
    assert reason_of(data, "image/png") == "too_many_pixels"


def test_fifty_megapixels_are_fine() -> None:
    assert developed(encoded(Image.new("L", (8000, 6250)), "PNG"), "image/png").width == 8000


def test_other_formats_with_too_many_pixels_are_refused_too() -> None:
    gif = encoded(Image.new("P", (2, 2)), "GIF")
    assert (
        reason_of(gif[:6] + struct.pack("<HH", 60_000, 60_000) + gif[10:], "image/gif") == "too_many_pixels"
    )
    jpeg = encoded(Image.new("L", (8, 8)), "JPEG")
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg = jpeg[:at] + struct.pack(">HH", 60_000, 60_000) + jpeg[at + 4 :]
    assert reason_of(jpeg, "image/jpeg") == "too_many_pixels"
    vp8x = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\x00\x40\x00" * 2 + bytes(64)
    assert reason_of(b"RIFF" + struct.pack("<I", len(vp8x)) + vp8x, "image/webp") == "too_many_pixels"


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_truncated_pictures_are_corrupt(image_format: str, kept: float) -> None:
    data = encoded(scene(), image_format)
    assert reason_of(data[: int(len(data) * kept)], f"image/{image_format.lower()}") == "corrupt"


def test_a_truncated_progressive_jpeg_is_corrupt() -> None:
    data = encoded(scene(), "JPEG", progressive=True)
    assert reason_of(data[: len(data) // 2], "image/jpeg") == "corrupt"


BOMB = zlib.compress(bytes(40_000_000), 9)


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"zTXt", b"Comment\0\0" + BOMB),
        png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + BOMB),
        png_chunk(b"iCCP", b"profile\0\0" + BOMB),
    ],
    ids=["zTXt", "iTXt", "iCCP"],
)
def test_a_bomb_in_a_png_chunk_is_corrupt(chunk: bytes) -> None:
    pixels = png_chunk(b"IDAT", zlib.compress(bytes(2)))
    assert developed(png(1, 1, pixels), "image/png").width == 1
    assert reason_of(png(1, 1, chunk, pixels), "image/png") == "corrupt"


def test_a_picture_with_something_appended_loses_it() -> None:
    data = encoded(scene(), "JPEG") + b"PK\x03\x04<script>alert(1)</script>" * 50
    result = developed(data, "image/jpeg")
    assert all(b"script" not in made.data for made in result.renditions.values())


def test_another_format_behind_a_signature_is_corrupt() -> None:
    assert reason_of(b"GIF89a/*" + encoded(scene(), "PNG"), "image/gif") == "corrupt"
    assert reason_of(encoded(scene(), "PNG"), "image/jpeg") == "corrupt"


def test_heic_is_unsupported_without_a_decoder() -> None:
    assert reason_of(b"\0\0\0\x18ftypheic" + bytes(64), "image/heic") == "unsupported"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
        (b"BM" + bytes(60), None),
        (b"II*\0" + bytes(60), None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "image/avif"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "video/mp4"),
        (b"\x1a\x45\xdf\xa3" + bytes(60), "video/webm"),
        *[
            (encoded(Image.new("RGB", (9, 9)), kind)[:64], f"image/{kind.lower()}")
            for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
        ],
    ],
)
def test_the_type_is_read_from_the_signature(head: bytes, expected: str | None) -> None:
    assert signature_type(head) == expected


@pytest.mark.parametrize(
    ("data", "content_type", "size_bytes", "sha256", "reason"),
    [
        (b"\xff\xd8\xff", "image/jpeg", 4, None, "size_mismatch"),
        (b"\xff\xd8\xff", "image/jpeg", None, "00" * 32, "hash_mismatch"),
        (b"\xff\xd8\xff", "image/jpeg", 9, "00" * 32, "size_mismatch"),
        (b"\xff\xd8\xff", "image/png", None, None, "type_mismatch"),
        (b"\x1a\x45\xdf\xa3", "image/png", None, None, "type_mismatch"),
        (b"\x1a\x45\xdf\xa3", "video/webm", None, None, "unsupported"),
        (b"BM picture", "image/bmp", None, None, "unsupported"),
        (b"", "image/png", None, None, "unsupported"),
    ],
)
def test_the_first_lie_is_named(
    tmp_path: Path, data: bytes, content_type: str, size_bytes: int | None, sha256: str | None, reason: str
) -> None:
    original = tmp_path / "original"
    original.write_bytes(data)
    size = len(data) if size_bytes is None else size_bytes
    digest = sha256 or hashlib.sha256(data).hexdigest()
    with original.open("rb") as file, pytest.raises(RejectedError) as caught:
        verify(file, content_type, size, digest)
    assert caught.value.reason == reason


def test_an_honest_declaration_passes(tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_bytes(b"\xff\xd8\xff and so on")
    digest = hashlib.sha256(original.read_bytes()).hexdigest()
    with original.open("rb") as file:
        assert verify(file, "image/jpeg", 13, digest.upper()) == "image/jpeg"
