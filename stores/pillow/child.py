"""The process that looks at one photo and ends.

`main` prints `READY` once it can work, then one line of JSON with the verdict; ending in between means that
the photo ended it. Imports neither pydantic nor the ports, which take longer to load than all of this.
"""

from __future__ import annotations

import json
import math
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stores.pillow.develop import Developed, develop
from stores.pillow.job import READY, Job
from stores.pillow.verify import RejectedError, verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    Answer = Mapping[str, object]


def main(job_json: str) -> None:
    job = Job(**json.loads(job_json))
    # Whoever stops the server's whole process group must not make a good photo look like one that crashes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _say(READY)
    _limit(job)
    _say(json.dumps(_answer(job)).encode() + b"\n")


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _limit(job: Job) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (job.cpu_seconds, job.cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (job.memory_bytes, job.memory_bytes))
    # The server enforces the wall clock; this is for the case that it is gone.
    signal.alarm(math.ceil(job.wall_seconds) + 5)


def _answer(job: Job) -> Answer:
    """`reason` of a rejected photo, `unavailable` when files fail to be read or written, else renditions."""
    try:
        with Path(job.original).open("rb") as file:
            content_type = verify(file, job.content_type, job.size_bytes, job.sha256)
            developed = develop(file, content_type, job.filter_name)
        return _written(developed, Path(job.target))
    except RejectedError as error:
        return {"reason": error.reason}
    except OSError as error:
        return {"unavailable": str(error)}


def _written(developed: Developed, target: Path) -> Answer:
    target.mkdir(parents=True, exist_ok=True)
    renditions = {}
    for name, encoded in developed.renditions.items():
        file_name = f"{name}.webp"
        (target / file_name).write_bytes(encoded.data)
        renditions[name] = {
            "file_name": file_name,
            "width": encoded.width,
            "height": encoded.height,
            "content_type": "image/webp",
            "size_bytes": len(encoded.data),
        }
    return {
        "width": developed.width,
        "height": developed.height,
        "blurhash": developed.blurhash,
        "renditions": renditions,
    }
