"""The `photolog` command. Each subcommand is a module of `runtime.commands`, imported when it is called for."""

import sys
from importlib import import_module

import click
from pydantic import ValidationError

from runtime.errors import BROKEN_OFF, OperatorError
from stores.ports.errors import StoreError

_COMMANDS = (
    "demo",
    "doctor",
    "events",
    "feed",
    "migrate",
    "parked",
    "projections",
    "replay",
    "serve",
    "worker",
)


class _Commands(click.Group):
    """Finds the command `name` as `runtime.commands.<name>.<name>`. Status 1, which click ends with, is left for answers."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort) as stopped:
            sys.exit(_stopped(stopped))

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(f"runtime.commands.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="photolog")
def photolog() -> None:
    """An event-sourced photo-sharing backend.

    Settings are PHOTOLOG_* variables; `photolog serve` needs none.

    Example: photolog serve
    """


def main() -> None:
    """The console script. What an operator can put right is one line on standard error, with exit status 2."""
    try:
        photolog()
    except (OperatorError, StoreError) as error:
        sys.exit(_told(str(error)))
    except ValidationError as error:
        if error.title != "Settings":
            raise
        wrong = (
            f"PHOTOLOG_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}"
            for e in error.errors(include_input=False)
        )
        sys.exit(_told("; ".join(wrong)))


def _stopped(error: KeyboardInterrupt | click.Abort) -> int:
    """A question ends with `Abort`, whether it is broken off, answered with no, or asked where nobody can answer."""
    if isinstance(error, KeyboardInterrupt) or isinstance(error.__context__, KeyboardInterrupt):
        click.echo("photolog: broken off", err=True)
        return BROKEN_OFF
    return _told("nobody agreed, so nothing was done; --yes does not ask")


def _told(message: str) -> int:
    click.echo(f"photolog: {message}", err=True)
    return 2
