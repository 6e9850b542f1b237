"""Options that commands of operators have in common."""

from collections.abc import Sequence
from pathlib import Path

import click

from events.operations import BY_LENGTH
from projectors.catalogue import BY_NAME

projection = click.argument("projection", type=click.Choice([*BY_NAME]), metavar="PROJECTION")

data = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Data folder, else PHOTOLOG_DATA."
)


def _short(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not (0 < len(value) <= BY_LENGTH and value.isprintable()):
        raise click.BadParameter(f"has to be 1 to {BY_LENGTH} characters long, in one line")
    return value


by = click.option(
    "--by",
    callback=_short,
    metavar="TEXT",
    help="Kept for ever with what was done: a role or a ticket, no person's name.",
)


def named(projections: Sequence[str]) -> list[str]:
    """All of them for `all`, else each once."""
    return list(BY_NAME) if "all" in projections else list(dict.fromkeys(projections))
