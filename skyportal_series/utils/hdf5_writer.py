"""A pandas table written with h5py: the layout of pandas and PyTables, without either.

What PyTables writes depends on its version, on pandas', and on which texts are one object. What
is written here depends on the frame and the metadata alone, is smaller, and takes less time. The
attributes are those that pandas from 2.0 on needs to read it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from h5py import h5d, h5f, h5g, h5p, h5s, h5t
from isal import isal_zlib

from skyportal_series.errors import InvalidInput
from skyportal_series.utils import hdf5_create
from skyportal_series.utils.hdf5_columns import Column, Columns
from skyportal_series.utils.hdf5_create import set_attributes
from skyportal_series.utils.hdf5_fields import MAX_TEXT_WIDTH
from skyportal_series.utils.hdf5_layout import MAX_CHUNK_BYTES
from skyportal_series.utils.plain_metadata import plain_metadata

CHUNK_BYTES = 256 * 1024
SLAB_BYTES = 4 * 2**20  # of rows put together at a time
COMPRESSION_LEVEL = 1

_GROUP = {"CLASS": "GROUP", "TITLE": "", "VERSION": "1.0"}
_TABLE = {"CLASS": "TABLE", "TITLE": "", "VERSION": "2.7"}
_INDEX_KINDS = {"i": "integer", "u": "integer", "f": "float", "b": "bool", "S": "string"}


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of the rows: the index, or the columns of one type side by side."""

    name: str
    columns: list[Column]

    @property
    def shape(self) -> tuple[int, ...]:
        return () if self.name == "index" else (len(self.columns),)

    @property
    def stored(self) -> np.dtype[Any]:
        return self.columns[0].values.dtype.newbyteorder("<")

    def hdf5_type(self) -> h5t.TypeID:
        if self.stored.kind == "b":
            scalar = h5t.STD_B8LE
        elif self.stored.kind == "S":
            scalar = hdf5_create.text_type(self.stored.itemsize, h5t.CSET_ASCII)
        else:
            scalar = h5t.py_create(self.stored)
        return h5t.array_create(scalar, self.shape) if self.shape else scalar

    def attributes(self) -> dict[str, Any]:
        return {
            f"{self.name}_dtype": self.columns[0].dtype,
            f"{self.name}_kind": [column.name for column in self.columns],
            f"{self.name}_meta": None,
        }


def write_table(file: h5f.FileID, columns: Columns, key: str, metadata: Callable[[], Any]) -> None:
    """Writes a frame under /key into an empty file, with what `metadata` gives: late, but before
    the rows, as HDF5 leaves a hole between a few rows and what comes after them.

    Raises InvalidInput for metadata, or names, that HDF5 has no room for.
    """
    fields = [_Field("index", [columns.index]), *_blocks(columns)]
    set_attributes(h5g.open(file, b"/"), _GROUP | {"PYTABLES_FORMAT_VERSION": "2.1"})
    group = h5g.create(file, key.encode(), gcpl=hdf5_create.plan(h5p.GROUP_CREATE))
    set_attributes(group, _GROUP | _frame_attributes(columns, fields))
    row = np.dtype([(field.name, field.stored, field.shape) for field in fields])
    table = _create_table(group, row, fields, len(columns.index.values))
    set_attributes(table, _TABLE | _index_attributes(columns.index, columns.missing))
    for field in fields[1:]:
        set_attributes(table, field.attributes())
    chunks = _packed_chunks(table, row, fields)
    first = next(chunks)
    _set_metadata(group, metadata())
    for start, packed in chain([first], chunks):
        table.write_direct_chunk((start,), packed)


def _set_metadata(group: h5g.GroupID, metadata: Any) -> None:
    try:
        hdf5_create.set_literal(group, "metadata", "The metadata", plain_metadata(metadata))
    except InvalidInput as error:  # not the data's fault
        raise InvalidInput(error.message, {"metadata": [error.message]}) from None


def _blocks(columns: Columns) -> list[_Field]:
    by_type: dict[tuple[Any, str], list[Column]] = {}
    for column in columns.columns:
        by_type.setdefault((column.values.dtype, column.dtype), []).append(column)
    return [_Field(f"values_block_{i}", block) for i, block in enumerate(by_type.values())]


