"""`photolog migrate`: prepares the services of a distributed system."""

import asyncio

import click
import orjson

from runtime.commands.distributed import distributed_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines.")
def migrate(as_json: bool) -> None:
    """Make topics, keyspace and tables, bucket, and the first generation of every view.

    Can be run again at any time: what is there stays as it is. Refuses a schema that is newer than this release.

    Example: photolog migrate
    """
    from runtime.migrating import migrate as prepare  # needs the libraries of all services

    remarks = asyncio.run(prepare(distributed_settings()))
    if as_json:
        click.echo(orjson.dumps({"remarks": list(remarks)}).decode())
        return
    for remark in remarks:
        click.echo(f"note: {remark}")
    click.echo("ready; start `photolog worker` and `photolog serve`")
