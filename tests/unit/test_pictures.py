"""What a photo becomes: upright, in sRGB, without metadata, in four sizes, with filter and blurhash."""

import io
from collections.abc import Callable
from typing import get_args

import blurhash  # type: ignore[import-untyped]
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from events.media import FilterName
from stores.pillow.develop import RENDITION_SIDES
from tests.made_pictures import (
    BLUE,
    RED,
    WHITE,
    developed,
    encoded,
    near,
    rendition,
    scene,
)

SECRET = b"GPS-48.2082-16.3738-at-home"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("image_format", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_it_is_turned_upright(image_format: str, content_type: str, orientation: int) -> None:
    upright = Image.new("RGB", (120, 80), WHITE)
    upright.paste(RED, (0, 0, 40, 40))
    upright.paste(BLUE, (80, 0, 120, 40))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = developed(encoded(stored, image_format, exif=exif), content_type)
    assert (result.width, result.height) == (120, 80)
    large = rendition(result)
    assert large.size == (120, 80)
    assert near(large.getpixel((10, 10)), RED, by=30)
    assert near(large.getpixel((110, 10)), BLUE, by=30)
    assert near(large.getpixel((10, 70)), WHITE, by=30)


def test_broken_exif_leaves_the_picture_alone() -> None:
    data = encoded(
        scene(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\x03\xff\xff\xff\xff" * 9
    )
    assert developed(data, "image/jpeg").width == 400


def private_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[29] = "N", (48.0, 12.0, 29.5), "2026:11:21"
    gps[27] = SECRET
    return exif


def private_png() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return encoded(scene(), "PNG", pnginfo=text, exif=private_exif())


PRIVATE: dict[str, Callable[[], bytes]] = {
    "image/jpeg": lambda: encoded(scene(), "JPEG", exif=private_exif(), xmp=SECRET, comment=SECRET),
    "image/png": private_png,
    "image/webp": lambda: encoded(scene(), "WEBP", exif=private_exif(), xmp=SECRET),
    "image/gif": lambda: encoded(scene(), "GIF", comment=SECRET),
    "image/avif": lambda: encoded(scene(), "AVIF", exif=private_exif(), xmp=SECRET),
}


@pytest.mark.parametrize("content_type", PRIVATE)
def test_no_metadata_survives(content_type: str) -> None:
    data = PRIVATE[content_type]()
    assert SECRET in data
    for name, made in developed(data, content_type).renditions.items():
        assert SECRET not in made.data, name
        assert not any(chunk in made.data for chunk in (b"EXIF", b"XMP ", b"ICCP", b"Exif"))
        picture = Image.open(io.BytesIO(made.data))
        assert not picture.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & set(picture.info)


def swapped_profile() -> bytes:
    """A matrix profile in which red and blue have changed places."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize(
    ("image_format", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_colours_are_converted_to_srgb_before_the_profile_goes(image_format: str, content_type: str) -> None:
    data = encoded(Image.new("RGB", (64, 64), RED), image_format, icc_profile=swapped_profile())
    assert near(rendition(developed(data, content_type)).getpixel((32, 32)), BLUE, by=40)


def test_a_broken_profile_is_ignored() -> None:
    data = encoded(Image.new("RGB", (64, 64), RED), "JPEG", icc_profile=b"no profile at all" * 20)
    assert near(rendition(developed(data, "image/jpeg")).getpixel((32, 32)), RED)


@pytest.mark.parametrize(
    ("width", "height", "sides"),
    [
        (1, 1, [1, 1, 1, 1]),
        (200, 100, [150, 200, 200, 200]),
        (700, 900, [150, 320, 640, 900]),
        (2400, 1200, [150, 320, 640, 1080]),
        (3, 3000, [150, 320, 640, 1080]),
    ],
)
def test_renditions_have_their_sides_and_are_never_upscaled(
    width: int, height: int, sides: list[int]
) -> None:
    result = developed(encoded(Image.new("RGB", (width, height), RED), "JPEG"), "image/jpeg")
    assert (result.width, result.height) == (width, height)
    assert list(result.renditions) == list(RENDITION_SIDES) == ["thumb", "small", "medium", "large"]
    for (name, made), side in zip(result.renditions.items(), sides, strict=True):
        picture = rendition(result, name)
        assert picture.format == "WEBP"
        assert picture.size == (made.width, made.height)
        assert max(picture.size) == side
        assert picture.width == max(1, round(width * side / max(width, height)))


def in_mode(mode: str, image_format: str, value: object) -> bytes:
    return encoded(Image.new(mode, (60, 40), value), image_format)  # type: ignore[arg-type]


def palette_with_a_hole(image_format: str) -> bytes:
    picture = Image.new("P", (60, 40), 1)
    picture.putpalette([*RED, *BLUE])
    picture.paste(0, (0, 0, 30, 40))
    return encoded(picture, image_format, transparency=0)


MODES: dict[str, tuple[str, bytes, tuple[int, ...]]] = {
    "png 1": ("image/png", in_mode("1", "PNG", 1), WHITE),
    "png L": ("image/png", in_mode("L", "PNG", 90), (90, 90, 90)),
    "png LA": ("image/png", in_mode("LA", "PNG", (90, 120)), (90, 90, 90, 120)),
    "png I;16": ("image/png", in_mode("I;16", "PNG", 200 * 257), (200, 200, 200)),
    "png RGB": ("image/png", in_mode("RGB", "PNG", BLUE), BLUE),
    "png RGBA": ("image/png", in_mode("RGBA", "PNG", (*BLUE, 77)), (*BLUE, 77)),
    "png RGBA without a hole": ("image/png", in_mode("RGBA", "PNG", (*BLUE, 255)), BLUE),
    "png P": ("image/png", encoded(Image.new("RGB", (60, 40), BLUE).quantize(4), "PNG"), BLUE),
    "png P with a hole": ("image/png", palette_with_a_hole("PNG"), (*BLUE, 255)),
    "gif P with a hole": ("image/gif", palette_with_a_hole("GIF"), (*BLUE, 255)),
    "gif L": ("image/gif", in_mode("L", "GIF", 90), (90, 90, 90)),
    "jpeg L": ("image/jpeg", in_mode("L", "JPEG", 90), (90, 90, 90)),
    "jpeg CMYK": ("image/jpeg", in_mode("CMYK", "JPEG", (0, 255, 255, 0)), (255, 0, 0)),
    "webp RGBA": ("image/webp", in_mode("RGBA", "WEBP", (*BLUE, 77)), (*BLUE, 77)),
    "avif RGB": ("image/avif", in_mode("RGB", "AVIF", BLUE), BLUE),
    "avif RGBA": ("image/avif", in_mode("RGBA", "AVIF", (*BLUE, 77)), (*BLUE, 77)),
}


@pytest.mark.parametrize("name", MODES)
def test_every_mode_keeps_its_colours_and_its_transparency(name: str) -> None:
    content_type, data, expected = MODES[name]
    large = rendition(developed(data, content_type))
    assert near(large.getpixel((59, 20)), expected), large.getpixel((59, 20))
    if "hole" in name and large.mode == "RGBA":
        pixel = large.getpixel((2, 20))
        assert isinstance(pixel, tuple)
        assert pixel[3] == 0


def test_every_filter_changes_the_picture_in_its_own_way() -> None:
    data = encoded(scene(), "PNG")
    pictures = {name: developed(data, "image/png", name) for name in get_args(FilterName)}
    assert len({rendition(result, "small").tobytes() for result in pictures.values()}) == 8
    assert len({result.blurhash for result in pictures.values()}) == 8
    assert near(rendition(pictures["none"]).getpixel((200, 120)), (128, 128, 0), by=20)


@pytest.mark.parametrize("name", ["mono", "noir"])
def test_black_and_white_has_no_colour(name: FilterName) -> None:
    large = rendition(developed(encoded(scene(), "PNG"), "image/png", name))
    for at in ((9, 9), (200, 120), (390, 30)):
        pixel = large.getpixel(at)
        assert isinstance(pixel, tuple)
        assert max(pixel) - min(pixel) <= 4


@pytest.mark.parametrize("name", get_args(FilterName))
def test_filters_keep_what_is_transparent(name: FilterName) -> None:
    large = rendition(developed(in_mode("RGBA", "PNG", (*BLUE, 77)), "image/png", name))
    assert large.getchannel("A").getextrema() == (77, 77)


def test_the_blurhash_decodes_to_a_blurred_picture() -> None:
    picture = Image.new("RGB", (400, 300), RED)
    picture.paste(BLUE, (200, 0, 400, 300))
    found = developed(encoded(picture, "PNG"), "image/png").blurhash
    assert len(found) == 28
    blurred = blurhash.decode(found, 40, 30)
    assert near(blurred.getpixel((4, 15)), RED, by=60)
    assert near(blurred.getpixel((36, 15)), BLUE, by=60)
