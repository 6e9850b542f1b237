"""Pictures as the rest of Photolog gets them: one process per photo, bounded, killed, and never in the way."""

import asyncio
import hashlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

import psutil
import pytest
from PIL import Image

from stores.pillow.job import Limits
from stores.pillow.pictures import PillowPictures
from stores.ports.pictures import Expected, Pictures, PicturesUnavailableError, Rejected, Rendered
from tests.made_pictures import encoded, png, scene

PHOTOS = Path(__file__).parents[3] / "shared" / "data" / "photos"


@pytest.fixture
async def pictures() -> AsyncIterator[Pictures]:
    renderer = PillowPictures()
    yield renderer
    await renderer.close()
    assert not psutil.Process().children()


def honest(data: bytes, content_type: str = "image/jpeg") -> Expected:
    return Expected(content_type, len(data), hashlib.sha256(data).hexdigest())


async def rendered(
    pictures: Pictures, folder: Path, data: bytes, expected: Expected | None = None
) -> Rendered | Rejected:
    original = folder / "original"
    original.write_bytes(data)
    return await pictures.render(original, expected or honest(data), folder / "renditions")


class HeldPhoto:
    """A photo whose bytes do not come: a pipe. Its process reads, and waits, until `let_go`."""

    expected = Expected("image/jpeg", 0, "00" * 32)
    answer = Rejected("hash_mismatch")

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name
        os.mkfifo(self.path)
        self._writer: BinaryIO | None = None

    async def is_read(self) -> None:
        self._writer = await asyncio.to_thread(self.path.open, "wb")

    def let_go(self) -> None:
        if self._writer is not None:
            self._writer.close()


@pytest.fixture
def held(tmp_path: Path) -> Iterator[HeldPhoto]:
    photo = HeldPhoto(tmp_path, "held")
    yield photo
    photo.let_go()


# -- what comes back ---------------------------------------------------------------------------


async def test_a_photo_comes_back_with_its_renditions_on_disk(pictures: Pictures, tmp_path: Path) -> None:
    data = encoded(scene(1600, 1200), "JPEG")
    result = await rendered(pictures, tmp_path, data)
    assert isinstance(result, Rendered)
    assert (result.width, result.height) == (1600, 1200)
    assert list(result.renditions) == ["thumb", "small", "medium", "large"]
    for made in result.renditions.values():
        file = tmp_path / "renditions" / made.file_name
        assert made.content_type == "image/webp"
        assert made.size_bytes == file.stat().st_size
        with Image.open(file) as picture:
            assert (picture.format, picture.size) == ("WEBP", (made.width, made.height))
    assert (tmp_path / "original").read_bytes() == data


async def test_the_filter_is_applied(pictures: Pictures, tmp_path: Path) -> None:
    data = encoded(Image.new("RGB", (40, 40), (200, 20, 20)), "JPEG")
    expected = Expected("image/jpeg", len(data), hashlib.sha256(data).hexdigest(), "mono")
    assert isinstance(await rendered(pictures, tmp_path, data, expected), Rendered)
    with Image.open(tmp_path / "renditions" / "thumb.webp") as picture:
        red, green, blue = (extrema[0] for extrema in picture.convert("RGB").getextrema())  # type: ignore[index]
    assert abs(red - green) <= 4
    assert abs(green - blue) <= 4


JPEG = encoded(scene(), "JPEG")


