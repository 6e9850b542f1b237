"""Every command in the documents is run against a real server, in the order of its document, and says what is printed there."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.console import Example, examples, is_answer, outputs, set_up
from tests.e2e.server import ServerProcess

_TIMEOUT_S = 240
pytestmark = [pytest.mark.embedded, pytest.mark.timeout(_TIMEOUT_S + 20)]
ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    if examples(path.read_text()) and set_up(path.read_text()) == "embedded"
)
_SMALL_DEMO = "--people 3 --posts 3"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like the project's, in which commands may leave what they like."""
    folder = tmp_path_factory.mktemp("tour")
    for path in ROOT.iterdir():
        if path.name not in {"data", ".git", ".venv"}:
            (folder / path.name).symlink_to(path)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


@pytest.fixture(scope="module")
def server(project: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(project / "data")
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture(scope="module")
def tour(project: Path, server: ServerProcess) -> Sequence[tuple[Example, str]]:
    """What the README's commands said. The other documents speak of a server that somebody has toured."""
    return _run("README.md", project, server)


def test_the_tour_says_what_is_printed(tour: Sequence[tuple[Example, str]]) -> None:
    assert len(tour) > 20
    _compare(tour)


@pytest.mark.usefixtures("tour")
@pytest.mark.parametrize("document", [name for name in DOCUMENTS if name != "README.md"])
def test_commands_say_what_is_printed(document: str, project: Path, server: ServerProcess) -> None:
    _compare(_run(document, project, server))


def _run(document: str, project: Path, server: ServerProcess) -> Sequence[tuple[Example, str]]:
    printed = examples((ROOT / document).read_text())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOLOG_")}
    commands = [_on(server, example.command) for example in printed]
    return list(zip(printed, outputs(commands, project, environment, _TIMEOUT_S), strict=True))


def _compare(results: Sequence[tuple[Example, str]]) -> None:
    for example, said in results:
        assert is_answer(example.answer, said), f"$ {example.command}\nsaid:\n{said}\nnot:\n{example.answer}"


def _on(server: ServerProcess, command: str) -> str:
    """The command for this server; the demo with fewer people, which takes less time."""
    command = command.replace("photolog demo", f"photolog demo --url http://127.0.0.1:8000 {_SMALL_DEMO}")
    return command.replace("http://127.0.0.1:8000", server.url)
