"""How the command line ends when a person stops it: status 1 is left for answers."""

import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from runtime import cli
from runtime.cli import photolog


def stopped(error: BaseException) -> click.Command:
    """A command that is stopped by this."""

    @click.command()
    def command() -> None:
        raise error

    return command


@click.command()
def _asking() -> None:
    click.confirm("Sure?", abort=True, err=True)


def run(monkeypatch: pytest.MonkeyPatch, command: click.Command, answer: str = "") -> tuple[int, str]:
    """In place of `photolog doctor`."""
    monkeypatch.setattr(import_module("runtime.commands.doctor"), "doctor", command)
    done = CliRunner().invoke(photolog, ["doctor"], input=answer)
    assert "Aborted" not in done.output
    return done.exit_code, done.stderr


def test_a_command_that_is_broken_off_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, stopped(KeyboardInterrupt())) == (130, "photolog: broken off\n")


def test_one_that_is_broken_off_while_it_is_imported_does_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", interrupted)
    done = CliRunner().invoke(photolog, ["doctor"])
    assert (done.exit_code, done.stderr) == (130, "photolog: broken off\n")


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_what_nobody_agreed_to_could_not_be_done(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    status, said = run(monkeypatch, _asking, answer)
    assert status == 2
    assert "photolog: nobody agreed, so nothing was done; --yes does not ask\n" in said


def test_a_question_can_be_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*question: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("click.termui.visible_prompt_func", interrupted)
    command = click.Command("ask", callback=lambda: click.confirm("Sure?", abort=True))
    with monkeypatch.context() as asked:
        asked.setattr(import_module("runtime.commands.doctor"), "doctor", command)
        status = ended(["doctor"])
    assert status == 130


def ended(words: list[str]) -> int:
    """Without a runner, which has questions of its own."""
    with pytest.raises(SystemExit) as found:
        photolog(words)
    assert isinstance(found.value.code, int)
    return found.value.code


def test_ctrl_c_ends_a_check(tmp_path: Path) -> None:
    """While it waits for a file."""
    slow = tmp_path / "certificate.json"
    os.mkfifo(slow)
    words = [str(Path(sys.executable).with_name("photolog")), "replay", "check", str(slow)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process, slow.open("w"):
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert (process.returncode, said) == (130, "photolog: broken off\n")


def test_whoever_follows_the_log_ends_that_like_any_command(monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("runtime.commands.events"), "_tail", interrupted)
    assert CliRunner().invoke(photolog, ["events", "tail"]).exit_code == 130


def test_a_worker_is_named_once() -> None:
    """The ports of its metrics follow from the order of the names."""
    done = CliRunner().invoke(photolog, ["worker", "feeds", "feeds"])
    assert done.exit_code == 2
    assert "each name once" in done.stderr
