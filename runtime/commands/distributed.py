"""What commands of the distributed set-up have in common."""

from runtime.errors import CommandError
from runtime.settings import Settings, read_settings


def distributed_settings() -> Settings:
    settings = read_settings()
    if settings.profile != "distributed":
        raise CommandError("an embedded system needs this not; set PHOTOLOG_PROFILE=distributed")
    return settings
