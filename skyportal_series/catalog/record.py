"""Between the fields of an upload, the columns of a row and the metadata of a file."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, log10
from typing import Any

from ..schemas.upload import FIELD_NAMES
from ..series.photometry import POGSON, ZERO_POINT
from .references import Sharing
from .rows import Answer

SHARED = ("group_ids", "stream_ids")
#: Leaves the sharing of a series as it is.
UNSHARED = Sharing(None, None)

#: Columns that may not be null; NaN stands in them for no value.
_NEVER_NULL = (
    "limiting_mag",
    "mjd_first",
    "mjd_mid",
    "mjd_last",
    "mag_first",
    "mag_last",
    "frame_rate",
)


def fields_of(current: Answer | None) -> dict[str, Any]:
    """A series as it is, as fields of an upload; sharing aside, which stays unless given."""
    fields = {name: (current or {}).get(name) for name in FIELD_NAMES if name not in SHARED}
    return {name: value for name, value in fields.items() if has_value(value)}


def has_value(value: Any) -> bool:
    """Whether it is neither None nor NaN."""
    return value is not None and (not isinstance(value, float) or isfinite(value))


def to_look_up(
    fields: Mapping[str, Any], given: Mapping[str, Any], current: Answer | None
) -> dict[str, Any]:
    """What the upload refers to anew; what the series referred to before is not asked again."""
    if current is None:
        return {"group_ids": [], **fields}
    return {
        name: value
        for name, value in fields.items()
        if name in given and value != current.get(name, ...)
    }


def columns_of(fields: Mapping[str, Any], summary: Mapping[str, Any] | None) -> dict[str, Any]:
    """The row's columns, of the checked fields and, where the points are new, their summary."""
    columns = {name: fields.get(name) for name in FIELD_NAMES if name not in SHARED}
    magref, e_magref = columns.pop("magref"), columns.pop("e_magref")
    if magref is not None:
        columns["ref_flux"] = 10 ** ((ZERO_POINT - magref) / 2.5)
    if e_magref is not None and (columns["ref_flux"] or 0) > 0:  # else no magnitude either
        columns["ref_fluxerr"] = e_magref * columns["ref_flux"] / POGSON
    return without_nulls(columns | dict(summary or {}))


def without_nulls(columns: dict[str, Any]) -> dict[str, Any]:
    """NaN for None in those columns that may not be null."""
    nan = {name: float("nan") for name in _NEVER_NULL if columns.get(name, ...) is None}
    return columns | nan


def metadata_of(
    fields: Mapping[str, Any], sharing: Sharing, current: Answer | None
) -> dict[str, Any]:
    """The metadata of the file: every field that has a value."""
    columns = columns_of(fields, None)
    metadata = {name: value for name, value in columns.items() if has_value(value)}
    flux, error = metadata.get("ref_flux", 0), metadata.get("ref_fluxerr")
    if flux > 0:
        metadata["magref"] = ZERO_POINT - 2.5 * log10(flux)
        if error is not None:
            metadata["e_magref"] = POGSON * error / flux
    for name in SHARED:
        ids = getattr(sharing, name)
        metadata[name] = list(ids) if ids is not None else (current or {}).get(name, [])
    return metadata
