"""The names that the server knows: fields of a series and filters of a search.

One row per name; the checks here and the options of the command line are made from these two
tables. May touch: this room's errors.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from skyportal_series.client.errors import UnknownName

Kind = Literal["text", "whole", "number", "flag", "ids", "object", "alignment", "date", "order"]


@dataclass(frozen=True)
class Name:
    """`name` as the server spells it, what kind of value it takes, and what it means."""

    name: str
    kind: Kind
    meaning: str


FIELDS: tuple[Name, ...] = (
    Name("obj_id", "text", "The object that the series belongs to."),
    Name("instrument_id", "whole", "The instrument it was taken with."),
    Name("series_name", "text", "Which series, such as a TESS sector or a night."),
    Name("series_obj_id", "text", "The object's number inside that series."),
    Name("filter", "text", "Bandpass, such as ztfr or tess."),
    Name("ra", "number", "Right ascension, degrees."),
    Name("dec", "number", "Declination, degrees."),
    Name("exp_time", "number", "Exposure time of each point, seconds."),
    Name("group_ids", "ids", "Groups that may read it: ids, or all."),
    Name("stream_ids", "ids", "Streams that it came from."),
    Name("channel", "text", "Channel of an instrument with several."),
    Name("origin", "text", "Where the data come from."),
    Name("limiting_mag", "number", "Limiting magnitude, AB."),
    Name("magref", "number", "Reference magnitude, AB."),
    Name("e_magref", "number", "Uncertainty of magref."),
    Name("ref_flux", "number", "Reference flux, µJy."),
    Name("ref_fluxerr", "number", "Uncertainty of ref_flux, µJy."),
    Name("ra_unc", "number", "Uncertainty of ra, degrees."),
    Name("dec_unc", "number", "Uncertainty of dec, degrees."),
    Name("followup_request_id", "whole", "The follow-up request behind it."),
    Name("assignment_id", "whole", "The assignment behind it."),
    Name("time_stamp_alignment", "alignment", "Where in the exposure the time is."),
    Name("altdata", "object", "Anything else, as a JSON object."),
)

FILTERS: tuple[Name, ...] = (
    Name("ra", "number", "Centre of a cone search, degrees; with dec and radius."),
    Name("dec", "number", "Centre of a cone search, degrees."),
    Name("radius", "number", "Radius of a cone search, degrees."),
    Name("objectID", "text", "Part of the object's id."),
    Name("rejectedObjectID", "text", "None of these objects, comma-separated."),
    Name("seriesName", "text", "Name of the series."),
    Name("seriesObjID", "text", "The object's number inside the series."),
    Name("filter", "text", "Bandpass."),
    Name("channel", "text", "Channel."),
    Name("origin", "text", "Origin."),
    Name("hash", "text", "MD5 of the stored file."),
    Name("filename", "text", "Name of the stored file."),
    Name("startBefore", "date", "First point before this date, UTC."),
    Name("startAfter", "date", "First point after."),
    Name("midBefore", "date", "Middle of the series before."),
    Name("midAfter", "date", "Middle of the series after."),
    Name("endBefore", "date", "Last point before."),
    Name("endAfter", "date", "Last point after."),
    Name("detected", "flag", "Whether any point is a detection."),
    Name("expTime", "number", "Exposure time, seconds."),
    Name("minExpTime", "number", "Exposure time at least."),
    Name("maxExpTime", "number", "Exposure time at most."),
    Name("minFrameRate", "number", "Frame rate at least, Hz."),
    Name("maxFrameRate", "number", "Frame rate at most, Hz."),
    Name("minNumExposures", "whole", "Number of points at least."),
    Name("maxNumExposures", "whole", "Number of points at most."),
    Name("instrumentID", "whole", "Instrument."),
    Name("followupRequestID", "whole", "Follow-up request."),
    Name("assignmentID", "whole", "Assignment."),
    Name("ownerID", "whole", "Owner."),
    Name("magBrighterThan", "number", "Mean magnitude at most."),
    Name("magFainterThan", "number", "Mean magnitude at least."),
    Name("limitingMagBrighterThan", "number", "Limiting magnitude at most."),
    Name("limitingMagFainterThan", "number", "Limiting magnitude at least."),
    Name("limitingMagIsNaN", "flag", "Has no limiting magnitude."),
    Name("magrefBrighterThan", "number", "Reference magnitude at most."),
    Name("magrefFainterThan", "number", "Reference magnitude at least."),
    Name("minRMS", "number", "RMS of the magnitudes at least."),
    Name("maxRMS", "number", "RMS of the magnitudes at most."),
    Name("useRobustMagAndRMS", "flag", "Robust magnitude and RMS instead of the plain ones."),
    Name("minMedianSNR", "number", "Median signal to noise at least."),
    Name("maxMedianSNR", "number", "Median signal to noise at most."),
    Name("minBestSNR", "number", "Best signal to noise at least."),
    Name("maxBestSNR", "number", "Best signal to noise at most."),
    Name("minWorstSNR", "number", "Worst signal to noise at least."),
    Name("maxWorstSNR", "number", "Worst signal to noise at most."),
    Name("sortBy", "text", "A column of the answer to sort by."),
    Name("sortOrder", "order", "asc or desc."),
)

#: Spellings that SkyPortal's documentation has.
ALIASES = {
    "rejectedObjectIDs": "rejectedObjectID",
    "midTimeBefore": "midBefore",
    "midTimeAfter": "midAfter",
    "limitingMagIsNone": "limitingMagIsNaN",
}

FIELD_NAMES = frozenset(field.name for field in FIELDS)


def check_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` without those that are None. Raises UnknownName for a name that is none."""
    for name in fields:
        if name not in FIELD_NAMES:
            raise _unknown("field", name, FIELD_NAMES)
    return {name: value for name, value in fields.items() if value is not None}


def server_filters(filters: Mapping[str, Any]) -> dict[str, Any]:
    """`filters`, in snake_case or camelCase, by the server's names, without those that are None.

    Raises UnknownName: a server that ignores what it does not know would return everything.
    """
    known = {_plain(entry.name): entry.name for entry in FILTERS}
    known |= {_plain(alias): name for alias, name in ALIASES.items()}
    result: dict[str, Any] = {}
    for name, value in filters.items():
        server_name = known.get(_plain(name))
        if server_name is None:
            raise _unknown("filter", name, [snake(entry.name) for entry in FILTERS])
        if server_name in result:
            raise UnknownName(f"The filter {server_name} is given twice, in two spellings.")
        if value is not None:
            result[server_name] = value
    return result


def snake(name: str) -> str:
    """`minMedianSNR` → `min_median_snr`, `limitingMagIsNaN` → `limiting_mag_is_nan`."""
    for word in ("NaN", "SNR", "RMS", "ID"):
        name = name.replace(word, word.capitalize())
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _unknown(what: str, name: str, known: Iterable[str]) -> UnknownName:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(sorted(known))}."
    return UnknownName(f"There is no {what} {name}{hint}")
