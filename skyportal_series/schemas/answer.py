"""The shape of a series in an answer: exactly these keys, for clients that refuse others.

Types and nullability come from the model; what the values mean stands here, and goes from here into
the OpenAPI document.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.types import TypeDecorator

from ..enum_types import TIME_STAMP_ALIGNMENTS
from ..models import Group, PhotometricSeries, PostgresEnum, Stream

#: The columns of the row, in the order of the answer, and what they are.
MEANINGS: dict[str, str] = {
    "id": "Id of the series.",
    "created_at": "When it was uploaded, UTC.",
    "modified": "When it was last changed, UTC.",
    "obj_id": "The object (source) that it is of.",
    "series_name": "Name of the series, the folder path of its file.",
    "series_obj_id": "The object's id within the series.",
    "filter": "Bandpass.",
    "channel": "Channel or CCD of the instrument.",
    "origin": "Where the data came from.",
    "filename": "Path of the HDF5 file on the server.",
    "ra": "Right ascension, degrees.",
    "dec": "Declination, degrees.",
    "ra_unc": "Uncertainty of ra, degrees.",
    "dec_unc": "Uncertainty of dec, degrees.",
    "mjd_first": "Time of the first point, MJD.",
    "mjd_mid": "Middle between the first and the last point, MJD.",
    "mjd_last": "Time of the last point, MJD.",
    "mjd_last_detected": "Time of the last detection, MJD.",
    "mag_first": "AB magnitude of the first point.",
    "mag_last": "AB magnitude of the last point.",
    "mag_last_detected": "AB magnitude of the last detection.",
    "is_detected": "Whether any point is a detection.",
    "exp_time": "Exposure time, seconds.",
    "frame_rate": "One over the median time between points, Hz.",
    "num_exp": "Number of points.",
    "time_stamp_alignment": "Which moment of the exposure a time stands for.",
    "limiting_mag": "Limiting magnitude, AB.",
    "ref_flux": "Reference flux, µJy.",
    "ref_fluxerr": "Its uncertainty, µJy.",
    "mean_mag": "Mean of the magnitudes.",
    "rms_mag": "Standard deviation of the magnitudes.",
    "robust_mag": "Mean of the magnitudes without outliers.",
    "robust_rms": "Standard deviation of the magnitudes without outliers.",
    "median_snr": "Median signal-to-noise ratio of the points.",
    "best_snr": "Greatest signal-to-noise ratio of a point.",
    "worst_snr": "Least signal-to-noise ratio of a point.",
    "medians": "Median of every numeric column of the data.",
    "maxima": "Maximum of every numeric column of the data.",
    "minima": "Minimum of every numeric column of the data.",
    "stds": "Standard deviation of every numeric column of the data.",
    "altdata": "Anything else that was uploaded with it.",
    "hash": "MD5 of the HDF5 file.",
    "autodelete": "Whether the file goes when the series is deleted.",
    "instrument_id": "The instrument.",
    "followup_request_id": "The followup request that it answers.",
    "assignment_id": "The observing run's assignment that it answers.",
    "owner_id": "The user who uploaded it.",
}
COLUMNS: tuple[str, ...] = tuple(MEANINGS)

#: What is told of a group, and of a stream.
GROUP_COLUMNS = ("id", "name", "nickname", "single_user_group")
STREAM_COLUMNS = ("id", "name")

#: Every key of a series in an answer.
KEYS: tuple[str, ...] = (*COLUMNS, "group_ids", "stream_ids", "groups", "streams", "data")

#: Columns that hold an object: these have no place in the cursor of a scan.
OBJECTS = ("medians", "maxima", "minima", "stds", "altdata")

Schema = dict[str, Any]
_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object"}
_DETAILS: dict[str, Schema] = {
    "time_stamp_alignment": {"enum": list(TIME_STAMP_ALIGNMENTS)},
    "hash": {"pattern": "^[0-9a-f]{32}$"},
}


def series_schema(data: Schema) -> Schema:
    """The JSON schema of a series whose `data` is described by the schema `data`."""
    table = PhotometricSeries.__table__
    properties = {
        name: _column_schema(table.c[name]) | _DETAILS.get(name, {}) | {"description": meaning}
        for name, meaning in MEANINGS.items()
    }
    for name, kind, columns in (
        ("group", Group, GROUP_COLUMNS),
        ("stream", Stream, STREAM_COLUMNS),
    ):
        told = _object({column: _column_schema(kind.__table__.c[column]) for column in columns})
        properties[f"{name}_ids"] = _list_of({"type": "integer"}, f"The {name}s that may read it.")
        properties[f"{name}s"] = _list_of(told, f"What is known of these {name}s.")
    return _object({key: properties.get(key, data) for key in KEYS})


def python_type_of(name: str) -> type:
    """The Python type of the values of a column of the answer."""
    return _python_type(PhotometricSeries.__table__.c[name].type)


def _column_schema(column: Any) -> Schema:
    kind = _python_type(column.type)
    if kind is datetime:
        return {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?$"}
    name = _JSON_TYPES[kind]
    # Where no null may be, floats hold NaN for no value, which leaves as null.
    return {"type": [name, "null"] if column.nullable or kind is float else name}


def _python_type(kind: Any) -> type:
    """The Python type of a column's values; types of our own do not say theirs."""
    if isinstance(kind, PostgresEnum):
        return str
    found: type = dict if isinstance(kind, TypeDecorator) else kind.python_type
    return found


def _object(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list_of(items: Schema, description: str) -> Schema:
    return {"type": "array", "items": items, "description": description}
