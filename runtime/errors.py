"""What stands between an operator and a running system; the message says what to do next."""

import click

BROKEN_OFF = 130
"""The exit status after Ctrl-C."""


class OperatorError(Exception):
    """Something has to be put right by the operator."""


class ReplayedElsewhereError(OperatorError):
    """Another command is at the generations of this projection. Wait until it has ended."""

    def __init__(self, projection: str) -> None:
        super().__init__(
            f"another command is replaying {projection}; see `photolog replay status {projection}`"
        )


class CommandError(click.ClickException):
    """A command cannot do what it was told. Exit status 1 is left for its answers, such as that something differs."""

    exit_code = 2
