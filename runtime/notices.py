"""What a command tells on standard error beside its answer: a sentence for a person, a line of JSON for a program."""

from collections.abc import Callable

import click
import orjson

Tell = Callable[[str], None]


def in_words(notice: str) -> None:
    click.echo(notice, err=True)


def in_json(notice: str) -> None:
    click.echo(orjson.dumps({"note": notice}).decode(), err=True)


def told(as_json: bool) -> Tell:
    return in_json if as_json else in_words
