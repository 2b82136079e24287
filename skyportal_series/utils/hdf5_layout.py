"""Where the one pandas table in an HDF5 file lies, and how it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from h5py import h5d, h5z

from skyportal_series.utils.hdf5_fields import Block, Fields
from skyportal_series.utils.hdf5_refusal import EMPTY, Refused
from skyportal_series.utils.hdf5_walk import Node

MAX_CHUNK_BYTES = 16 * 2**20
MAX_CHUNKS = 2**18  # 2 GiB in the 8 KiB that are PyTables' least
TEXT_OVERHEAD = 64  # bytes that a text takes in memory beside its characters

# In the order in which PyTables applies them when it writes.
_FILTERS = (h5z.FILTER_SHUFFLE, h5z.FILTER_DEFLATE, h5z.FILTER_FLETCHER32)
_OTHER_KINDS = {
    "frame": "It is in 'fixed' format: write it with store.put(key, df, format='table').",
    "series": "It holds a Series: write series.to_frame() with format='table'.",
    "series_table": "It holds a Series: write series.to_frame() with format='table'.",
    "frame_table": "Its index has several levels: write df.reset_index().",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A pandas frame as it is stored: `rows` rows of `row_bytes` bytes in chunks of `chunk_rows`.

    `filters` are the ids of what each chunk went through when it was written, in that order.
    """

    dataset: h5d.DatasetID
    rows: int
    row_bytes: int
    chunk_rows: int
    filters: tuple[int, ...]
    index: Block
    blocks: tuple[Block, ...]
    columns: tuple[Any, ...]
    #: What the list of columns is called: `df.columns.name`.
    columns_name: Any
    metadata: dict[str, Any]

    @property
    def chunk_bytes(self) -> int:
        return self.chunk_rows * self.row_bytes

    @property
    def frame_bytes(self) -> int:
        """What the frame takes in memory, at most."""
        texts = sum(len(b.names) for b in (self.index, *self.blocks) if b.dtype.kind == "S")
        return self.rows * (self.row_bytes + texts * TEXT_OVERHEAD)


def find_table(nodes: Mapping[str, Node]) -> Table:
    """The one frame among the nodes of a file. Raises Refused."""
    group = _find_frame(nodes)
    node = nodes.get(f"{group.path.rstrip('/')}/table")
    if node is None or not isinstance(node.id, h5d.DatasetID):
        raise Refused(f"{group.path} is called a pandas table, but holds none.")
    rows, chunk_rows = _extent(node.id)
    fields = Fields(node.id.get_type(), group.attributes, node.attributes)
    columns, columns_name = fields.columns()
    metadata = group.attributes.get("metadata")
    table = Table(
        dataset=node.id,
        rows=rows,
        row_bytes=fields.row_bytes,
        chunk_rows=chunk_rows,
        filters=_filters(node.id, fields.row_bytes),
        index=fields.index(),
        blocks=tuple(fields.blocks(columns)),
        columns=columns,
        columns_name=columns_name,
        metadata=metadata if isinstance(metadata, dict) else {},
    )
    if table.chunk_bytes > MAX_CHUNK_BYTES:
        raise Refused(f"Its chunks have {table.chunk_bytes:,} bytes; at most {MAX_CHUNK_BYTES:,}.")
    return table


def _find_frame(nodes: Mapping[str, Node]) -> Node:
    if len(nodes) == 1:
        raise Refused(f"It holds nothing: pandas writes no key for an empty frame. {EMPTY}")
    found = [n for n in nodes.values() if n.is_group and "pandas_type" in n.attributes]
    # Categories are stored as series of their own, below the table that uses them.
    keys = [n for n in found if not any(n.path.startswith(f"{o.path}/meta/") for o in found)]
    if not keys:
        raise Refused("It holds no pandas table: write store.put(key, df, format='table').")
    if len(keys) > 1:
        paths = ", ".join(node.path for node in keys[:5])
        raise Refused(f"Expected 1 table in HDF5 file, got {len(keys)}: {paths}.")
    _check_kind(keys[0].attributes)
    return keys[0]


def _check_kind(attributes: Mapping[str, Any]) -> None:
    kind = str(attributes["pandas_type"])
    if (kind, attributes.get("table_type")) != ("frame_table", "appendable_frame"):
        other = f"It holds a {kind[:40]!r}: write a DataFrame with format='table'."
        raise Refused(_OTHER_KINDS.get(kind, other))


def _extent(dataset: h5d.DatasetID) -> tuple[int, int]:
    """Rows of the table and rows of a chunk; both are at least 1."""
    if dataset.rank != 1:
        raise Refused(f"Its table has {dataset.rank} dimensions; a pandas table has 1.")
    plan = dataset.get_create_plist()
    if plan.get_layout() != h5d.CHUNKED:
        raise Refused("Its table is not stored in chunks, as pandas' tables are.")
    (rows,), (chunk_rows,) = dataset.shape, plan.get_chunk()
    if rows == 0:
        raise Refused(f"Its table has no rows. {EMPTY}")
    if ceil(rows / chunk_rows) > MAX_CHUNKS:
        raise Refused(f"Its table lies in more than {MAX_CHUNKS:,} chunks.")
    return rows, chunk_rows


def _filters(dataset: h5d.DatasetID, row_bytes: int) -> tuple[int, ...]:
    plan = dataset.get_create_plist()
    filters = [plan.get_filter(i) for i in range(plan.get_nfilters())]
    ids = tuple(number for number, _, _, _ in filters)
    if not set(ids) <= set(_FILTERS):
        raise Refused("It is compressed in another way than gzip: write it with complib='zlib'.")
    if ids != tuple(number for number in _FILTERS if number in ids):
        raise Refused("It applies its filters twice, or in another order than PyTables.")
    if ids[:1] == (h5z.FILTER_SHUFFLE,) and filters[0][2][:1] != (row_bytes,):
        raise Refused("It shuffles its bytes in another way than PyTables.")
    return ids
