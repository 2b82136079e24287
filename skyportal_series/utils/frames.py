"""JSON columns → a frame. May touch: numpy, errors.

A column holds numbers, or true and false, or text, and null where a value is missing. Nothing is
guessed: what pandas would keep as Python objects is refused by the column's name.
"""

from __future__ import annotations

from operator import countOf
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInput
from .hdf5_files import ReadLimits
from .plain_frame import PlainFrame

_NOT_A_FRAME = "Could not convert data to a DataFrame."


def frame_from_columns(columns: dict[str, Any], limits: ReadLimits) -> PlainFrame:
    """A frame of `columns` (name → list, or array of numbers, all of one length).

    A lone value is repeated.

    Takes the lists out of `columns`, as they need four times the memory of what is made of them.
    Raises InvalidInput, with every problem found under `problems["data"]`.
    """
    if not columns:
        raise _invalid(["Must supply a non-empty DataFrame."])
    if len(columns) > limits.columns:
        raise _invalid([f"{len(columns):,} columns; limits.columns allows {limits.columns:,}."])
    rows = _rows(columns, limits)
    arrays: dict[str, npt.NDArray[Any]] = {}
    problems = []
    for name in list(columns):
        values = columns.pop(name)
        try:
            arrays[name] = _array(name, values if _is_column(values) else [values] * rows)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise _invalid([_NOT_A_FRAME, *problems])
    return PlainFrame(arrays)


def _rows(columns: dict[str, Any], limits: ReadLimits) -> int:
    lengths = {name: len(values) for name, values in columns.items() if _is_column(values)}
    if not lengths:
        raise _invalid([_NOT_A_FRAME, 'Give columns as lists: {"mjd": […], "flux": […]}.'])
    if len(set(lengths.values())) > 1:
        name, other = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        lengths_differ = (
            f"Columns differ in length: {name[:80]!r} has {lengths[name]:,} rows, "
            f"{other[:80]!r} has {lengths[other]:,}."
        )
        raise _invalid([_NOT_A_FRAME, lengths_differ])
    rows = next(iter(lengths.values()))
    if rows == 0:
        raise _invalid(["Must supply a non-empty DataFrame."])
    if rows > limits.rows:
        raise _invalid([f"{rows:,} rows; limits.rows allows {limits.rows:,}."])
    if rows * len(columns) * 8 > limits.frame_bytes:
        too_large = f"{rows:,} rows of {len(columns):,} columns need more memory than "
        raise _invalid([f"{too_large}limits.frame_bytes ({limits.frame_bytes:,}) allows."])
    return rows


def _is_column(values: Any) -> bool:
    return isinstance(values, list | np.ndarray)


def _array(name: str, values: list[Any] | npt.NDArray[Any]) -> npt.NDArray[Any]:
    """One column; ValueError where it mixes kinds or holds what no column can hold."""
    if isinstance(values, np.ndarray):
        return values
    if countOf(map(type, values), float) == len(values):
        return np.fromiter(values, np.float64, len(values))
    found = set(map(type, values))
    kinds, missing = found - {type(None)}, type(None) in found
    if kinds <= {int, float}:
        if kinds == {int} and not missing:
            return _integers(name, values)
        return np.array(values, dtype=np.float64)
    if kinds == {bool} and not missing:
        return np.array(values, dtype=np.bool_)
    if kinds == {str}:
        if any(value is not None and "\0" in value for value in values):
            raise ValueError(f"Column {name[:80]!r} holds text with NUL characters; remove them.")
        return np.array(values, dtype=object)
    if kinds == {bool}:
        raise ValueError(f"Column {name[:80]!r} mixes true and false with null; use 1, 0 and null.")
    raise ValueError(
        f"Column {name[:80]!r} holds {_describe(kinds)}; "
        "a column takes numbers, or true and false, or text, and null where a value is missing."
    )


def _integers(name: str, values: list[int]) -> npt.NDArray[Any]:
    low, high = min(values), max(values)
    if high < 2**63:
        return np.array(values, dtype=np.int64)
    if low >= 0:
        return np.array(values, dtype=np.uint64)
    raise ValueError(f"Column {name[:80]!r} holds whole numbers that need more than 64 bits.")


_NAMES = {
    bool: "true or false",
    dict: "objects",
    float: "numbers",
    int: "numbers",
    list: "lists",
    str: "text",
}


def _describe(kinds: set[type[Any]]) -> str:
    return " and ".join(sorted({_NAMES[kind] for kind in kinds}))


def _invalid(problems: list[str]) -> InvalidInput:
    return InvalidInput(" ".join(problems), {"data": problems})
