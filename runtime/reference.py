"""The reference of settings, made from their definitions: `python -m runtime.reference > docs/settings.md`."""

import sys
from typing import get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from runtime.settings import PREFIX, Settings

_HEAD = f"""# Settings

Environment variables, all of which have defaults. A name that begins with `{PREFIX}` and is none of these is fatal, and so is a
value out of its range. Options of a command, such as `--data`, go before the environment. This page is made from
`runtime/settings.py`; a test keeps it current.

| variable | default | meaning |
|---|---|---|
"""


def settings_reference() -> str:
    rows = [_row(PREFIX + name.upper(), field) for name, field in Settings.model_fields.items()]
    return _HEAD + "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{name}` | {_default(field)} | {field.description or ''}{_secrecy(field)} |"


def _default(field: FieldInfo) -> str:
    match field.default:
        case None | "" | ():
            return ""
        case tuple() as words:
            return f"`{','.join(map(str, words))}`"
        case SecretStr() as secret:
            return f"`{secret.get_secret_value()}`" if secret.get_secret_value() else ""
        case value:
            return f"`{value}`"


def _secrecy(field: FieldInfo) -> str:
    is_secret = SecretStr in (field.annotation, *get_args(field.annotation))
    return " Secret: masked wherever it is shown." if is_secret else ""


if __name__ == "__main__":
    sys.stdout.write(settings_reference())
