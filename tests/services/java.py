"""The Java that Kafka and Cassandra run on."""

import functools
import re
import shutil
import subprocess
from pathlib import Path

from tests.services.errors import ServicesError

_OLDEST = 17


@functools.cache
def java() -> str:
    """Its path."""
    path = shutil.which("java")
    if path is None:
        raise ServicesError(
            f"Kafka and Cassandra need Java {_OLDEST} or newer, and there is no java on the PATH"
        )
    done = subprocess.run((path, "-version"), capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', done.stderr)
    if found is None or int(found[1]) < _OLDEST:
        raise ServicesError(f"Kafka and Cassandra need Java {_OLDEST} or newer; {path} says: {done.stderr}")
    return path


def class_path(*folders: Path) -> str:
    """All jars of these folders, and the folders themselves."""
    return ":".join(str(place) for folder in folders for place in (folder, *sorted(folder.glob("*.jar"))))
