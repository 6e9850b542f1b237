"""`python -m tests.services fetch|start|stop|kill|wipe|status [NAME...]`: servers for developing and for tests."""

import argparse
import shlex
import sys
from pathlib import Path

from tests.services.errors import ServicesError
from tests.services.stack import PORTS, Stack

ACTIONS = ("fetch", "start", "stop", "kill", "wipe", "status")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.services")
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(PORTS)}; all when none is given"
    )
    parser.add_argument("--data", type=Path, default=Path(".services"), help="the folder of the servers")
    parser.add_argument("--port", type=_port, action="append", default=[], metavar="NAME=N")
    asked = parser.parse_args()
    try:
        stack = Stack(asked.data, dict(asked.port))
        if asked.action != "status":
            getattr(stack, asked.action)(*asked.names)
        is_well = _show(stack, *asked.names)
        if asked.action == "start" and not asked.names:
            _tell_settings(stack)
    except ServicesError as error:
        sys.exit(f"{parser.prog}: {error}")
    sys.exit(asked.action == "status" and not is_well)


def _port(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    return name, int(number)


def _show(stack: Stack, *names: str) -> bool:
    """Whether all of them answer."""
    found = stack.status(*names)
    for one in found:
        print(f"{one.name:10} 127.0.0.1:{one.port:<6} {_word(one.pid, one.answers)}")
    return all(one.pid is not None and one.answers for one in found)


def _tell_settings(stack: Stack) -> None:
    """For a shell, and all in one line, to be copied."""
    settings = (f"{name}={value}" for name, value in stack.addresses.settings.items())
    print(
        f"\nFor `photolog migrate`, `photolog worker` and `photolog serve`:\n\nexport {shlex.join(settings)}"
    )


def _word(pid: int | None, answers: bool) -> str:
    if pid is None:
        return "taken by somebody else" if answers else "down"
    return f"up, process {pid}" if answers else f"process {pid} does not answer"


if __name__ == "__main__":
    main()
