"""`photolog` of a later release, in which the fold of likes has another version. `python -P -m tests.e2e.newer ARGUMENTS`."""

import sys
from dataclasses import replace
from importlib import import_module

import projectors.likes

COMMAND = (sys.executable, "-P", "-m", "tests.e2e.newer")
VERSION = projectors.likes.LIKES.version + 1


def main() -> None:
    """The catalogue of projections is made after this."""
    projectors.likes.LIKES = replace(projectors.likes.LIKES, version=VERSION)
    import_module("runtime.cli").main()


if __name__ == "__main__":
    main()
