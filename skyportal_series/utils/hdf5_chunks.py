"""The chunks of a stored table, taken raw and unpacked into columns here: bounded at each step."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from h5py import h5z
from isal import isal_zlib

from skyportal_series.utils.hdf5_fields import Block
from skyportal_series.utils.hdf5_layout import Table
from skyportal_series.utils.hdf5_refusal import Refused

SLACK = 1024  # bytes that a chunk may take beyond its size: deflate's own, and a checksum
DECODED_AT_ONCE = 2**16  # texts

WORTH_THREADS = 8  # chunks

Values = npt.NDArray[Any]


def read_blocks(table: Table, blocks: Sequence[Block], threads: int = 1) -> list[Values]:
    """The values of the blocks, each as an array of shape (columns, rows), read by `threads`.

    Texts come as objects, str or None. Raises Refused, or what h5py and ISA-L raise on bad bytes.
    """
    stored = [np.empty((len(block.names), table.rows), block.stored) for block in blocks]

    def take(start: int) -> None:
        data, shuffled = _unpack(table, start)
        copy = _copy_shuffled if shuffled else _copy_rows
        for block, values in zip(blocks, stored, strict=True):
            copy(table, block, data, values[:, start : start + table.chunk_rows])

    starts = _chunk_starts(table)
    if threads == 1 or len(starts) < WORTH_THREADS:
        deque(map(take, starts), maxlen=0)
    else:
        # Inflating and copying leave the interpreter to others: two threads take half the time.
        with ThreadPoolExecutor(threads) as pool:
            deque(pool.map(take, starts), maxlen=0)
    return [_as_values(block, stored.pop(0)) for block in blocks]


def _chunk_starts(table: Table) -> range:
    """The first row of each chunk, once each is known to lie in the file and not to be too big."""
    starts = range(0, table.rows, table.chunk_rows)
    chunks: list[tuple[int, int]] = []

    def note(chunk: Any) -> bool | None:
        chunks.append((chunk.chunk_offset[0], chunk.size))
        return True if len(chunks) > len(starts) else None

    table.dataset.chunk_iter(note)
    if len(chunks) != len(starts) or {start for start, _ in chunks} != set(starts):
        raise Refused("Some of its rows are not in the file.")
    if (largest := max(size for _, size in chunks)) > table.chunk_bytes + SLACK:
        raise Refused(f"A chunk takes {largest:,} bytes, for {table.chunk_bytes:,} of data.")
    return starts


def _unpack(table: Table, start: int) -> tuple[bytes, bool]:
    """A chunk's bytes, and whether they are still shuffled: that is undone while copying."""
    skipped, data = table.dataset.read_direct_chunk((start,))
    applied = {f for bit, f in enumerate(table.filters) if not skipped >> bit & 1}
    if h5z.FILTER_FLETCHER32 in applied:
        data = _without_checksum(data)
    if h5z.FILTER_DEFLATE in applied:
        data = _inflated(data, table.chunk_bytes)
    if len(data) != table.chunk_bytes:
        raise Refused(f"A chunk does not hold the {table.chunk_bytes:,} bytes that it should.")
    return data, h5z.FILTER_SHUFFLE in applied


def _inflated(data: bytes, size: int) -> bytes:
    stream = isal_zlib.decompressobj()
    data = stream.decompress(data, size + 1)
    return data if stream.eof else b""


def _without_checksum(data: bytes) -> bytes:
    data, checksum = data[:-4], int.from_bytes(data[-4:], "little")
    if checksum != fletcher32(data):
        raise Refused("A chunk is damaged: its checksum is another.")
    return data


def fletcher32(data: bytes) -> int:
    """HDF5's Fletcher-32: two running sums of big-endian 16-bit words in ones' complement."""
    words = np.frombuffer(data + b"\0" * (len(data) % 2), ">u2").astype(np.uint64)
    weights = np.arange(len(words), 0, -1, dtype=np.uint64)
    low, high = int(words.sum()), int((words * weights % 65535).sum())
    # In ones' complement a multiple of 65535 is 65535, and 0 only if nothing was added.
    low, high = ((total - 1) % 65535 + 1 if low else 0 for total in (low, high))
    return high << 16 | low


def _copy_rows(table: Table, block: Block, data: bytes, values: Values) -> None:
    shape, strides = (len(values.T), len(values)), (table.row_bytes, block.stored.itemsize)
    values[...] = np.ndarray(shape, block.stored, data, block.offset, strides).T


def _copy_shuffled(table: Table, block: Block, data: bytes, values: Values) -> None:
    """From chunks that hold the first byte of every row, then the second of every row, …"""
    columns, rows = values.shape
    width = block.stored.itemsize
    bytes_of_rows = np.frombuffer(data, np.uint8).reshape(table.row_bytes, table.chunk_rows)
    planes = bytes_of_rows[block.offset : block.offset + columns * width, :rows]
    target = values.view(np.uint8).reshape(columns, rows, width)
    target[...] = planes.reshape(columns, width, rows).transpose(0, 2, 1)


def _as_values(block: Block, stored: Values) -> Values:
    if block.dtype.kind == "S":
        return _decoded(stored, block.missing)
    if block.dtype.kind == "b":
        return np.not_equal(stored, 0)
    if block.dtype.kind in "mM":
        return stored.astype(np.int64, copy=False).view(block.dtype)
    return stored.astype(block.dtype, copy=False)


def _decoded(stored: Values, missing: str | None) -> Values:
    """UTF-8 as str objects, a part at a time: in between, numpy takes 4 bytes per character."""
    texts = np.empty(stored.size, object)
    for start in range(0, stored.size, DECODED_AT_ONCE):
        part = slice(start, start + DECODED_AT_ONCE)
        encoded = stored.ravel()[part]
        texts[part] = _from_utf8(encoded)
        if missing is not None:
            texts[part][encoded == missing.encode()] = None
    return texts.reshape(stored.shape)


def _from_utf8(encoded: Values) -> Values:
    """As many texts, or one if they are all the same: a filter's name in each row, say."""
    if (encoded == encoded[0]).all():
        encoded = encoded[:1]
    characters = encoded.view(np.uint8)
    if characters.max() > 127:
        return np.char.decode(encoded, "utf-8")
    # ASCII: widening the bytes is ten times faster than decoding them.
    return characters.astype(np.uint32).view(f"U{encoded.itemsize}")
