"""What a mistake looks like in the logs: where it was, and nothing of whose request it was."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable

import pytest

_FAILING = """
import structlog
from runtime.logs import configure_logs

def change(password):
    password.index("x")

configure_logs()
try:
    change("".join(["correct", " ", "horse"]))
except ValueError:
    structlog.get_logger().exception("request failed", route="/v1/me")
"""


@pytest.mark.parametrize("opened", [pty.openpty, os.pipe], ids=["terminal", "file"])
def test_a_traceback_shows_no_values(opened: Callable[[], tuple[int, int]]) -> None:
    ours, theirs = opened()
    done = subprocess.run([sys.executable, "-c", _FAILING], stderr=theirs, check=False)
    said = os.read(ours, 1 << 16).decode()
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0
    assert "request failed" in said
    assert "ValueError" in said
    assert "correct horse" not in said
