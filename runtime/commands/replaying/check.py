"""`photolog replay check`: whether a certificate stands."""

import asyncio
from pathlib import Path

import click
import orjson

from replay.certificate import Certificate, CertificateError, parsed
from runtime.beside import beside
from runtime.commands import options
from runtime.commands.replaying.judging import bar
from runtime.verifying import check_certificate


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.data
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of sentences.")
def check(file: Path, data: Path | None, as_json: bool) -> None:
    """Say whether the certificate in FILE stands: it was not changed, the log has still its positions, and what must be in the
    projection there is told again by the oracle.

    Exit status 0 when it stands, whatever it says; 1 when it does not; 2 when a store did not answer.

    Example: photolog replay check certificates/likes.2.json
    """
    try:
        certificate = parsed(file.read_bytes())
        reasons = asyncio.run(_check(certificate, data, as_json))
    except CertificateError as error:
        raise click.ClickException(
            f"{file}: {error}; name a file that `photolog replay verify` wrote"
        ) from error
    says = "equal" if certificate.equal else f"{certificate.differences_count} differences"
    name = f"{certificate.projection} {certificate.generation}"
    if as_json:
        found = {"stands": not reasons, "reasons": reasons, "equal": certificate.equal}
        click.echo(
            orjson.dumps(
                {"projection": certificate.projection, "generation": certificate.generation} | found
            ).decode()
        )
    elif reasons:
        click.echo("\n".join([f"{file} does not stand:", *(f"  {reason}" for reason in reasons)]))
    else:
        click.echo(f"{file} stands: {name}, {certificate.events_count:,} events, {says}")
    raise SystemExit(1 if reasons else 0)


async def _check(certificate: Certificate, data: Path | None, as_json: bool) -> tuple[str, ...]:
    async with beside(data) as system:
        with bar(certificate.projection, as_json) as report:
            return await check_certificate(system, certificate, report)
