"""The query arguments of a list of series: one table, one row per argument.

From it come what is accepted (`read_query`), the SQL (`conditions`), the OpenAPI text and
`docs/api.md`. No argument is named anywhere else.
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from ..errors import InvalidInput
from ..models import Obj, PhotometricSeries, as_text, within
from ..series.photometry import ZERO_POINT
from . import query_types as kinds
from .query_types import Kind

Compare = Callable[[Any, Any], Any]


def of_object_like(column: Any, value: str) -> Any:
    """Is of an object whose id holds `value` anywhere; % and _ stand for themselves.

    Looked for among the objects: they are fewer, and lead to their series.
    """
    return column.in_(select(Obj.id).where(Obj.id.contains(value, autoescape=True)))


def not_among(column: Any, values: list[str]) -> Any:
    """Is none of `values`."""
    return column.not_in(values)


def has_none(column: Any, wanted: bool) -> Any:
    """Holds NaN, which stands for no value in columns that may not be null; or does not."""
    nan = float("nan")
    return operator.eq(column, nan) if wanted else operator.ne(column, nan)


@dataclass(frozen=True)
class Argument:
    """A query argument. `column` and `compare` say which rows it keeps, if it is about rows."""

    name: str
    kind: Kind
    meaning: str
    example: str
    column: str | None = None
    compare: Compare | None = None
    #: The column instead, where useRobustMagAndRMS is given.
    robust: str | None = None
    #: A second spelling that SkyPortal's documentation has.
    alias: str | None = None
    default: Any = None

    @property
    def spellings(self) -> tuple[str, ...]:
        return (self.name, self.alias) if self.alias else (self.name,)


eq, ge, le, gt, lt = operator.eq, operator.ge, operator.le, operator.gt, operator.lt

# fmt: off
ARGUMENTS: tuple[Argument, ...] = (
    Argument("ra", kinds.RIGHT_ASCENSION, "Right ascension of a cone search, degrees; with dec and radius", "291.37"),
    Argument("dec", kinds.DECLINATION, "Declination of a cone search, degrees; with ra and radius", "42.78"),
    Argument("radius", kinds.RADIUS, "Radius of a cone search, degrees; with ra and dec", "0.01"),
    Argument("objectID", kinds.TEXT, "The object's id contains this", "ZTF21", "obj_id", of_object_like),
    Argument("rejectedObjectID", kinds.TEXTS, "The object's id is none of these, separated by commas", "ZTF21aaa,ZTF21bbb", "obj_id", not_among, alias="rejectedObjectIDs"),
    Argument("seriesName", kinds.TEXT, "Name of the series", "tess/sector_2", "series_name", eq),
    Argument("seriesObjID", kinds.TEXT, "The object's id within the series", "114807149", "series_obj_id", eq),
    Argument("filter", kinds.TEXT, "Bandpass", "ztfr", "filter", eq),
    Argument("channel", kinds.TEXT, "Channel", "ccd3", "channel", eq),
    Argument("origin", kinds.TEXT, "Origin", "pipeline-2", "origin", eq),
    Argument("hash", kinds.TEXT, "MD5 of the stored file", "d41d8cd98f00b204e9800998ecf8427e", "hash", eq),
    Argument("filename", kinds.TEXT, "Path of the file; a relative one is below the series folder", "tess/sector_2/series_1_inst_1.h5", "filename", eq),
    Argument("startBefore", kinds.DATE, "The first point is before this date", "2024-05-01", "mjd_first", lt),
    Argument("startAfter", kinds.DATE, "The first point is after this date", "2024-05-01T12:30:00Z", "mjd_first", gt),
    Argument("midBefore", kinds.DATE, "The middle is before this date", "2024-05-01", "mjd_mid", lt, alias="midTimeBefore"),
    Argument("midAfter", kinds.DATE, "The middle is after this date", "2024-05-01", "mjd_mid", gt, alias="midTimeAfter"),
    Argument("endBefore", kinds.DATE, "The last point is before this date", "2024-05-01", "mjd_last", lt),
    Argument("endAfter", kinds.DATE, "The last point is after this date", "2024-05-01T00:00:00+02:00", "mjd_last", gt),
    Argument("detected", kinds.BOOLEAN, "Has a detection, or has none", "true", "is_detected", eq),
    Argument("expTime", kinds.NUMBER, "Exposure time, seconds", "30", "exp_time", eq),
    Argument("minExpTime", kinds.NUMBER, "Least exposure time, seconds", "10", "exp_time", ge),
    Argument("maxExpTime", kinds.NUMBER, "Greatest exposure time, seconds", "60", "exp_time", le),
    Argument("minFrameRate", kinds.NUMBER, "Least frame rate, Hz", "0.01", "frame_rate", ge),
    Argument("maxFrameRate", kinds.NUMBER, "Greatest frame rate, Hz", "10", "frame_rate", le),
    Argument("minNumExposures", kinds.INTEGER, "Fewest points", "100", "num_exp", ge),
    Argument("maxNumExposures", kinds.INTEGER, "Most points", "100000", "num_exp", le),
    Argument("instrumentID", kinds.INTEGER, "Instrument", "1", "instrument_id", eq),
    Argument("followupRequestID", kinds.INTEGER, "Followup request", "1", "followup_request_id", eq),
    Argument("assignmentID", kinds.INTEGER, "Assignment of an observing run", "1", "assignment_id", eq),
    Argument("ownerID", kinds.INTEGER, "User who uploaded it", "1", "owner_id", eq),
    Argument("magBrighterThan", kinds.NUMBER, "Mean magnitude is this or brighter", "18.5", "mean_mag", le, robust="robust_mag"),
    Argument("magFainterThan", kinds.NUMBER, "Mean magnitude is this or fainter", "16", "mean_mag", ge, robust="robust_mag"),
    Argument("limitingMagBrighterThan", kinds.NUMBER, "Limiting magnitude is this or brighter", "20", "limiting_mag", le),
    Argument("limitingMagFainterThan", kinds.NUMBER, "Limiting magnitude is this or fainter", "20", "limiting_mag", ge),
    Argument("limitingMagIsNaN", kinds.BOOLEAN, "Has no limiting magnitude, or has one", "true", "limiting_mag", has_none, alias="limitingMagIsNone"),
    Argument("magrefBrighterThan", kinds.NUMBER, "Reference magnitude is this or brighter", "18", "magref", le),
    Argument("magrefFainterThan", kinds.NUMBER, "Reference magnitude is this or fainter", "16", "magref", ge),
    Argument("minRMS", kinds.NUMBER, "Least scatter of the magnitudes", "0.01", "rms_mag", ge, robust="robust_rms"),
    Argument("maxRMS", kinds.NUMBER, "Greatest scatter of the magnitudes", "0.5", "rms_mag", le, robust="robust_rms"),
    Argument("useRobustMagAndRMS", kinds.BOOLEAN, "Magnitude and scatter are the robust ones", "true", default=False),
    Argument("minMedianSNR", kinds.NUMBER, "Least median signal-to-noise ratio", "5", "median_snr", ge),
    Argument("maxMedianSNR", kinds.NUMBER, "Greatest median signal-to-noise ratio", "100", "median_snr", le),
    Argument("minBestSNR", kinds.NUMBER, "Least best signal-to-noise ratio", "5", "best_snr", ge),
    Argument("maxBestSNR", kinds.NUMBER, "Greatest best signal-to-noise ratio", "100", "best_snr", le),
    Argument("minWorstSNR", kinds.NUMBER, "Least worst signal-to-noise ratio", "1", "worst_snr", ge),
    Argument("maxWorstSNR", kinds.NUMBER, "Greatest worst signal-to-noise ratio", "10", "worst_snr", le),
    Argument("dataFormat", kinds.DATA_FORMAT, "How the light curves come along", "none", default="none"),
    Argument("sortBy", kinds.COLUMN, "Column to sort by; equal ones by id", "mjd_first", default="obj_id"),
    Argument("sortOrder", kinds.ORDER, "Direction of the order", "desc", default="asc"),
    Argument("pageNumber", kinds.PAGE, "Page, from 1", "1", default=1),
    Argument("numPerPage", kinds.PAGE_SIZE, "Series on a page, at most 500", "100", default=100),
)
# fmt: on

CONE = ("ra", "dec", "radius")
#: What a request for one series takes.
DATA_FORMAT_ONLY = {
    "dataFormat": Argument(
        "dataFormat", kinds.DATA_FORMAT, "How the light curve comes along", "hdf5", default="json"
    )
}
BY_SPELLING = {spelling: row for row in ARGUMENTS for spelling in row.spellings}
_NOT_IN_SCANS = ("dataFormat", "sortBy", "pageNumber")
#: What a scan takes: the same filters, and a cursor instead of a page.
SCAN_ARGUMENTS: tuple[Argument, ...] = (
    *(row for row in ARGUMENTS if row.name not in _NOT_IN_SCANS),
    replace(
        BY_SPELLING["dataFormat"], kind=kinds.NO_DATA, meaning="Light curves do not come along"
    ),
    replace(BY_SPELLING["sortBy"], kind=kinds.SCAN_COLUMN),
    Argument(
        "after",
        kinds.TEXT,
        "The `next` of the page before; without it the first page",
        "WyJvYmpfaWQiLCJhc2MiLCJzdGFyMSIsN10",
    ),
)
SCAN_BY_SPELLING = {spelling: row for row in SCAN_ARGUMENTS for spelling in row.spellings}


@dataclass(frozen=True)
class Query:
    """A list's arguments, read and checked: those given, by name, over the defaults."""

    values: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name, BY_SPELLING[name].default)


