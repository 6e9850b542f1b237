"""Landscapes made by code, for whoever needs photographs and has none: different for every seed, the same for the same seed.

Owns what is on them. Knows nothing of uploads; the pictures are ordinary JPEG files.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from random import Random
from typing import Literal

from PIL import Image, ImageDraw

from stores.pillow import brush
from stores.pillow.brush import Colour, Ridge, mixed

Scene = Literal["sunset", "sea", "night", "mountains", "dunes", "city", "meadow", "lake"]

_QUALITY = 88


def scenery(scene: Scene, seed: int, width: int, height: int) -> bytes:
    """A JPEG of the scene; sides from 64 pixels on."""
    random = Random(f"{scene}/{seed}")  # noqa: S311 - a picture keeps no secrets
    picture = _PAINTERS[scene](random, width, height)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _sunset(random: Random, width: int, height: int) -> Image.Image:
    skies: list[list[Colour]] = [
        [(44, 46, 98), (142, 68, 120), (236, 112, 99), (255, 195, 113)],
        [(28, 38, 84), (88, 74, 138), (231, 126, 132), (253, 216, 158)],
        [(20, 60, 92), (86, 124, 141), (244, 162, 97), (255, 214, 130)],
    ]
    picture = brush.gradient(width, height, random.choice(skies))
    sun = (width * random.uniform(0.25, 0.75), height * random.uniform(0.42, 0.55))
    brush.clouds(picture, random, random.randint(4, 9), (255, 190, 160), height * 0.42)
    brush.glow(picture, sun, width * 0.4, (255, 226, 150), 0.8)
    brush.disc(picture, sun, width * random.uniform(0.035, 0.06), (255, 246, 214))
    _hills(picture, random, (150, 84, 108), (26, 18, 40), roughness=0.2)
    _birds(picture, random, height * 0.35)
    return picture


def _sea(random: Random, width: int, height: int) -> Image.Image:
    skies: list[list[Colour]] = [
        [(64, 132, 206), (140, 192, 232), (232, 240, 240)],
        [(66, 74, 130), (212, 128, 140), (255, 208, 160)],
        [(88, 112, 128), (154, 172, 180), (214, 218, 212)],
    ]
    sky = random.choice(skies)
    picture = brush.gradient(width, height, sky)
    horizon = round(height * random.uniform(0.48, 0.6))
    sun = (width * random.uniform(0.2, 0.8), horizon - height * random.uniform(0.05, 0.2))
    brush.clouds(picture, random, random.randint(5, 11), (255, 255, 255), horizon * 0.85)
    brush.glow(picture, sun, width * 0.3, (255, 246, 220), 0.8)
    brush.disc(picture, sun, width * 0.03, (255, 252, 238))
    water = brush.gradient(
        width, height - horizon, [mixed(sky[-1], (20, 90, 120), 0.6), (10, 52, 84), (6, 34, 62)]
    )
    picture.paste(water, (0, horizon))
    brush.glitter(picture, random, sun[0], horizon + 2, (255, 244, 214))
    _boat(picture, random, horizon)
    return picture


def _night(random: Random, width: int, height: int) -> Image.Image:
    picture = brush.gradient(width, height, [(5, 8, 28), (16, 24, 64), (50, 48, 104), (120, 84, 130)])
    brush.stars(picture, random, 420, height * 0.75)
    moon = (width * random.uniform(0.2, 0.8), height * random.uniform(0.15, 0.35))
    brush.glow(picture, moon, width * 0.24, (190, 200, 240), 0.55)
    brush.disc(picture, moon, width * 0.04, (246, 244, 228))
    _hills(picture, random, (46, 44, 92), (6, 8, 20), roughness=0.6)
    return picture


def _mountains(random: Random, width: int, height: int) -> Image.Image:
    picture = brush.gradient(width, height, [(72, 130, 196), (150, 194, 228), (238, 232, 220)])
    brush.clouds(picture, random, random.randint(3, 8), (255, 255, 255), height * 0.3)
    for layer in range(4):
        share = layer / 3
        ridge = Ridge.made(random, width, height * (0.42 + 0.14 * layer), height * 0.22, 1 - share * 0.4)
        base = mixed((132, 158, 192), (30, 56, 52), share)
        ridge.fill(
            picture, [mixed(base, (250, 250, 255), 0.75 * (1 - share)), base, mixed(base, (0, 0, 0), 0.25)]
        )
    _trees(picture, random, Ridge.made(random, width, height * 0.92, height * 0.04, 0.3), (16, 36, 34))
    return picture


def _dunes(random: Random, width: int, height: int) -> Image.Image:
    picture = brush.gradient(width, height, [(58, 120, 172), (150, 186, 200), (250, 222, 178)])
    brush.glow(
        picture, (width * random.uniform(0.15, 0.85), height * 0.2), width * 0.35, (255, 250, 224), 0.9
    )
    for layer in range(5):
        share = layer / 4
        ridge = Ridge.made(random, width, height * (0.5 + 0.1 * layer), height * 0.09, 0.0)
        sand = mixed((238, 196, 140), (176, 96, 48), share)
        ridge.fill(picture, [mixed(sand, (255, 236, 200), 0.35), sand, mixed(sand, (80, 36, 24), 0.5)])
    return picture


def _city(random: Random, width: int, height: int) -> Image.Image:
    picture = brush.gradient(width, height, [(22, 26, 62), (92, 62, 120), (240, 130, 108), (255, 200, 140)])
    brush.stars(picture, random, 90, height * 0.3)
    brush.glow(picture, (width * random.uniform(0.3, 0.7), height * 0.7), width * 0.5, (255, 190, 130), 0.5)
    for layer in range(3):
        _skyline(
            picture, random, height * (0.5 + 0.13 * layer), mixed((112, 82, 122), (14, 14, 30), layer / 2)
        )
    return picture


def _meadow(random: Random, width: int, height: int) -> Image.Image:
    picture = brush.gradient(width, height, [(86, 158, 220), (176, 214, 240), (240, 244, 232)])
    brush.clouds(picture, random, random.randint(6, 12), (255, 255, 255), height * 0.45)
    _hills(picture, random, (150, 190, 150), (66, 130, 50), roughness=0.0)
    petals: list[Colour] = [(240, 80, 90), (250, 210, 80), (250, 250, 250), (180, 110, 220), (250, 150, 190)]
    draw = ImageDraw.Draw(picture)
    for _ in range(700):
        share = random.random() ** 0.7
        y, x = height * (0.8 + 0.2 * share), random.uniform(0, width)
        size = width * (0.001 + 0.006 * share) * random.uniform(0.6, 1.2)
        draw.ellipse((x - size, y - size * 0.8, x + size, y + size * 0.8), fill=random.choice(petals))
    return picture


def _lake(random: Random, width: int, height: int) -> Image.Image:
    skies: list[list[Colour]] = [
        [(70, 110, 170), (168, 190, 214), (250, 226, 206)],
        [(60, 60, 116), (186, 120, 150), (255, 206, 170)],
    ]
    picture = brush.gradient(width, height, random.choice(skies))
    shore = round(height * random.uniform(0.56, 0.66))
    brush.clouds(picture, random, random.randint(3, 7), (255, 240, 232), height * 0.3)
    for layer in range(3):
        ridge = Ridge.made(random, width, height * (0.34 + 0.1 * layer), height * 0.13, 0.9 - 0.3 * layer)
        base = mixed((124, 140, 176), (28, 54, 56), layer / 2)
        ridge.fill(picture, [mixed(base, (245, 245, 250), 0.4), base])
    _trees(
        picture, random, Ridge.made(random, width, shore - height * 0.01, height * 0.008, 0.5), (20, 42, 40)
    )
    brush.reflect(picture, shore, (24, 52, 78))
    return picture


def _hills(picture: Image.Image, random: Random, far: Colour, near: Colour, roughness: float) -> None:
    width, height = picture.size
    for layer in range(4):
        ridge = Ridge.made(random, width, height * (0.6 + 0.1 * layer), height * 0.09, roughness)
        base = mixed(far, near, layer / 3)
        ridge.fill(picture, [mixed(base, (255, 255, 255), 0.08), base, mixed(base, near, 0.5)])


def _trees(picture: Image.Image, random: Random, ground: Ridge, colour: Colour) -> None:
    ground.fill(picture, [colour, mixed(colour, (0, 0, 0), 0.3)])
    draw = ImageDraw.Draw(picture)
    x = 0.0
    while x < picture.width:
        foot, tall = ground.at(x) + 4, picture.height * random.uniform(0.03, 0.09)
        for part in range(3):
            half, tip = tall * (0.12 + 0.06 * part), foot - tall * (1 - 0.22 * part)
            draw.polygon([(x, tip), (x - half, tip + tall * 0.5), (x + half, tip + tall * 0.5)], fill=colour)
        draw.rectangle((x - tall * 0.02, foot - tall * 0.3, x + tall * 0.02, foot), fill=colour)
        x += picture.width * random.uniform(0.008, 0.04)


def _skyline(picture: Image.Image, random: Random, top: float, colour: Colour) -> None:
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    x = -width * 0.02
    while x < width:
        wide = width * random.uniform(0.035, 0.09)
        roof = top + height * random.uniform(-0.14, 0.1)
        draw.rectangle((x, roof, x + wide, height), fill=colour)
        _windows(draw, random, (x, roof, wide, height - roof), width / 200)
        x += wide + width * random.choice((0, 0, 0.006))


def _windows(
    draw: ImageDraw.ImageDraw, random: Random, house: tuple[float, float, float, float], size: float
) -> None:
    left, roof, wide, tall = house
    for row in range(1, int(tall / size / 3)):
        for column in range(1, int(wide / size / 2)):
            if random.random() < 0.22:
                x, y = left + column * size * 2, roof + row * size * 3
                draw.rectangle((x, y, x + size, y + size * 1.5), fill=(255, random.randint(196, 236), 130))


def _birds(picture: Image.Image, random: Random, lowest: float) -> None:
    draw = ImageDraw.Draw(picture)
    for _ in range(random.randint(0, 7)):
        x, y = random.uniform(0, picture.width), random.uniform(lowest * 0.3, lowest)
        span = picture.width * random.uniform(0.008, 0.016)
        for side in (-1, 1):
            wing = [(x, y), (x + side * span * 0.5, y - span * 0.35), (x + side * span, y - span * 0.1)]
            draw.line(wing, fill=(40, 26, 44), width=max(1, picture.width // 600), joint="curve")


def _boat(picture: Image.Image, random: Random, horizon: int) -> None:
    draw = ImageDraw.Draw(picture)
    size = picture.width * random.uniform(0.02, 0.05)
    x, y = random.uniform(0.1, 0.9) * picture.width, horizon + size * 0.5
    draw.polygon(
        [(x - size, y), (x + size, y), (x + size * 0.7, y + size * 0.35), (x - size * 0.7, y + size * 0.35)],
        (34, 34, 48),
    )
    draw.polygon(
        [(x, y - size * 1.9), (x, y - size * 0.1), (x + size * 0.9, y - size * 0.1)], (250, 248, 240)
    )
    draw.polygon(
        [
            (x - size * 0.08, y - size * 1.6),
            (x - size * 0.08, y - size * 0.1),
            (x - size * 0.7, y - size * 0.1),
        ],
        (226, 220, 210),
    )


_PAINTERS: Mapping[Scene, Callable[[Random, int, int], Image.Image]] = {
    "sunset": _sunset,
    "sea": _sea,
    "night": _night,
    "mountains": _mountains,
    "dunes": _dunes,
    "city": _city,
    "meadow": _meadow,
    "lake": _lake,
}
