"""Examples in documents: ```console blocks whose commands are run and whose answers are compared.

A line that begins with `$ ` is a command, lines that begin with `> ` go on with it, and what follows is its answer, in which `...`
stands for anything. All commands of a document run in one shell.

A document is about the embedded set-up, unless a line of it says `Set-up: distributed`.
"""

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SET_UP = re.compile(r"^Set-up: ([a-z]+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "\x1e"
_TIMEOUT_S = 90


@dataclass(frozen=True)
class Example:
    command: str
    answer: str


def set_up(document: str) -> str:
    """Which set-up its examples are executed in."""
    said = _SET_UP.search(document)
    return "embedded" if said is None else said[1]


def examples(document: str) -> list[Example]:
    found: list[Example] = []
    for block in _BLOCK.findall(document):
        assert block.startswith("$ "), f"the block does not begin with a command: {block[:40]}"
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.split("\n")
            length = 1 + next((n for n, line in enumerate(lines[1:]) if not line.startswith("> ")), 0)
            command = "\n".join([lines[0], *(line[2:] for line in lines[1:length])])
            found.append(Example(command, "\n".join(lines[length:])))
    return found


def outputs(
    commands: Sequence[str], cwd: Path, environment: Mapping[str, str], timeout_s: float = _TIMEOUT_S
) -> list[str]:
    """What each command said on both streams; ends with the first that fails. Asks what was left in the background to end."""
    script = "".join(f"{command}\nprintf '%s' '{_END}'\n" for command in commands)
    shell = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", f"exec 2>&1\n{script}"],
        cwd=cwd,
        env=dict(environment),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        everything, _ = shell.communicate(timeout=timeout_s)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGTERM)
        shell.wait()
    said = everything.split(_END)
    if shell.returncode:
        raise AssertionError(
            f"{commands[len(said) - 1]}\nended with {shell.returncode} and said:\n{said[-1]}"
        )
    return said[:-1]


def is_answer(expected: str, said: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in _trimmed(expected).split("..."))
    return re.fullmatch(pattern, _trimmed(said), re.DOTALL) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
