"""`photolog replay`: building projections anew from the log, and all that an operator does around it.

Each subcommand is a module of `runtime.commands.replaying`.
"""

import click

from runtime.commands.replaying import check, drop, history, retire, rollback, run, status, verify


class _Replay(click.Group):
    """`photolog replay likes` is short for `photolog replay run likes`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Replay, subcommand_metavar="PROJECTION...|COMMAND [ARGS]...")
def replay() -> None:
    """Build PROJECTION anew from the log, or look after what was built.

    Example: photolog replay search
    """


replay.add_command(run.run)
replay.add_command(status.status)
replay.add_command(rollback.rollback)
replay.add_command(retire.retire)
replay.add_command(drop.drop)
replay.add_command(history.history)
replay.add_command(verify.verify)
replay.add_command(check.check)
