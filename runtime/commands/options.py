"""Options that commands of operators have in common."""

from pathlib import Path

import click

from events.operations import BY_LENGTH

data = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Data folder, else PHOTOLOG_DATA."
)


def _short(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not 0 < len(value) <= BY_LENGTH:
        raise click.BadParameter(f"has to be 1 to {BY_LENGTH} characters long")
    return value


by = click.option(
    "--by",
    callback=_short,
    metavar="TEXT",
    help="Kept for ever with what was done: a role or a ticket, no person's name.",
)