def read_query(given: Mapping[str, list[str]], rows: Mapping[str, Argument] | None = None) -> Query:
    """The arguments of a request. Empty values count as absent.

    Raises
    ------
    InvalidInput
        For an unknown argument, one given twice, a bad value, or part of a cone; all together.
    """
    rows = BY_SPELLING if rows is None else rows
    values: dict[str, Any] = {}
    problems: dict[str, list[str]] = {}
    for spelling, texts in given.items():
        texts = [text for text in texts if text.strip()]
        if spelling not in rows:
            problems[spelling[:80]] = [_unknown(spelling[:80], list(rows))]
            continue
        if not texts:
            continue
        row = rows[spelling]
        try:
            if len(texts) > 1 or row.name in values:
                raise ValueError(f"Argument {spelling} is given more than once.")
            values[row.name] = row.kind.read(spelling, texts[0].strip())
        except ValueError as error:
            problems[spelling] = [str(error)]
    if missing := _missing_of_cone(values, problems):
        problems.setdefault(
            missing[0], [f"A cone search needs ra, dec and radius; missing: {', '.join(missing)}."]
        )
    if problems:
        raise InvalidInput(
            " ".join(text for texts in problems.values() for text in texts), problems
        )
    return Query(values)


def _missing_of_cone(values: Mapping[str, Any], problems: Mapping[str, Any]) -> list[str]:
    missing = [name for name in CONE if name not in values and name not in problems]
    return missing if any(name in values for name in CONE) else []


