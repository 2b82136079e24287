"""upload, download, rm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skyportal_series.cli import options as opt

if TYPE_CHECKING:
    from skyportal_series.client import Client

UPLOAD_EXAMPLES = """
\b
Examples:
  skyportal-series upload tic.h5
  skyportal-series upload *.csv --obj-id '{stem}' --series-obj-id '{stem}' \\
      --series-name night_7 --instrument-id 1 --filter ztfr --ra 10 --dec 20 --exp-time 30
  skyportal-series upload lc.fits --column flux=PDCSAP_FLUX --flux-unit 20.9 --fields-from f.csv
"""


@click.command(epilog=UPLOAD_EXAMPLES)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--fields-from",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV with a column `file` and one a field, or JSON: file name → fields.",
)
@click.option("-j", "--jobs", type=click.IntRange(1, 32), default=4, show_default=True)
@click.option("--again", is_flag=True, help="Do not pass over what the journal says was sent.")
@click.option("--journal", type=click.Path(path_type=Path), help="Where it is noted what was sent.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file, on stdout.")
@opt.reading_options
@opt.field_options
@opt.with_client
def upload(client: Client, files: tuple[Path, ...], **options: Any) -> None:
    """Send FILES as new series: HDF5, CSV, ECSV, VOTable, FITS, Parquet, Arrow, JSON.

    Fields come from the files themselves, then --fields-from, then the options. In their text,
    {stem}, {name} and {parent} stand for those of the file.

    What was sent before is passed over: run it again to go on where it stopped.
    """
    from skyportal_series.cli import batch
    from skyportal_series.cli.console import progress
    from skyportal_series.cli.journal import Journal, default_journal
    from skyportal_series.client.vocabulary import FIELDS

    given = {row.name: options[row.name] for row in FIELDS if options[row.name] is not None}
    table = batch.read_fields(options["fields_from"]) if options["fields_from"] else {}
    todo = {file: batch.fill(_fields_of(file, table) | given, file) for file in files}
    journal = Journal(options["journal"] or default_journal())
    work = batch.Batch(client, journal, _reading(options), options["again"])
    outcomes: list[batch.Outcome] = []
    with progress(len(todo), "Sending") as step:

        def tell(outcome: batch.Outcome) -> None:
            outcomes.append(outcome)
            click.echo(outcome.json() if options["as_json"] else outcome.line())
            step()

        stopped = work.run(todo, options["jobs"], tell)
    click.echo(batch.count(outcomes), err=True)
    _leave(stopped, any(outcome.state == "refused" for outcome in outcomes))


@click.command()
@click.argument("ids", nargs=-1, required=True, type=int)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file, for one series.")
@click.option(
    "-d",
    "--dir",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="The folder, for several: series_17.h5, …",
)
@click.option("-f", "--format", "data_format", help="By default what the suffix says, or hdf5.")
@opt.part_options
@opt.with_client
def download(
    client: Client,
    ids: tuple[int, ...],
    output: Path | None,
    folder: Path,
    data_format: str | None,
    **part: Any,
) -> None:
    """Fetch the series IDS into files: .h5 .csv .ecsv .vot .fits .parquet .arrow .json.

    A download of HDF5 that was cut off goes on where it stopped.

    \b
    Examples:
      skyportal-series download 17 -o tic.fits
      skyportal-series download 17 18 19 -d night -f csv
      skyportal-series download 17 -o first.ecsv --mjd-max 58360 --columns mjd,flux
    """
    from skyportal_series.cli.console import progress

    if output is not None and len(ids) > 1:
        raise click.UsageError("-o names one file; for several series give a folder with -d.")
    with progress(len(ids), "Fetching") as step:

        def fetch(series_id: int) -> None:
            path = output or folder / f"series_{series_id}{_suffix(data_format)}"
            click.echo(client.download(series_id, path, data_format, **part))
            step()

        _each(ids, fetch)


@click.command()
@click.argument("ids", nargs=-1, required=True, type=int)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@opt.with_client
def rm(client: Client, ids: tuple[int, ...], yes: bool) -> None:
    """Delete the series IDS, with their data.

    \b
    Examples:
      skyportal-series rm 17 18
      skyportal-series ls --object-id TEST --csv --columns id | tail -n +2 | xargs \\
          skyportal-series rm --yes
    """

    def remove(series_id: int) -> None:
        if yes or click.confirm(f"Delete {client.get(series_id)!r}?", err=True):
            client.delete(series_id)
            click.echo(f"deleted {series_id}")

    _each(ids, remove)


def _each(ids: tuple[int, ...], act: Any) -> None:
    """Do it for each; what one id is refused does not keep the others from it."""
    from skyportal_series.client.errors import NotFound, Refused

    failed = False
    for series_id in ids:
        try:
            act(series_id)
        except (NotFound, Refused) as error:
            failed = True
            click.echo(f"Error: {series_id}: {error.message}", err=True)
    if failed:
        raise click.exceptions.Exit(opt.SOME_REFUSED)


def _suffix(data_format: str | None) -> str:
    from skyportal_series.client.files import FORMATS

    name = data_format or "hdf5"
    return next((suffix for suffix, known in FORMATS.items() if known == name), f".{name}")


def _fields_of(file: Path, table: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return table.get(str(file)) or table.get(file.name) or {}


def _reading(options: dict[str, Any]) -> Any:
    from skyportal_series.client.tidy import Reading

    pairs = [text.partition("=") for text in options["column_names"]]
    wrong = [ours for ours, _, theirs in pairs if not (ours and theirs)]
    if wrong:
        raise click.UsageError(f"--column takes OURS=THEIRS; found {wrong[0]!r}.")
    columns = {ours: theirs for ours, _, theirs in pairs} or None
    return Reading(columns, _number_or_text(options["flux_unit"]), options["time_format"])


def _number_or_text(text: str | None) -> float | str | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _leave(stopped: BaseException | None, some_refused: bool) -> None:
    from skyportal_series.client.errors import SeriesClientError

    if isinstance(stopped, SeriesClientError):
        raise stopped
    if stopped is not None:
        raise click.exceptions.Exit(opt.INTERRUPTED)
    if some_refused:
        raise click.exceptions.Exit(opt.SOME_REFUSED)
