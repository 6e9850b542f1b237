"""What made-up pictures are painted with: gradients, glows, ridges and reflections on an RGB picture.

Owns how a shape is drawn. Which shapes make a picture is not known here. Numbers are in pixels unless said otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]

_AT_THE_RIM = 179
"""What Pillow's radial gradient says where it meets the middle of a side; only the corners reach 255."""


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """`share` 0 is the one colour, 1 the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def gradient(width: int, height: int, stops: Sequence[Colour]) -> Image.Image:
    """From the first colour at the top to the last at the bottom."""
    column = Image.new("RGB", (1, len(stops)))
    column.putdata(list(stops))
    return column.resize((width, height), Image.Resampling.BICUBIC, box=(0, 0.5, 1, len(stops) - 0.5))


def glow(
    picture: Image.Image, centre: tuple[float, float], radius: float, colour: Colour, strength: float
) -> None:
    """Light that fades with the distance; `strength` 1 hides what is under its centre."""
    side = max(2, round(radius * 2))
    fading = [round(255 * strength * max(0, 1 - value / _AT_THE_RIM) ** 2) for value in range(256)]
    mask = Image.radial_gradient("L").resize((side, side), Image.Resampling.BICUBIC).point(fading)
    picture.paste(colour, (round(centre[0] - radius), round(centre[1] - radius)), mask)


def disc(picture: Image.Image, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    """With a soft edge."""
    side = max(2, round(radius * 2))
    mask = Image.new("L", (side * 4, side * 4))
    ImageDraw.Draw(mask).ellipse((0, 0, side * 4 - 1, side * 4 - 1), fill=255)
    corner = (round(centre[0] - radius), round(centre[1] - radius))
    picture.paste(colour, corner, mask.resize((side, side), Image.Resampling.LANCZOS))


@dataclass(frozen=True, slots=True)
class Ridge:
    """A line across a picture, as the height at every `STEP` pixels. `roughness` 0 rolls, 1 is jagged."""

    heights: tuple[float, ...]

    STEP = 4

    @classmethod
    def made(cls, random: Random, width: int, middle: float, swing: float, roughness: float) -> Ridge:
        waves = [
            (
                2 ** (octave * 0.9) * random.uniform(0.7, 1.4),
                random.uniform(0, math.tau),
                (0.25 + 0.4 * roughness) ** octave,
            )
            for octave in range(7)
        ]
        total = sum(weight for *_, weight in waves)
        xs = [x / width * math.tau for x in range(0, width + cls.STEP, cls.STEP)]
        return cls(
            tuple(
                middle
                + swing * sum(math.sin(x * pace + phase) * weight for pace, phase, weight in waves) / total
                for x in xs
            )
        )

    def at(self, x: float) -> float:
        return self.heights[min(len(self.heights) - 1, max(0, round(x / self.STEP)))]

    def fill(self, picture: Image.Image, stops: Sequence[Colour]) -> None:
        """Everything below the line, from the first colour at its highest point to the last at the picture's end."""
        width, height = picture.size
        points = [(index * self.STEP, y) for index, y in enumerate(self.heights)]
        mask = Image.new("L", picture.size)
        ImageDraw.Draw(mask).polygon([*points, (width + self.STEP, height), (0, height)], fill=255)
        top = max(0, min(height - 2, math.floor(min(self.heights))))
        land = gradient(width, height - top, stops)
        picture.paste(land, (0, top), mask.crop((0, top, width, height)))


def clouds(picture: Image.Image, random: Random, count: int, colour: Colour, lowest: float) -> None:
    width, height = picture.size
    mask = Image.new("L", picture.size)
    draw = ImageDraw.Draw(mask)
    for _ in range(count):
        x, y = random.uniform(0, width), random.uniform(height * 0.05, lowest)
        length = width * random.uniform(0.08, 0.22)
        for _ in range(9):
            dx, dy, half = (
                random.gauss(0, length * 0.4),
                random.gauss(0, height * 0.012),
                length * random.uniform(0.1, 0.35),
            )
            draw.ellipse((x + dx - half, y + dy - half * 0.22, x + dx + half, y + dy + half * 0.22), fill=150)
    picture.paste(colour, (0, 0), mask.filter(ImageFilter.GaussianBlur(width / 90)))


def stars(picture: Image.Image, random: Random, count: int, lowest: float) -> None:
    draw = ImageDraw.Draw(picture)
    for _ in range(count):
        x, y, light = random.uniform(0, picture.width), random.uniform(0, lowest), random.randint(120, 255)
        size = picture.width / 1400 * random.choice((0.6, 0.8, 1, 1.6))
        draw.ellipse((x - size, y - size, x + size, y + size), fill=(light, light, min(255, light + 20)))


def reflect(picture: Image.Image, shore: int, tint: Colour) -> None:
    """Below `shore` lies still water: what stands above it, upside down, darker and a little blurred."""
    width, height = picture.size
    depth = height - shore
    mirrored = picture.crop((0, max(0, shore - depth), width, shore)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    still = mirrored.resize((width, depth)).filter(ImageFilter.GaussianBlur(width / 500))
    picture.paste(Image.blend(still, Image.new("RGB", still.size, tint), 0.35), (0, shore))


def glitter(picture: Image.Image, random: Random, around_x: float, top: int, colour: Colour) -> None:
    """Short bright strokes on water, wider the nearer they are, strewn around a light."""
    overlay = Image.new("L", picture.size)
    draw = ImageDraw.Draw(overlay)
    depth = picture.height - top
    for _ in range(260):
        share = random.random() ** 1.5
        y = top + share * depth
        half = picture.width * (0.004 + 0.03 * share) * random.uniform(0.4, 1)
        x = random.gauss(around_x, picture.width * (0.02 + 0.10 * share))
        draw.line(
            (x - half, y, x + half, y),
            fill=random.randint(60, 190),
            width=max(1, round(picture.height / 420)),
        )
    picture.paste(colour, (0, 0), overlay)
