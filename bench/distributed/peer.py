"""The peer of the fan-out: `stream-framework-plus`, in an environment of its own, since it is nothing that Photolog needs.

It is not run where it cannot be installed; then nothing is said of it.
"""

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from bench.distributed.fan_out import FOLLOWERS_COUNT
from bench.distributed.system import System
from bench.measured import Measured
from stores.redis.feeds import CAP

_REQUIREMENTS = Path(__file__).with_name("peer.txt")
_PROGRAM = Path(__file__).with_name("peer_fan_out.py")
_REDIS_DB = 11


def measure(system: System, ours: Sequence[float], seconds: float) -> list[Measured]:
    """`ours` are deliveries per second, one a round; empty when the peer cannot be had."""
    python = _installed()
    if python is None:
        return []
    redis = urlsplit(system.redis_url)
    command = [
        str(python),
        str(_PROGRAM),
        str(redis.port),
        str(_REDIS_DB),
        str(FOLLOWERS_COUNT),
        str(CAP),
        str(seconds),
    ]
    theirs = [_deliveries_per_second(command) for _ in ours]
    what = "fan-out, against the peer"
    return [
        Measured(what, "deliveries/s", ours, "stream-framework-plus 1.4.0.3, same Redis", theirs, "30 times")
    ]


def _deliveries_per_second(command: Sequence[str]) -> float:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return float(done.stdout)


def _installed() -> Path | None:
    """The peer's Python. Its environment is made beside its place and renamed, so that it is there as a whole or not at all."""
    name = f"peer-{sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "photolog-bench")
    packages = cache / name
    if not packages.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            made = Path(work, "content")
            venv.create(made, with_pip=True)
            pip = [str(made / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
            options = ["--require-hashes", "--requirement", str(_REQUIREMENTS)]
            done = subprocess.run([*pip, "install", *options], check=False)
            if done.returncode != 0:
                sys.stderr.write("the peer cannot be installed, and is left out\n")
                return None
            made.rename(packages)
    return packages / "bin/python"
