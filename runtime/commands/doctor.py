"""`photolog doctor`: tries every service of a distributed system."""

import asyncio

import click
import orjson

from runtime.commands.distributed import distributed_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines.")
def doctor(as_json: bool) -> None:
    """Try every service that the settings name, and say what is wrong in one line each.

    Looks at what the guarantees lean on: copies, what a write waits for, what may be thrown out. Exit status 1 when something is
    wrong.

    Example: photolog doctor
    """
    from runtime.migrating import examine  # needs the libraries of all services

    found = asyncio.run(examine(distributed_settings()))
    if as_json:
        click.echo(orjson.dumps({"wrong": list(found)}).decode())
    for line in () if as_json else found or ["everything answers and is as it should be"]:
        click.echo(line)
    raise SystemExit(1 if found else 0)
