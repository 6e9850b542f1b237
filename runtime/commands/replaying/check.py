"""`photolog replay check`: whether certificates stand."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click
import orjson

from replay.certificate import Certificate, CertificateError, parsed
from runtime.beside import Beside, beside
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
    """Say whether the certificate in each FILE stands: a verify on this log made it, it was not changed, the log has still its
    positions, and what must be in the projection there is told again by the oracle.

    Exit status 0 when all stand, whatever they say; 1 when one does not; 2 when that could not be found out.

    Example: photolog replay check certificates/likes.2.json
    """
    found = [(file, file.read_bytes()) for file in files]
    raise SystemExit(0 if asyncio.run(_check(found, data, as_json)) else 1)


async def _check(found: Sequence[tuple[Path, bytes]], data: Path | None, as_json: bool) -> bool:
    """Whether all of them stand."""
    all_stand = True
    async with beside(data) as system:
        for file, text in found:
            certificate, reasons = await _checked(system, text, as_json)
            tell = _as_json if as_json else _as_text
            click.echo(tell(file, certificate, reasons))
            all_stand = all_stand and not reasons
    return all_stand


async def _checked(system: Beside, text: bytes, as_json: bool) -> tuple[Certificate | None, Sequence[str]]:
    """The certificate, if it is one, and why it does not stand."""
    try:
        certificate = parsed(text)
    except CertificateError as error:
        return None, (f"{error}; name a file that `photolog replay verify` wrote",)
    with bar(certificate.projection, as_json) as report:
        return certificate, await check_certificate(system, certificate, report)


def _as_json(file: Path, certificate: Certificate | None, reasons: Sequence[str]) -> str:
    found: dict[str, object] = {"file": str(file), "stands": not reasons, "reasons": reasons}
    if certificate is not None:
        found |= {"projection": certificate.projection, "generation": certificate.generation}
        found |= {"equal": certificate.equal}
    return orjson.dumps(found).decode()


def _as_text(file: Path, certificate: Certificate | None, reasons: Sequence[str]) -> str:
    if reasons or certificate is None:
        return "\n".join([f"{file} does not stand:", *(f"  {reason}" for reason in reasons)])
    says = f"{certificate.projection} {certificate.generation} {verdict(certificate)}"
    return f"{file} stands: {says} ({certificate.events_count:,} events)"