def _frame_attributes(columns: Columns, fields: list[_Field]) -> dict[str, Any]:
    index, *blocks = [field.name for field in fields]
    title = columns.index.name
    return {
        "data_columns": [],
        "encoding": "UTF-8",
        "errors": "strict",
        "index_cols": [(0, index)],
        "info": {
            1: {"names": [columns.title], "type": "Index"},
            index: {} if title is None else {"index_name": title},
        },
        "levels": 1,
        "nan_rep": columns.missing,
        "non_index_axes": [(1, [column.name for column in columns.columns])],
        "pandas_type": "frame_table",
        "pandas_version": "0.15.2",
        "table_type": "appendable_frame",
        "values_cols": blocks,
    }


def _index_attributes(index: Column, missing: str) -> dict[str, str]:
    """pandas calls an index' type by a shorter name than a column's."""
    if index.dtype.startswith(("datetime64", "timedelta64")):
        return {"index_kind": index.dtype}
    kind = {"index_kind": _INDEX_KINDS[index.values.dtype.kind]}
    if index.values.dtype.kind != "S":
        return kind
    holds_missing = missing.encode() in index.values[:]
    return kind | {"index_nan_rep": missing if holds_missing else ""}


def _create_table(
    group: h5g.GroupID, row: np.dtype[Any], fields: list[_Field], rows: int
) -> h5d.DatasetID:
    _check_sizes(row, fields)
    places: Mapping[str, Any] = row.fields or {}
    kind = h5t.create(h5t.COMPOUND, row.itemsize)
    for field in fields:
        kind.insert(field.name.encode(), places[field.name][1], field.hdf5_type())
    properties = hdf5_create.plan(h5p.DATASET_CREATE)
    properties.set_chunk((min(rows, max(1, CHUNK_BYTES // row.itemsize)),))
    if COMPRESSION_LEVEL:
        properties.set_shuffle()
        properties.set_deflate(COMPRESSION_LEVEL)
    space = h5s.create_simple((rows,), (h5s.UNLIMITED,))
    return h5d.create(group, b"table", kind, space, properties)


def _check_sizes(row: np.dtype[Any], fields: list[_Field]) -> None:
    """Write nothing that the reader would refuse."""
    for field in fields:
        if field.stored.kind == "S" and field.stored.itemsize > MAX_TEXT_WIDTH:
            name = max(field.columns, key=lambda column: column.values.dtype.itemsize).name
            raise InvalidInput(
                f"Column {name!r:.80} holds a text of {field.stored.itemsize:,} bytes; "
                f"{MAX_TEXT_WIDTH:,} is the most."
            )
    if row.itemsize > MAX_CHUNK_BYTES:
        raise InvalidInput(
            f"A row takes {row.itemsize:,} bytes, as all texts of a column take as many as the "
            f"longest; {MAX_CHUNK_BYTES:,} is the most."
        )


def _packed_chunks(
    table: h5d.DatasetID, row: np.dtype[Any], fields: list[_Field]
) -> Iterator[tuple[int, bytes]]:
    """Each chunk, and which row it begins with."""
    (rows,), (chunk_rows,) = table.shape, table.get_create_plist().get_chunk()
    slab_rows = chunk_rows * max(1, SLAB_BYTES // (chunk_rows * row.itemsize))
    for start in range(0, rows, slab_rows):
        slab = _slab(row, fields, slice(start, min(start + slab_rows, rows)), chunk_rows)
        for offset in range(0, len(slab), chunk_rows):
            yield start + offset, _packed(slab[offset : offset + chunk_rows])


def _slab(
    row: np.dtype[Any], fields: list[_Field], rows: slice, chunk_rows: int
) -> npt.NDArray[Any]:
    """Some rows, and zeros up to the end of their last chunk."""
    count = rows.stop - rows.start
    slab = np.zeros(-(-count // chunk_rows) * chunk_rows, row)
    for field in fields:
        view = slab[field.name].reshape(len(slab), -1)
        for number, column in enumerate(field.columns):
            view[:count, number] = column.values[rows]
    return slab


def _packed(chunk: npt.NDArray[Any]) -> bytes:
    """A chunk as HDF5's shuffle and gzip filters leave it."""
    if not COMPRESSION_LEVEL:
        return chunk.tobytes()
    rows_of_bytes = chunk.view(np.uint8).reshape(len(chunk), chunk.itemsize)
    # ISA-L's deflate is as small as zlib's level 1 in a fifth to a tenth of the time.
    packed: bytes = isal_zlib.compress(rows_of_bytes.T.tobytes(), COMPRESSION_LEVEL)
    return packed
