"""`fsck`: holds rows against files."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import orjson

from .. import running
from .server import config_option, load_config, plain_errors

if TYPE_CHECKING:
    from ..fsck import Finding, Totals
    from ..fsck.findings import Progress


class _NotChecked(click.ClickException):
    exit_code = 2  # 1 says that there are problems


@click.command()
@config_option
@click.option("--repair", is_flag=True, help="Mend what can be mended.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines: each finding, then a summary.")
def fsck(files: tuple[str, ...], repair: bool, as_json: bool) -> None:
    """Hold every series against its file, and every file against the series.

    Finds series whose file is missing, altered or unreadable, statistics that differ from the
    data, files without a series and leftovers of crashes (both older than an hour). It may run
    beside a server.

    --repair removes such files, computes such statistics anew, and notes in the table
    photometric_series_damage what it cannot mend. Where photometric_series_autodelete is false,
    files without a series are kept on purpose: they are listed, and no problem.

    Exit code: 0 if all is well, 1 if problems remain, 2 if the check could not be made.
    """
    with _cannot_check():
        totals = _check(files, repair, as_json)
    _tell_totals(totals, as_json)
    sys.exit(1 if totals.problems else 0)


def _check(files: tuple[str, ...], repair: bool, as_json: bool) -> Totals:
    from ..fsck import check

    def tell(finding: Finding) -> None:
        _tell(finding, as_json)

    config = load_config(files)
    with (
        plain_errors(),
        running.database(config) as url,
        running.connected(url) as engine,
        _progress_bar(as_json) as progress,
    ):
        return asyncio.run(check(config, engine, repair, report=tell, progress=progress))


@contextmanager
def _cannot_check() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        raise _NotChecked(error.message) from error


@contextmanager
def _progress_bar(as_json: bool) -> Iterator[Progress]:
    if as_json or not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = [*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Checking series", total=None)
        yield lambda done, number: bar.update(task, completed=done, total=number)


def _tell(finding: Finding, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(dataclasses.asdict(finding)))
        return
    whose = "" if finding.series_id is None else f"series {finding.series_id}: "
    done = " (repaired)" if finding.repaired else ""
    click.echo(f"{finding.kind}: {whose}{finding.path}: {finding.reason}{done}")


def _tell_totals(totals: Totals, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps({"kind": "summary"} | dataclasses.asdict(totals)))
        return
    found = ", ".join(f"{number:,} {kind}" for kind, number in sorted(totals.found.items()))
    click.echo(
        f"{totals.series:,} series and {totals.files:,} files: {found or 'all is well'}; "
        f"{totals.repaired:,} repaired, {totals.problems:,} problems remain."
    )