def _unknown(name: str, known: list[str]) -> str:
    lower = {spelling.lower(): spelling for spelling in known}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    hint = f" Did you mean {lower[near[0]]}?" if near else f" Known: {', '.join(sorted(known))}."
    return f"Unknown argument {name!r}.{hint}"


def conditions(query: Query) -> list[ColumnElement[bool]]:
    """What a row must fulfil to be on the list."""
    found: list[ColumnElement[bool]] = []
    robust = query["useRobustMagAndRMS"]
    for row in ARGUMENTS:
        if row.compare is not None and row.column is not None and row.name in query.values:
            column = (row.robust if robust else None) or row.column
            found.append(row.compare(column_named(column), query[row.name]))
    if "radius" in query.values:
        found.append(within(PhotometricSeries, query["ra"], query["dec"], query["radius"]))
    return found


def column_named(name: str) -> Any:
    """A column of the answer, or `magref`, as SQL compares and sorts it."""
    if name == "magref":
        flux = PhotometricSeries.ref_flux
        # To PostgreSQL, NaN is greater than infinity.
        finite = and_(flux > 0, flux < float("inf"))
        return case((finite, ZERO_POINT - 2.5 * func.log(flux)))
    column = getattr(PhotometricSeries, name)
    return as_text(column) if name == "filter" else column
