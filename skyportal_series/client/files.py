"""Files → columns as they came. May touch: files; pandas, astropy and pyarrow when asked to."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skyportal_series.client.errors import BadSource
from skyportal_series.client.images import unpack
from skyportal_series.client.raw import Raw, from_columns, from_table

#: Suffix → format, for reading and for downloads alike.
FORMATS: Mapping[str, str] = {
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".hdf": "hdf5",
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".ecsv": "ecsv",
    ".vot": "votable",
    ".votable": "votable",
    ".xml": "votable",
    ".fits": "fits",
    ".fit": "fits",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}


def format_of(path: Path) -> str:
    """The format that the suffix names; `.gz` is looked through. Raises BadSource."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    name = FORMATS.get(suffixes[-1] if suffixes else "")
    if name is None:
        known = ", ".join(FORMATS)
        raise BadSource(f"{path.name} does not say what it is; known suffixes are {known}.")
    return name


def read_file(path: Path) -> Raw:
    """The columns in the file at `path`. Raises BadSource, which names the file."""
    name = format_of(path)
    with _blaming(path, name):
        if name in ("csv", "tsv") and _is_ecsv(path):
            name = "ecsv"
        return READERS[name](path)


@contextmanager
def _blaming(path: Path, name: str) -> Iterator[None]:
    try:
        yield
    except BadSource as problem:
        raise BadSource(f"{path}: {problem.message}") from problem
    except ImportError as problem:
        needed = problem.name or problem
        raise BadSource(f"{path}: reading {name} needs the package {needed}.") from problem
    except OSError as problem:
        text = problem.strerror or problem
        raise BadSource(f"{path}: cannot be read: {text}") from problem
    except (ValueError, TypeError, KeyError, IndexError) as problem:
        raise BadSource(f"{path}: is not valid {name}: {problem}") from problem


def _is_ecsv(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(7) == b"# %ECSV"


def _read_csv(path: Path) -> Raw:
    import pandas as pd

    separator = "\t" if format_of(path) == "tsv" else ","
    return Raw(pd.read_csv(path, sep=separator, skiprows=_leading_comments(path)))


def _leading_comments(path: Path) -> int:
    """Only whole lines at the top are comments: a # elsewhere may be part of a value."""
    if path.suffix.lower() == ".gz":
        return 0
    with path.open("rb") as file:
        return sum(1 for _ in itertools.takewhile(lambda line: line.startswith(b"#"), file))


def _read_json(path: Path) -> Raw:
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict) or not all(isinstance(v, list) for v in content.values()):
        raise BadSource("must be an object of columns, each a list of values.")
    return from_columns(content.items(), {})


def _read_parquet(path: Path) -> Raw:
    import pyarrow.parquet

    return _from_arrow(pyarrow.parquet.read_table(path))


def _read_arrow(path: Path) -> Raw:
    import pyarrow.feather

    return _from_arrow(pyarrow.feather.read_table(path))


def _from_arrow(table: Any) -> Raw:
    raw = Raw(table.to_pandas())
    header = (table.schema.metadata or {}).get(b"metadata")
    if header:
        raw.header = json.loads(header)
    return raw


def _read_ecsv(path: Path) -> Raw:
    from astropy.table import Table

    return from_table(Table.read(path, format="ascii.ecsv"))


def _read_votable(path: Path) -> Raw:
    """The first table; PARAMs are its header."""
    from astropy.io.votable import parse

    votable = parse(path)
    table = votable.get_first_table()
    raw = from_table(table.to_table(use_names_over_ids=True))
    raw.header |= {param.name: param.value for param in table.params}
    altdata = [info.value for info in table.infos if info.name == "altdata"]
    if altdata:
        raw.header["altdata"] = json.loads(altdata[0])
    return raw


def _read_fits(path: Path) -> Raw:
    """The first table; the primary header has the position in many missions' files."""
    import warnings

    from astropy.io import fits
    from astropy.table import Table

    with warnings.catch_warnings(), fits.open(path, memmap=False) as hdus:
        warnings.simplefilter("ignore")  # units such as `BJD - 2457000, days` are none to astropy
        tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
        if not tables:
            raise BadSource("has no table.")
        raw = from_table(Table.read(tables[0]))
        raw.header = fits_header(dict(hdus[0].header) | dict(tables[0].header))
    return raw


def fits_header(cards: dict[str, Any]) -> dict[str, Any]:
    """`cards`, and those that this package's own files have under the names of the fields."""
    from skyportal_series.formats.fits import KEYWORDS
    from skyportal_series.formats.words import ALIGNMENT

    alignments = {place: name for name, place in ALIGNMENT.items()}
    if cards.get("TIMEPIXR") in alignments:
        cards["time_stamp_alignment"] = alignments[cards["TIMEPIXR"]]
    if "SERNAME" in cards:  # others mean other things by CHANNEL and ORIGIN
        cards |= {ours: cards[name] for ours, (name, _) in KEYWORDS.items() if name in cards}
        cards["altdata"] = json.loads(cards.get("ALTDATA", "{}"))
    return cards


def _read_hdf5(path: Path) -> Raw:
    frame, header = unpack(path.read_bytes())
    return Raw(frame, {}, header)


READERS: Mapping[str, Callable[[Path], Raw]] = {
    "hdf5": _read_hdf5,
    "csv": _read_csv,
    "tsv": _read_csv,
    "json": _read_json,
    "ecsv": _read_ecsv,
    "votable": _read_votable,
    "fits": _read_fits,
    "parquet": _read_parquet,
    "arrow": _read_arrow,
}
