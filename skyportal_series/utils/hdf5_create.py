"""New HDF5 files without a clock in them, and attributes as PyTables writes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import count
from typing import Any

import numpy as np
from h5py import h5a, h5f, h5p, h5s, h5t

from skyportal_series.errors import InvalidInput
from skyportal_series.utils import literal_pickle

MAX_ATTRIBUTE_BYTES = 65_000  # HDF5's 64 KiB, less what it adds

_image_numbers = count()


def in_memory() -> h5f.FileID:
    """A new file that never touches the disk."""
    access = _access()
    access.set_fapl_core(2**16, False)
    # HDF5 takes two images of one name for one file.
    name = b"image %d" % next(_image_numbers)
    return h5f.create(name, h5f.ACC_TRUNC, plan(h5p.FILE_CREATE), access)


def on_disk(path: str) -> h5f.FileID:
    """A new file, over whatever was there."""
    return h5f.create(path.encode(), h5f.ACC_TRUNC, plan(h5p.FILE_CREATE), _access())


def plan(kind: Any) -> Any:
    """How to make a file, group or dataset: no times, and attributes in the object's own header."""
    properties = h5p.create(kind)
    properties.set_obj_track_times(False)
    properties.set_attr_phase_change(2**16 - 1, 0)
    return properties


@lru_cache
def text_type(size: int, character_set: int) -> h5t.TypeStringID:
    """Text of `size` bytes. Made once, as an attribute is written in the time that it takes."""
    kind = h5t.C_S1.copy()
    kind.set_size(size)
    kind.set_cset(character_set)
    return kind


def set_attributes(node: Any, attributes: Mapping[str, Any]) -> None:
    """Texts and integers as they are, all else as pickles, as PyTables does."""
    for name, value in attributes.items():
        if isinstance(value, str):
            _set_text(node, name, value.encode(), h5t.CSET_UTF8)
        elif isinstance(value, int):
            integer = h5a.create(node, name.encode(), h5t.STD_I64LE, _space(h5s.SCALAR))
            integer.write(np.array(value, "<i8"))
        else:
            set_literal(node, name, f"The names in {name!r}", value)


def set_literal(node: Any, name: str, what: str, value: Any) -> None:
    """The pickle that PyTables reads a literal from. Raises InvalidInput if it has no room."""
    text = literal_pickle.dumps(value)
    if len(text) > MAX_ATTRIBUTE_BYTES:
        raise InvalidInput(
            f"{what} take {len(text):,} bytes; HDF5 has room for {MAX_ATTRIBUTE_BYTES:,}."
        )
    _set_text(node, name, text, h5t.CSET_ASCII)


def _set_text(node: Any, name: str, text: bytes, character_set: int) -> None:
    # No text at all is a text of one character that is not there.
    kind = text_type(max(1, len(text)), character_set)
    attribute = h5a.create(node, name.encode(), kind, _space(h5s.SCALAR if text else h5s.NULL))
    if text:
        attribute.write(np.array(text), mtype=kind)


@cache
def _space(kind: int) -> h5s.SpaceID:
    return h5s.create(kind)


def _access() -> h5p.PropFAID:
    access = h5p.create(h5p.FILE_ACCESS)
    # What HDF5 1.8 reads, every PyTables reads, and it is smaller than the oldest form.
    access.set_libver_bounds(h5f.LIBVER_V18, h5f.LIBVER_V18)
    access.set_file_locking(False, True)
    access.set_fclose_degree(h5f.CLOSE_STRONG)
    return access
