"""The documents say what is there: links resolve, commands and settings exist, every example is one that is executed."""

import re
import subprocess
from pathlib import Path
from typing import get_args

import click
import pytest

from events.catalogue import EVENTS
from projectors.catalogue import BY_NAME
from runtime.cli import photolog
from runtime.reference import settings_reference
from runtime.settings import PREFIX, Settings
from tests.console import Example, examples, is_answer, set_up

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_TARGET = re.compile(r"\bmake ([a-z-]+)")
_COMMAND = re.compile(r"\bphotolog ([a-z]+)(?: ([a-z]+))?")

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@each_document
def test_links_resolve(path: Path) -> None:
    links = [link.partition("#")[0] for link in _LINK.findall(path.read_text()) if "://" not in link]
    assert [link for link in links if link and not (path.parent / link).exists()] == []


@each_document
def test_every_block_is_a_drawing_or_an_example_that_is_executed(path: Path) -> None:
    for language, content in _FENCE.findall(path.read_text()):
        executed = ("console", "python") if path == ROOT / "docs/events.md" else ("console",)
        assert language in ("", *executed), f"nothing executes {language} blocks of this document"
        if language == "":
            assert not re.search(r"^\s*(\$ |curl |photolog |make )", content, re.MULTILINE), content


@each_document
def test_commands_that_are_mentioned_exist(path: Path) -> None:
    text = _FENCE.sub("", path.read_text())
    code = "\n".join(_inline(text))
    assert set(_TARGET.findall(code)) <= _make_targets()
    for name, subname in _COMMAND.findall(code):
        command = photolog.get_command(click.Context(photolog), name)
        assert command is not None, f"photolog {name}"
        if isinstance(command, click.Group) and subname:
            meant = {
                *command.commands,
                *(BY_NAME if name == "replay" else ()),
            }  # `replay likes` is `replay run likes`
            assert subname in meant, f"photolog {name} {subname}"


def _inline(text: str) -> list[str]:
    return [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^    (.+)$", text, re.MULTILINE)]


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@each_document
def test_settings_that_are_mentioned_exist(path: Path) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(re.findall(PREFIX + "[A-Z0-9_]+", path.read_text())) <= known


@pytest.mark.parametrize("target", ["run", "test"])
def test_the_two_commands_of_the_readme_are_targets(target: str) -> None:
    assert f"    make {target} " in (ROOT / "README.md").read_text()
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert {"run": "photolog serve", "test": "pytest"}[target] in done.stdout


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


def test_the_reference_of_settings_is_current() -> None:
    written = (ROOT / "docs/settings.md").read_text()
    assert written == settings_reference(), "run: .venv/bin/python -m runtime.reference > docs/settings.md"


def test_the_table_of_events_is_complete() -> None:
    rows = dict(
        re.findall(r"^\| `(photolog\.[a-z]+)` \|(.*)$", (ROOT / "docs/events.md").read_text(), re.MULTILINE)
    )
    listed = {
        (topic, name) for topic, row in rows.items() for name in re.findall(r"`([a-z]+\.[a-z_]+)`", row)
    }
    assert listed == {(event.topic, event.type) for event in EVENTS}


def test_decisions_are_numbered_and_have_the_three_parts() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert len({path.name[:4] for path in decisions}) == len(decisions)
    for path in decisions:
        text = path.read_text()
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], (
            path.name
        )


DOCUMENT = """
```console
$ one
$ two \\
>   more
said ...
```

```
a drawing
```
"""


@each_document
def test_its_set_up_is_one_there_is(path: Path) -> None:
    assert set_up(path.read_text()) in get_args(Settings.model_fields["profile"].annotation)


def test_examples_are_found_with_their_answers() -> None:
    assert examples(DOCUMENT) == [Example("one", ""), Example("two \\\n  more", "said ...\n")]


@pytest.mark.parametrize(
    ("expected", "said", "same"),
    [
        ("", "", True),
        ("", "something", False),
        ('{"id":"..."}', '{"id":"12"}', True),
        ('{"id":"..."}', '{"id":12}', False),
        ("first\n...\nlast", "first\nsecond\nthird\nlast\n", True),
        ("first\n...\nlast", "first\nlater", False),
        ("a.c", "abc", False),
    ],
)
def test_answers_are_compared_but_for_the_dots(expected: str, said: str, same: bool) -> None:
    assert is_answer(expected, said) is same
