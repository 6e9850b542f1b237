"""`photolog serve`: the API; in the embedded set-up the whole system in one process."""

from pathlib import Path
from typing import get_args

import click
import uvloop

from runtime.commands import options
from runtime.errors import CommandError
from runtime.logs import configure_logs
from runtime.serve import serve_api
from runtime.settings import read_settings
from runtime.web import Routes


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one."
)
@options.data
@click.option(
    "--routes",
    type=click.Choice(get_args(Routes)),
    default="all",
    show_default=True,
    help="Serve reads and writes by processes apart. Distributed only.",
)
def serve(host: str, port: int, data: Path | None, routes: Routes) -> None:
    """Serve the API. Embedded, the default: with its projectors and reactors in the same process.

    Ends cleanly on SIGTERM and Ctrl-C; nothing acknowledged is lost when it is killed.

    Example: photolog serve --port 8000 --data ./data
    """
    configure_logs()
    settings = read_settings()
    if data is not None:
        settings = settings.model_copy(update={"data": data})
    if settings.profile == "embedded" and routes != "all":
        raise CommandError("an embedded server serves all routes; leave out --routes")
    raise SystemExit(uvloop.run(serve_api(settings, host, port, routes)))
