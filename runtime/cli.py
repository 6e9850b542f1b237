"""The `photolog` command. Each subcommand is a module of `runtime.commands`; this one only gathers them."""

import sys

import click
from pydantic import ValidationError

from runtime.commands.demo import demo
from runtime.commands.events import events
from runtime.commands.feed import feed
from runtime.commands.projections import projections
from runtime.commands.replay import replay
from runtime.commands.serve import serve
from runtime.folder import FolderInUseError
from runtime.generations import RebuildDueError
from runtime.settings import UnknownSettingError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="photolog")
def photolog() -> None:
    """An event-sourced photo-sharing backend.

    Settings are PHOTOLOG_* variables; `photolog serve` needs none.
    """


for command in (serve, demo, projections, replay, events, feed):
    photolog.add_command(command)


def main() -> None:
    """The console script. What an operator can put right is one line on standard error, with exit status 2."""
    try:
        photolog()
    except (FolderInUseError, RebuildDueError, UnknownSettingError) as error:
        sys.exit(_told(str(error)))
    except ValidationError as error:
        wrong = (
            f"PHOTOLOG_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}"
            for e in error.errors(include_input=False)
        )
        sys.exit(_told("; ".join(wrong)))


def _told(message: str) -> int:
    click.echo(f"photolog: {message}", err=True)
    return 2
