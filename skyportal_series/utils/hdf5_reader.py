"""From an open HDF5 file to columns: look at everything, check every size, then read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy.typing as npt
from h5py import h5f, h5p

from skyportal_series.errors import InvalidInput
from skyportal_series.utils.hdf5_chunks import read_blocks
from skyportal_series.utils.hdf5_fields import Block
from skyportal_series.utils.hdf5_layout import Table, find_table
from skyportal_series.utils.hdf5_refusal import Refused
from skyportal_series.utils.hdf5_walk import walk
from skyportal_series.utils.plain_frame import PlainFrame, index_of

if TYPE_CHECKING:
    from skyportal_series.utils.hdf5_files import ReadLimits

Values = npt.NDArray[Any]

#: For those who wait to see columns. Uploads, which read frames, take one processor each.
THREADS = 2


def open_image(image: bytes) -> h5f.FileID:
    """An image in memory, to be read; HDF5 gives each a name of its own."""
    return h5f.open_file_image(image)


def open_path(path: str) -> h5f.FileID:
    """A file on disk, to be read in place."""
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_fapl_sec2()
    access.set_file_locking(False, True)
    access.set_fclose_degree(h5f.CLOSE_STRONG)
    return h5f.open(path.encode(), h5f.ACC_RDONLY, access)


def read_frame(file: h5f.FileID, limits: ReadLimits) -> tuple[PlainFrame, dict[str, Any]]:
    """The frame and the metadata of the one table in a file. Raises Refused."""
    table = _table(file, limits)
    index, *blocks = read_blocks(table, [table.index, *table.blocks])
    by_name = _by_name(table.blocks, blocks)
    columns = {name: by_name[name] for name in table.columns}
    (label,) = table.index.names
    return PlainFrame(columns, index_of(index[0]), label, table.columns_name), table.metadata


def read_arrays(
    file: h5f.FileID, names: Iterable[Any] | None, limits: ReadLimits
) -> dict[Any, Values]:
    """Some columns of the one table in a file, or all. Raises Refused, InvalidInput."""
    table = _table(file, limits)
    wanted = list(table.columns) if names is None else list(names)
    if unknown := [name for name in wanted if name not in table.columns]:
        raise InvalidInput(f"There is no column {unknown[0]!r}; there are {list(table.columns)}.")
    blocks = [part for block in table.blocks for part in _parts(block, set(wanted))]
    by_name = _by_name(blocks, read_blocks(table, blocks, THREADS))
    return {name: by_name[name] for name in wanted}


def _table(file: h5f.FileID, limits: ReadLimits) -> Table:
    table = find_table(walk(file))
    for what, figure, name in (
        ("rows", table.rows, "rows"),
        ("columns", len(table.columns), "columns"),
        ("bytes in memory", table.frame_bytes, "frame_bytes"),
    ):
        if figure > (limit := getattr(limits, name)):
            raise Refused(f"Its table has {figure:,} {what}; limits.{name} allows {limit:,}.")
    return table


def _parts(block: Block, wanted: set[Any]) -> list[Block]:
    """The columns of a block that are wanted: all at once if it can be, else each on its own."""
    if wanted.issuperset(block.names):
        return [block]
    return [
        replace(block, names=(name,), offset=block.offset + number * block.stored.itemsize)
        for number, name in enumerate(block.names)
        if name in wanted
    ]


def _by_name(blocks: Iterable[Block], values: Iterable[Values]) -> dict[Any, Values]:
    return {
        name: column
        for block, columns in zip(blocks, values, strict=True)
        for name, column in zip(block.names, columns, strict=True)
    }
