"""Made-up photos: real JPEG files, the same for the same seed, different for another."""

import io
from typing import get_args

import pytest
from PIL import Image

from stores.pillow.scenery import Scene, scenery
from tests.made_pictures import developed

SCENES: tuple[Scene, ...] = get_args(Scene)


def _opened(photo: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(photo))
    picture.load()
    return picture


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_is_a_jpeg_of_the_size_asked_for_with_something_on_it(scene: Scene) -> None:
    picture = _opened(scenery(scene, 1, 320, 240))
    assert (picture.format, picture.size) == ("JPEG", (320, 240))
    colours = picture.resize((16, 12)).getcolors(192)
    assert colours is not None
    assert len(colours) > 60


@pytest.mark.parametrize("scene", SCENES)
def test_a_seed_says_everything(scene: Scene) -> None:
    assert scenery(scene, 1, 160, 120) == scenery(scene, 1, 160, 120)
    assert scenery(scene, 1, 160, 120) != scenery(scene, 2, 160, 120)


@pytest.mark.parametrize("size", [(64, 64), (64, 400), (400, 64)])
def test_odd_shapes(size: tuple[int, int]) -> None:
    assert {_opened(scenery(scene, 3, *size)).size for scene in SCENES} == {size}


def test_the_server_takes_them() -> None:
    assert developed(scenery("sea", 1, 320, 240), "image/jpeg").width == 320
