"""What `photolog replay PROJECTION` does instead of a replay: try something out, which switches, records and serves nothing; or
build anew what a comparison has found to differ.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from pydantic import ValidationError

from projectors.catalogue import BY_NAME
from replay.certificate import Certificate
from replay.rebuild import Throttle
from replay.verify import Report as Judging
from runtime.beside import Beside, beside
from runtime.commands import options
from runtime.commands.replaying import tried
from runtime.commands.replaying.judging import bar
from runtime.commands.replaying.moments import Moment, cut_of, known, moment, partition
from runtime.commands.replaying.progress import Shown as Built
from runtime.commands.replaying.rebuilding import Rebuilding, rebuilt
from runtime.commands.users import user_id
from runtime.errors import BROKEN_OFF, CommandError
from runtime.notices import told
from runtime.operating import Operator
from runtime.repairing import PARKED, Repairs
from runtime.scratch import NUMBER
from runtime.settings import Settings, read_settings
from runtime.trying import TRIED, Shown, Trials
from stores.ports.errors import UnavailableError
from stores.ports.log import Partition
from stores.ports.registry import Generation
from stores.ports.view import InParts

_OPTIONS = (
    click.option(
        "--dry-run",
        is_flag=True,
        help="Only say what would change, with examples; exit status 1 when something would.",
    ),
    click.option(
        "--with",
        "changed",
        multiple=True,
        metavar="SETTING=VALUE",
        help="The same with another celebrity_threshold or feed_cap, for feeds, and what that costs and saves.",
    ),
    click.option(
        "--as-of",
        metavar="TIME|TOPIC/PARTITION:OFFSET,...",
        help="Only build what was there then, aside, for `photolog feed show --generation 0`. Partitions that are not named are "
        "taken as they are now.",
    ),
    click.option("--only-user", metavar="USER", help="Only compare what concerns this user with the log."),
    click.option(
        "--only-shard",
        metavar="TOPIC/PARTITION",
        help="Only compare what events of this partition decide with the log.",
    ),
    click.option(
        "--repair",
        is_flag=True,
        help="With --only-user or --only-shard: when something differs, build it anew while it serves; in Redis part by part until "
        "nothing differs, elsewhere the whole, which is verified and switched to as by a replay.",
    ),
)
_CHOICES = ("dry_run", "as_of", "only_user", "only_shard")
_COMMON = frozenset({"projections", "data", "as_json", "changed", *_CHOICES})
_ALLOWED = {
    "dry_run": frozenset({"events_per_s"}),
    "as_of": frozenset({"events_per_s"}),
    "only_user": frozenset({"repair", "by"}),
    "only_shard": frozenset({"repair", "by"}),
}
"""What else means something, by what is wanted."""


@dataclass(frozen=True, slots=True)
class _How:
    names: Sequence[str]
    data: Path | None
    events_per_s: float | None
    repair: bool
    by: str | None
    as_json: bool


Each = Callable[[Beside, Trials, str, _How], Awaitable[bool]]
"""Tries it out for one projection and tells; whether nothing differs."""


def instead(run: Callable[..., None]) -> Callable[..., None]:
    """The command `run` with options that have it do something else."""

    @wraps(run)
    def command(
        dry_run: bool,
        changed: Sequence[str],
        as_of: str | None,
        only_user: str | None,
        only_shard: str | None,
        repair: bool,
        **given: Any,
    ) -> None:
        chosen = (dry_run or bool(changed), as_of, only_user, only_shard)
        wanted = [name for name, value in zip(_CHOICES, chosen, strict=True) if value not in (None, False)]
        if not wanted:
            if repair:
                raise click.UsageError(
                    "--repair needs --only-user or --only-shard; without them a replay builds everything anew"
                )
            run(**given)
            return
        _refuse_others(wanted)
        names = options.named(given["projections"])
        each: dict[str, Callable[[], Each]] = {
            "dry_run": lambda: partial(_dry_run, changed=_settings(names, changed)),
            "as_of": lambda: partial(_as_of, named=moment(str(as_of))),
            "only_user": lambda: partial(_only_user, user=str(only_user)),
            "only_shard": lambda: partial(_only_shard, at=partition(str(only_shard))),
        }
        how = _How(names, given["data"], given["events_per_s"], repair, given["by"], given["as_json"])
        _do(how, each[wanted[0]]())

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _refuse_others(wanted: Sequence[str]) -> None:
    """What means nothing beside what is wanted."""
    context = click.get_current_context()
    if len(wanted) > 1:
        raise click.UsageError(f"{' and '.join(map(_option, wanted))} are different things; give one of them")
    allowed = _COMMON | _ALLOWED[wanted[0]]
    for name in context.params:
        is_given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_given and name not in allowed:
            raise click.UsageError(f"{_option(name)} means nothing with {_option(wanted[0])}; leave it out")


def _option(name: str) -> str:
    command = click.get_current_context().command
    return next(parameter.opts[0] for parameter in command.params if parameter.name == name)


def _settings(names: Sequence[str], changed: Sequence[str]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for pair in changed:
        setting, _, value = pair.partition("=")
        for name in names:
            if setting not in TRIED.get(name, ()):
                known = "; ".join(f"{each}: {', '.join(settings)}" for each, settings in TRIED.items())
                raise click.UsageError(
                    f"--with {setting} changes nothing of {name}; what can be tried is {known}"
                )
        try:
            found[setting] = getattr(Settings.model_validate({setting: value}), setting)
        except ValidationError as error:
            raise click.UsageError(f"--with {pair}: {error.errors()[0]['msg']}") from None
    return found


def _do(how: _How, each: Each) -> None:
    try:
        is_same = asyncio.run(_in_turn(how, each))
    except KeyboardInterrupt:
        click.echo(f"broken off; {_left(how)}", err=True)
        raise SystemExit(BROKEN_OFF) from None
    except UnavailableError as error:
        raise CommandError(f"{error}; {_left(how)}, when it is back") from error
    raise SystemExit(0 if is_same else 1)


def _left(how: _How) -> str:
    return (
        "the same command goes on from there"
        if how.repair
        else "nothing is kept of it, so give the command again"
    )


class _NobodyError(CommandError):
    """The log does not know the user, and the view has nothing of them: that would prove nothing of whoever was meant."""


async def _in_turn(how: _How, each: Each) -> bool:
    found: list[bool] = []
    nobody: _NobodyError | None = None
    throttle = None if how.events_per_s is None else Throttle(how.events_per_s)
    async with beside(how.data) as system:
        trials = Trials(system, read_settings(), throttle)
        for name in how.names:
            try:
                found.append(await each(system, trials, name, how))
            except _NobodyError as error:
                nobody = error
    if nobody and not found:
        raise nobody
    return all(found)


async def _dry_run(system: Beside, trials: Trials, name: str, how: _How, changed: Mapping[str, Any]) -> bool:
    scratch = Generation(name, NUMBER, BY_NAME[name].version, "building")
    built = Built()
    building = partial(built.lines if how.as_json else built.bar, scratch)
    trial = await trials.dry_run(name, changed, Shown(building, partial(bar, name, how.as_json)))
    return tried.tell_trial(trial, changed, how.as_json)


async def _as_of(system: Beside, trials: Trials, name: str, how: _How, named: Moment) -> bool:
    cut = await cut_of(system, name, named)
    scratch = Generation(name, NUMBER, BY_NAME[name].version, "building")
    built = Built()
    with (built.lines if how.as_json else built.bar)(scratch) as building:
        folder, stands = await trials.as_of(name, cut, building)
    tried.tell_kept(name, folder, stands, how.as_json)
    return True


async def _only_user(system: Beside, trials: Trials, name: str, how: _How, user: str) -> bool:
    user_number = await user_id(await system.views(), user)
    counts = []

    async def compare(judging: Judging) -> Certificate:
        certificate = await trials.only_user(name, user_number, judging)
        counts.append(certificate.entities_count)
        return certificate

    certificate = await _compared(system, name, how, compare, user_number)
    if not any(counts) and not await trials.is_known(user_number):
        raise _NobodyError(f"nobody with the id {user_number} is on the log, so nothing was compared")
    return tried.tell_compared(certificate, f"what concerns user {user_number}", how.as_json)


async def _only_shard(system: Beside, trials: Trials, name: str, how: _How, at: Partition) -> bool:
    known(at, await system.log.ends(BY_NAME[name].topics), name)
    certificate = await _compared(system, name, how, partial(trials.only_partition, name, at), None)
    return tried.tell_compared(certificate, f"what {at[0]}/{at[1]} decides", how.as_json)


async def _compared(
    system: Beside,
    name: str,
    how: _How,
    compare: Callable[[Judging], Awaitable[Certificate]],
    first_id: int | None,
) -> Certificate:
    """As it is, or after a repair."""

    async def shown() -> Certificate:
        with bar(name, how.as_json) as judging:
            return await compare(judging)

    live, tell = await system.live(name), told(how.as_json)
    if unreadable := (await system.standing(live)).unreadable:
        raise CommandError(f"{unreadable}; `photolog replay {name}` builds another")
    if not how.repair:
        return await shown()
    async with system.replaying(name):
        live = await system.live(name)
        view = system.fresh_view(live)
        if isinstance(view, InParts):
            operator = Operator(system, how.by)
            return await Repairs(system, live, view, operator, tell).until_equal(shown, first_id)
        certificate = await shown()
        if certificate.parked_count:
            tell(f"{name}: {PARKED}")
            return certificate
        if not certificate.is_wrong:
            return certificate
        tell(f"{name}: generation {live.number} is kept as one, and is built anew")
        await rebuilt(
            system, name, Rebuilding(None, unverified=False, by=how.by, as_json=how.as_json), Built()
        )
        return await shown()
