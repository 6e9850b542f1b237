"""Bugs planted on purpose: each `.patch` beside this file breaks one promise, and names the test that must notice.

All are tried in one copy of the repository, which is checked to be what is imported there. When a patch no longer applies, the
code has changed under it: plant the bug again.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATCHES = sorted(Path(__file__).parent.glob("*.patch"))
_COPIED = (
    "api",
    "events",
    "producers",
    "projectors",
    "replay",
    "runtime",
    "schemas",
    "stores",
    "tests",
    "pyproject.toml",
)
_CAUGHT_BY = re.compile(r"^Caught by: (.+)$", re.MULTILINE)
_PYTEST = ("-m", "pytest", "-q", "-p", "pytest_asyncio.plugin", "-p", "pytest_timeout")
PASSED, FAILED = 0, 1


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mutants")
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def _python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Imports from the copy, with the plugins that the tests need and no others."""
    environment = os.environ | {
        "PYTHONPATH": str(copy),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-P", *arguments]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)


def _apply(copy: Path, patch: Path, *options: str) -> None:
    done = subprocess.run(
        ["git", "apply", *options, str(patch)], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{patch.name}: {done.stderr}"


def _catcher(patch: Path) -> str:
    named = _CAUGHT_BY.search(patch.read_text())
    assert named is not None, f"{patch.name} names no test"
    return named[1]


def _outcomes(output: str) -> Sequence[str]:
    """Such as `FAILED tests/...::test_...`."""
    return re.findall(r"^(?:FAILED|ERROR) \S+", output, re.MULTILINE)


def test_the_copy_is_what_is_imported(copy: Path) -> None:
    shown = _python(
        copy, "-c", "import projectors.step, tests; print(projectors.step.__file__, tests.__file__)"
    )
    assert shown.stdout.split() == [str(copy / "projectors/step.py"), str(copy / "tests/__init__.py")], (
        shown.stderr
    )


def test_without_a_bug_they_pass(copy: Path) -> None:
    run = _python(copy, *_PYTEST, *sorted({_catcher(patch) for patch in PATCHES}))
    assert run.returncode == PASSED, run.stdout


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_is_caught(copy: Path, patch: Path) -> None:
    catcher = _catcher(patch)
    _apply(copy, patch)
    try:
        run = _python(copy, *_PYTEST, catcher)
    finally:
        _apply(copy, patch, "--reverse")
    assert run.returncode == FAILED, run.stdout
    assert _outcomes(run.stdout) == [f"FAILED {catcher}"], run.stdout
