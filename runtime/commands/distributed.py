"""What commands of the distributed set-up have in common."""

import click

from runtime.settings import Settings, read_settings


def distributed_settings() -> Settings:
    settings = read_settings()
    if settings.profile != "distributed":
        raise click.ClickException("an embedded system needs this not; set PHOTOLOG_PROFILE=distributed")
    return settings
