"""What the columns say about the whole series. May touch: numpy and this room."""

from __future__ import annotations

import numpy as np

from skyportal_series.series.columns import FIELDS, Columns, as_floats, first_present, is_missing
from skyportal_series.series.moments import median


def infer(columns: Columns) -> tuple[dict[str, float | str], dict[str, list[str]]]:
    """Those of ra, dec (deg), exp_time (s), filter and limiting_mag that `columns` give.

    Numbers are medians over the finite values; a filter is given by one and the same value in
    all rows. With them, field → why a column that is there gave no value, which matters where
    nothing else gives one.
    """
    fields: dict[str, float | str] = {}
    problems: dict[str, list[str]] = {}
    for field, names in FIELDS.items():
        name = first_present(columns, names)
        if name is None:
            continue
        try:
            value = _filter(columns, name) if field == "filter" else _middle(columns, field, name)
        except ValueError as problem:
            problems[field] = [f'Column "{name}" {problem}.']
            continue
        if value is not None:
            fields[field] = value
    return fields, problems


def _middle(columns: Columns, field: str, name: str) -> float | None:
    try:
        values = as_floats(columns[name])
    except ValueError as problem:
        raise ValueError(f"must hold numbers; found {problem}") from None
    values = values[~np.isnan(values)]
    if not values.size:
        return None
    if field == "ra" and np.ptp(values) > 180:  # the star sits astride 0 h
        values = np.where(values > 180, values - 360, values)
        return median(values) % 360
    return median(values)


def _filter(columns: Columns, name: str) -> str | None:
    found = {None if is_missing(value) else _text(value) for value in columns[name].tolist()}
    if found == {None}:
        return None
    if len(found) > 1:
        some = ", ".join(sorted("nothing" if text is None else text for text in found)[:5])
        raise ValueError(f"must hold one filter in all rows; found {len(found)}: {some}")
    return found.pop()


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
