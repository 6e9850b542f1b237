"""Every command says what it does by an example that can be typed, and answers programs as well as people."""

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from runtime.cli import photolog

ENDLESS = {
    "photolog serve": "answers over HTTP until it is ended",
    "photolog worker": "feeds views until it is ended",
}
"""Commands that print no answer, and why."""


def _tree(command: click.Command, called: str) -> Iterator[tuple[str, click.Command]]:
    """The command and all below it, by what is typed for each."""
    yield called, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=called)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _tree(below, f"{called} {name}")


ALL = dict(_tree(photolog, "photolog"))


def test_the_whole_tree_is_looked_at() -> None:
    assert {"photolog", "photolog replay run", "photolog parked list", "photolog feed explain"} <= ALL.keys()


@pytest.mark.parametrize("called", ALL)
def test_help_shows_an_example(called: str) -> None:
    _, *words = called.split()
    shown = CliRunner().invoke(photolog, [*words, "--help"])
    assert shown.exit_code == 0
    typed = called.removesuffix(" run")  # `photolog replay likes` is short for `photolog replay run likes`
    assert re.search(rf"^  Example: {typed}\b", shown.output, re.MULTILINE), shown.output


@pytest.mark.parametrize("called", [name for name, one in ALL.items() if not isinstance(one, click.Group)])
def test_what_answers_does_so_in_json(called: str) -> None:
    options = {name for parameter in ALL[called].params for name in parameter.opts}
    assert ("--json" in options) == (called not in ENDLESS)
