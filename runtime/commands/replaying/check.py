"""`photolog replay check`: whether certificates stand."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click
import orjson

from replay.certificate import Certificate, CertificateError, parsed
from runtime.beside import beside
from runtime.commands import options
from runtime.commands.replaying.judging import bar
from runtime.commands.replaying.verify import verdict
from runtime.verifying import check_certificate


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@options.data
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line instead of sentences.")
def check(files: tuple[Path, ...], data: Path | None, as_json: bool) -> None:
    """Say whether the certificate in each FILE stands: it was not changed, the log has still its positions, and what must be in the
    projection there is told again by the oracle.

    Exit status 0 when all stand, whatever they say; 1 when one does not; 2 when a store did not answer.

    Example: photolog replay check certificates/likes.2.json
    """
    certificates = [(file, _read(file)) for file in files]
    raise SystemExit(0 if asyncio.run(_check(certificates, data, as_json)) else 1)


def _read(file: Path) -> Certificate:
    try:
        return parsed(file.read_bytes())
    except CertificateError as error:
        raise click.ClickException(
            f"{file}: {error}; name a file that `photolog replay verify` wrote"
        ) from error


async def _check(certificates: Sequence[tuple[Path, Certificate]], data: Path | None, as_json: bool) -> bool:
    """Whether all of them stand."""
    all_stand = True
    async with beside(data) as system:
        for file, certificate in certificates:
            with bar(certificate.projection, as_json) as report:
                reasons = await check_certificate(system, certificate, report)
            click.echo(_as_json(certificate, reasons) if as_json else _as_text(file, certificate, reasons))
            all_stand = all_stand and not reasons
    return all_stand


def _as_json(certificate: Certificate, reasons: Sequence[str]) -> str:
    about = {"projection": certificate.projection, "generation": certificate.generation}
    found = {"stands": not reasons, "reasons": reasons, "equal": certificate.equal}
    return orjson.dumps(about | found).decode()


def _as_text(file: Path, certificate: Certificate, reasons: Sequence[str]) -> str:
    if reasons:
        return "\n".join([f"{file} does not stand:", *(f"  {reason}" for reason in reasons)])
    says = f"{certificate.projection} {certificate.generation} {verdict(certificate)}"
    return f"{file} stands: {says} ({certificate.events_count:,} events)"
