"""ls, show, plot."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skyportal_series.cli import options as opt

if TYPE_CHECKING:
    from skyportal_series.client import Client, Series

COLUMNS = (
    "id",
    "obj_id",
    "series_name",
    "series_obj_id",
    "filter",
    "num_exp",
    "mjd_first",
    "mjd_last",
    "mean_mag",
)
FIRST = 50
POINTS = 5000

LS_EXAMPLES = """
\b
Examples:
  skyportal-series ls --ra 291.37 --dec 42.78 --radius 0.01
  skyportal-series ls --detected --mag-brighter-than 15 --sort-by mean_mag
  skyportal-series ls --start-after 2024-05-01 --csv > may.csv
"""


@click.command(epilog=LS_EXAMPLES)
@click.option("-n", "--limit", type=click.IntRange(1), help="How many; for a table 50.")
@click.option("-a", "--all", "everything", is_flag=True, help="All of them.")
@click.option("--columns", type=opt.names, help="These columns, separated by commas.")
@click.option("--json", "style", flag_value="json", help="A JSON list, of all by default.")
@click.option("--csv", "style", flag_value="csv", help="CSV, of all by default.")
@opt.filter_options
@opt.with_client
def ls(
    client: Client,
    limit: int | None,
    everything: bool,
    columns: Sequence[str] | None,
    style: str | None,
    **filters: Any,
) -> None:
    """List the series that match all options."""
    found = client.search(**filters)
    if limit is None and style is None and not everything:
        limit = FIRST
    records = found.records(limit)
    if style == "json":
        _print_json(records, columns)
        return
    names = columns or COLUMNS
    rows = ([_entry(record, name) for name in names] for record in records)
    if style == "csv":
        _print_csv(names, rows)
        return
    _print_table(names, list(rows), lambda: len(found), limit)


@click.command()
@click.argument("series_id", metavar="ID", type=int)
@click.option("--json", "as_json", is_flag=True, help="All metadata as JSON, without a drawing.")
@click.option("--no-plot", is_flag=True, help="Metadata alone.")
@opt.with_client
def show(client: Client, series_id: int, as_json: bool, no_plot: bool) -> None:
    """What the series ID is, and its light curve drawn here.

    \b
    Examples:
      skyportal-series show 17
      skyportal-series show 17 --json | jq .medians
    """
    from skyportal_series.cli.console import in_words, print_table
    from skyportal_series.client.series import SHOWN

    series = client.get(series_id)
    if as_json:
        click.echo(json.dumps(series.metadata, indent=2))
        return
    groups = ", ".join(str(group.get("name")) for group in series.metadata.get("groups", ()))
    rows = [(name, in_words(series.metadata.get(name), name)) for name in SHOWN]
    print_table(("", ""), [*rows, ("groups", groups)], title=f"Photometric series {series_id}")
    if not no_plot:
        click.echo(_drawing(series))


@click.command()
@click.argument("series_id", metavar="ID", type=int)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="A .png or .svg file."
)
@click.option("--y", type=click.Choice(["mag", "flux"]), help="What goes upwards.")
@click.option("--fold", type=float, help="Fold by this period, days.")
@click.option("--epoch", type=float, help="MJD of phase 0.")
@click.option("--bin", "bin_seconds", type=float, help="Means of so many seconds.")
@click.option("--width", type=int, help="Pixels.")
@click.option("--height", type=int, help="Pixels.")
@click.option("--theme", type=click.Choice(["light", "dark"]))
@opt.with_client
def plot(
    client: Client, series_id: int, output: Path, bin_seconds: float | None, **options: Any
) -> None:
    """A picture of the series ID, drawn by the server.

    \b
    Examples:
      skyportal-series plot 17 -o tic.png
      skyportal-series plot 17 -o folded.svg --fold 3.27 --theme dark
    """
    options["bin"] = bin_seconds
    given = {name: value for name, value in options.items() if value is not None}
    click.echo(client.plot(series_id, output, **given))


def _drawing(series: Series) -> str:
    from skyportal_series.cli.console import draw
    from skyportal_series.series import LightCurve

    part = series.part(max_points=POINTS)
    points = LightCurve.from_columns({str(name): part[name].to_numpy() for name in part})
    title = f"{series.metadata['obj_id']}, {series.metadata['filter']}"
    return draw(points.mjd, points.flux, title)


def _entry(record: dict[str, Any], name: str) -> Any:
    if name not in record:
        raise click.UsageError(f"There is no column {name}; known are {', '.join(sorted(record))}.")
    return record[name]


def _print_json(records: Iterable[dict[str, Any]], columns: Sequence[str] | None) -> None:
    """A list, one series a line, printed as it arrives."""
    separator = "[\n"
    for record in records:
        chosen = {name: _entry(record, name) for name in columns} if columns else record
        click.echo(separator + json.dumps(chosen), nl=False)
        separator = ",\n"
    click.echo("\n]" if separator == ",\n" else "[]")


def _print_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    import csv

    writer = csv.writer(sys.stdout)
    writer.writerow(names)
    writer.writerows(rows)


def _print_table(
    names: Sequence[str], rows: Sequence[Sequence[Any]], total: Any, limit: int | None
) -> None:
    from skyportal_series.cli.console import print_table

    print_table(names, rows)
    if limit is not None and len(rows) == limit and (every := total()) > limit:
        click.echo(f"{limit} of {every} shown; more with --limit or --all.", err=True)