@pytest.mark.parametrize(
    ("data", "expected", "reason"),
    [
        (JPEG, Expected("image/jpeg", len(JPEG) + 1, honest(JPEG).sha256), "size_mismatch"),
        (JPEG, Expected("image/jpeg", len(JPEG), honest(b"").sha256), "hash_mismatch"),
        (JPEG, honest(JPEG, "image/png"), "type_mismatch"),
        (JPEG[:-900], honest(JPEG[:-900]), "corrupt"),
        (png(10_000, 10_000), honest(png(10_000, 10_000), "image/png"), "too_many_pixels"),
        (b"no picture", honest(b"no picture"), "unsupported"),
        (b"", honest(b""), "unsupported"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_not_a_photo_is_rejected(
    pictures: Pictures, tmp_path: Path, data: bytes, expected: Expected, reason: str
) -> None:
    assert await rendered(pictures, tmp_path, data, expected) == Rejected(reason)  # type: ignore[arg-type]
    assert not (tmp_path / "renditions").exists()


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the camera photos are not on this machine")
async def test_photos_of_real_cameras_are_ready(pictures: Pictures, tmp_path: Path) -> None:
    """Those called bad have broken metadata, and whole pixels."""
    photos = sorted(PHOTOS.glob("*/*.jpg"))
    assert photos
    for photo in photos:
        result = await pictures.render(photo, honest(photo.read_bytes()), tmp_path / photo.stem)
        assert isinstance(result, Rendered), photo.name
        for made in result.renditions.values():
            webp = (tmp_path / photo.stem / made.file_name).read_bytes()
            assert not any(chunk in webp for chunk in (b"EXIF", b"XMP ", b"ICCP", b"Exif", b"http"))


# -- limits ------------------------------------------------------------------------------------


async def test_a_photo_that_needs_too_much_memory_is_corrupt(tmp_path: Path) -> None:
    data = encoded(Image.new("RGB", (6000, 6000)), "PNG")
    limited = PillowPictures(limits=Limits(memory_bytes=100 * 1024**2))
    assert await rendered(limited, tmp_path, data, honest(data, "image/png")) == Rejected("corrupt")
    small = encoded(scene(), "JPEG")
    assert isinstance(await rendered(limited, tmp_path, small), Rendered)


async def test_a_photo_that_needs_too_much_computing_is_corrupt(tmp_path: Path) -> None:
    """A progressive JPEG may refine its pixels as often as it likes: 150 kB that take minutes."""
    buffer = io.BytesIO()
    Image.new("L", (4000, 4000), 99).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    data = data[:-2] + last_scan * 20_000 + b"\xff\xd9"
    limited = PillowPictures(limits=Limits(cpu_seconds=1))
    assert await rendered(limited, tmp_path, data) == Rejected("corrupt")


async def test_a_photo_that_takes_too_long_is_corrupt(tmp_path: Path, held: HeldPhoto) -> None:
    limited = PillowPictures(limits=Limits(wall_seconds=0.05))
    assert await limited.render(held.path, held.expected, tmp_path / "renditions") == Rejected("corrupt")
    assert not psutil.Process().children()


async def test_a_photo_whose_process_dies_is_corrupt(
    pictures: Pictures, tmp_path: Path, held: HeldPhoto
) -> None:
    task = asyncio.create_task(pictures.render(held.path, held.expected, tmp_path / "renditions"))
    await held.is_read()
    psutil.Process().children()[0].kill()
    assert await task == Rejected("corrupt")


async def test_stopping_the_process_group_is_not_the_fault_of_the_photo(
    pictures: Pictures, tmp_path: Path, held: HeldPhoto
) -> None:
    task = asyncio.create_task(pictures.render(held.path, held.expected, tmp_path / "renditions"))
    await held.is_read()
    child = psutil.Process().children()[0]
    child.send_signal(signal.SIGTERM)
    child.send_signal(signal.SIGINT)
    assert os.getpgid(child.pid) != os.getpgid(0)
    held.let_go()
    assert await task == held.answer


# -- the server beside it ----------------------------------------------------------------------


async def test_no_more_than_so_many_at_a_time(pictures: Pictures, tmp_path: Path) -> None:
    held = [HeldPhoto(tmp_path, str(number)) for number in range(3)]
    tasks = [
        asyncio.create_task(pictures.render(photo.path, photo.expected, tmp_path / "renditions"))
        for photo in held
    ]
    await asyncio.gather(held[0].is_read(), held[1].is_read())
    assert len(psutil.Process().children()) == 2
    held[0].let_go()
    await held[2].is_read()
    assert len(psutil.Process().children()) == 2
    held[1].let_go()
    held[2].let_go()
    assert await asyncio.gather(*tasks) == [HeldPhoto.answer] * 3


async def test_cancelling_ends_the_process(pictures: Pictures, tmp_path: Path, held: HeldPhoto) -> None:
    task = asyncio.create_task(pictures.render(held.path, held.expected, tmp_path / "renditions"))
    await held.is_read()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not psutil.Process().children()
    assert isinstance(await rendered(pictures, tmp_path, JPEG), Rendered)


async def test_closing_ends_what_runs_and_what_waits(tmp_path: Path, held: HeldPhoto) -> None:
    pictures = PillowPictures(concurrency=1)
    running = asyncio.create_task(pictures.render(held.path, held.expected, tmp_path / "renditions"))
    await held.is_read()
    waiting = asyncio.create_task(pictures.render(held.path, held.expected, tmp_path / "renditions"))
    await pictures.close()
    assert not psutil.Process().children()
    await pictures.close()
    for late in (running, waiting, pictures.render(held.path, held.expected, tmp_path / "renditions")):
        with pytest.raises(PicturesUnavailableError):
            await late


async def test_the_process_has_nothing_of_the_server(
    pictures: Pictures, tmp_path: Path, held: HeldPhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOLOG_SECRET", "hush")
    with (tmp_path / "database").open("w") as database:
        os.set_inheritable(database.fileno(), True)
        task = asyncio.create_task(pictures.render(held.path, held.expected, tmp_path / "renditions"))
        await held.is_read()
        process = Path("/proc", str(psutil.Process().children()[0].pid))
        assert b"hush" not in (process / "environ").read_bytes()
        files = {os.readlink(link) for link in (process / "fd").iterdir() if int(link.name) > 2}
        assert files <= {str(held.path)}
    held.let_go()
    assert await task == held.answer


async def test_lacking_processes_says_nothing_of_the_photo(
    pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for executable in ("/nonexistent", "/bin/false"):
        monkeypatch.setattr(sys, "executable", executable)
        with pytest.raises(PicturesUnavailableError):
            await rendered(pictures, tmp_path, JPEG)


async def test_a_file_that_cannot_be_read_or_written_says_nothing_of_the_photo(
    pictures: Pictures, tmp_path: Path
) -> None:
    with pytest.raises(PicturesUnavailableError):
        await pictures.render(tmp_path / "absent", honest(JPEG), tmp_path / "renditions")
    (tmp_path / "renditions").write_bytes(b"a file where the folder should be")
    with pytest.raises(PicturesUnavailableError):
        await rendered(pictures, tmp_path, JPEG)


PROGRAM = """
import asyncio, sys
from pathlib import Path
import uvloop
from stores.pillow.pictures import PillowPictures
from stores.ports.pictures import Expected

async def main():
    pictures = PillowPictures()
    result = await pictures.render(Path("original"), Expected("image/jpeg", int(sys.argv[2]), sys.argv[3]), Path("made"))
    await pictures.close()
    print(result.width, "PIL" in sys.modules)

{"asyncio": asyncio.run, "uvloop": uvloop.run}[sys.argv[1]](main())
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_it_works_on_either_loop_without_a_main_module_and_loads_no_decoder(
    tmp_path: Path, loop: str
) -> None:
    """The program comes through standard input, so it has no file that another process could import."""
    (tmp_path / "original").write_bytes(JPEG)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-", loop, str(len(JPEG)), honest(JPEG).sha256],
        input=PROGRAM,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("400 False\n", "")
    assert len(list((tmp_path / "made").iterdir())) == 4
