"""Options that commands share, made from the client's vocabulary; and errors as exit codes."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from skyportal_series.client import vocabulary
from skyportal_series.client.errors import (
    NotConfigured,
    SeriesClientError,
    ServerFault,
    ServerUnavailable,
    Unauthorized,
    UnknownName,
)

Command = Callable[..., Any]

DONE, SOME_REFUSED, WRONG_USAGE, NO_SERVER, NOT_ALLOWED, INTERRUPTED = 0, 1, 2, 3, 4, 130

LONGEST = 200
ENDING = 40  # where a message says what may have been meant

EXIT_CODES: tuple[tuple[type[SeriesClientError], int], ...] = (
    (NotConfigured, WRONG_USAGE),
    (UnknownName, WRONG_USAGE),
    (Unauthorized, NOT_ALLOWED),
    (ServerUnavailable, NO_SERVER),
    (ServerFault, NO_SERVER),
)


def ids(text: str) -> list[int] | str:
    """Whole numbers, separated by commas; or `all`."""
    try:
        return text if text == "all" else [int(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is neither whole numbers, separated by commas, nor all."
        ) from None


def json_object(text: str) -> dict[str, Any]:
    """A JSON object."""
    try:
        content = json.loads(text)
    except ValueError as problem:
        raise click.BadParameter(f"{text!r} is not JSON: {problem}.") from None
    if not isinstance(content, dict):
        raise click.BadParameter(f"{text!r} is no JSON object.")
    return content


def names(text: str) -> list[str]:
    """Names, separated by commas."""
    return [part.strip() for part in text.split(",")]


TYPES: dict[str, Any] = {
    "text": str,
    "date": str,
    "whole": int,
    "number": float,
    "flag": bool,
    "ids": ids,
    "object": json_object,
    "alignment": click.Choice(["start", "middle", "end"]),
    "order": click.Choice(["asc", "desc"]),
}


def field_options(command: Command) -> Command:
    """An option for every field of a series."""
    return _options(command, vocabulary.FIELDS)


def filter_options(command: Command) -> Command:
    """An option for every filter of a search."""
    return _options(command, vocabulary.FILTERS)


def reading_options(command: Command) -> Command:
    """How to understand files whose columns are not plain."""
    for option in (
        click.option("--time-format", help="What times count from: mjd, jd, bjd, btjd, bkjd."),
        click.option("--flux-unit", help="Unit of the fluxes (mJy), or a number of µJy."),
        click.option(
            "--column",
            "column_names",
            multiple=True,
            metavar="OURS=THEIRS",
            help="Take the column THEIRS as OURS: --column flux=PDCSAP_FLUX.",
        ),
    ):
        command = option(command)
    return command


def part_options(command: Command) -> Command:
    """Some rows and columns of a series."""
    for option in (
        click.option("--max-points", type=click.IntRange(1), help="At most so many rows."),
        click.option("--mjd-max", type=float, help="Rows up to this MJD."),
        click.option("--mjd-min", type=float, help="Rows from this MJD."),
        click.option("--columns", type=names, help="These columns, separated by commas."),
    ):
        command = option(command)
    return command


def with_client(command: Command) -> Command:
    """Gives the command a `client`, and turns the client's errors into words and exit codes."""

    @click.option("--url", help="The server's URL.")
    @click.option("--token", help="An API token. Other users may see it here: prefer login.")
    @click.option("--timeout", type=float, default=60.0, show_default=True, help="Seconds.")
    @click.option("--retries", type=click.IntRange(0), default=4, show_default=True)
    @functools.wraps(command)
    def run(url: str, token: str, timeout: float, retries: int, **options: Any) -> Any:
        from skyportal_series.client import Client

        with speaking(), Client(url, token, timeout=timeout, retries=retries) as client:
            return command(client=client, **options)

    return run


@contextmanager
def speaking() -> Iterator[None]:
    """Says what went wrong on stderr and leaves with the code that stands for it."""
    try:
        yield
    except SeriesClientError as error:
        complain(error)
        raise click.exceptions.Exit(exit_code(error)) from error
    except BrokenPipeError:
        raise  # who reads has enough; click ends without a word
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"Error: {where}{error.strerror or error}", err=True)
        raise click.exceptions.Exit(SOME_REFUSED) from error


def exit_code(error: SeriesClientError) -> int:
    """The exit code for `error`: see the package's docstring."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), SOME_REFUSED)


def complain(error: SeriesClientError) -> None:
    """The message, then what is wrong with each field if the message does not say so."""
    click.echo(f"Error: {shortened(error.message)}", err=True)
    for name, texts in error.problems.items():
        for text in texts:
            if text not in error.message:
                click.echo(f"  {name}: {shortened(text)}", err=True)


def shortened(text: str) -> str:
    """For a person: the names of some hundred bandpasses are more than anyone reads."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST - ENDING - 3]} … {text[-ENDING:]}"


def _options(command: Command, rows: Iterable[vocabulary.Name]) -> Command:
    for row in reversed(tuple(rows)):
        name = vocabulary.snake(row.name)
        flag = name.replace("_", "-")
        spelling = f"--{flag}/--no-{flag}" if row.kind == "flag" else f"--{flag}"
        command = click.option(
            spelling, name, type=TYPES[row.kind], default=None, help=row.meaning
        )(command)
    return command
