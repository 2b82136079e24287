"""A look at everything in an HDF5 file, following nothing: the first step of reading one.

Each group and dataset is visited once and each attribute that may matter is taken. Links that
lead elsewhere, data that lies elsewhere, and pickles of anything but literals end the walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5s, h5t

from skyportal_series.utils import literal_pickle
from skyportal_series.utils.hdf5_refusal import Refused

MAX_DEPTH = 16
MAX_OBJECTS = 50_000  # 2,000 indexed columns have 22,000
MAX_ATTRIBUTES = 100_000  # 2,000 columns of their own have 12,000
MAX_ATTRIBUTE_BYTES = 64 * 1024
MAX_TEXT_BYTES = 2 * 2**20  # of all attributes together

# `info` describes time zones and frequencies by what would have to be called to make them.
_NAMES_IN_INFO = ("pandas.", "datetime.", "zoneinfo.", "pytz.", "dateutil.", "builtins.getattr")


@dataclass(frozen=True, slots=True)
class Node:
    """A group or dataset, with those of its attributes that are texts, literals or integers."""

    path: str
    id: h5g.GroupID | h5d.DatasetID
    attributes: dict[str, Any]

    @property
    def is_group(self) -> bool:
        return isinstance(self.id, h5g.GroupID)


def walk(file_id: Any) -> dict[str, Node]:
    """All nodes by their path, `/` first. Raises Refused, or whatever h5py raises on bad bytes."""
    return {node.path: node for node in _Walk().visit("/", h5o.open(file_id, b"/"), 0)}


class _Walk:
    """What has been seen and spent so far."""

    def __init__(self) -> None:
        self.seen: set[int] = set()
        self.attributes = 0
        self.text_bytes = 0

    def visit(self, path: str, node_id: Any, depth: int) -> Iterator[Node]:
        self._enter(path, node_id, depth)
        if isinstance(node_id, h5d.DatasetID):
            _check_storage(path, node_id)
        elif not isinstance(node_id, h5g.GroupID):
            raise Refused(f"{path} is neither a group nor a dataset.")
        yield Node(path, node_id, dict(self._read_attributes(path, node_id)))
        if isinstance(node_id, h5g.GroupID):
            for name in _hard_links(path, node_id):
                child = f"{path.rstrip('/')}/{name.decode()}"
                yield from self.visit(child, h5o.open(node_id, name), depth + 1)

    def _enter(self, path: str, node_id: Any, depth: int) -> None:
        address = h5o.get_info(node_id).addr
        if address in self.seen:
            raise Refused(f"{path} is a second name of an object that has one already.")
        self.seen.add(address)
        if depth > MAX_DEPTH:
            raise Refused(f"It holds groups nested more than {MAX_DEPTH} deep.")
        if len(self.seen) > MAX_OBJECTS:
            raise Refused(f"It holds more than {MAX_OBJECTS:,} objects.")

    def _read_attributes(self, path: str, node_id: Any) -> Iterator[tuple[str, Any]]:
        names: list[bytes] = []
        h5a.iterate(node_id, names.append)
        self.attributes += len(names)
        if self.attributes > MAX_ATTRIBUTES:
            raise Refused(f"It holds more than {MAX_ATTRIBUTES:,} attributes.")
        for name in names:
            attribute = h5a.open(node_id, name)
            kind = attribute.get_type()
            if isinstance(kind, h5t.TypeStringID):
                yield name.decode(), self._read_text(path, name.decode(), attribute, kind)
            elif isinstance(kind, h5t.TypeIntegerID | h5t.TypeBitfieldID):
                yield name.decode(), _read_integer(attribute, kind)

    def _read_text(self, path: str, name: str, attribute: h5a.AttrID, kind: Any) -> Any:
        what = f"The attribute {name!r} of {path}"
        if kind.is_variable_str():
            raise Refused(f"{what} is a text of variable length: PyTables writes none.")
        extent = attribute.get_space().get_simple_extent_type()
        if extent != h5s.SCALAR:
            return "" if extent == h5s.NULL else None
        size = attribute.get_storage_size()
        self.text_bytes += size
        if size > MAX_ATTRIBUTE_BYTES or self.text_bytes > MAX_TEXT_BYTES:
            raise Refused(f"{what} is larger than attributes may be ({MAX_ATTRIBUTE_BYTES:,} B).")
        text = np.empty((), f"S{size}")
        attribute.read(text, mtype=kind)
        return _decode(what, name, text.item(), utf8=kind.get_cset() == h5t.CSET_UTF8)


def _decode(what: str, name: str, text: bytes, *, utf8: bool) -> Any:
    """Text as it is, and what PyTables would unpickle as the literals that it describes."""
    if utf8 or not text.endswith(b"."):
        return str(text, "utf-8")
    try:
        return literal_pickle.loads(text, _NAMES_IN_INFO if name == "info" else ())
    except literal_pickle.NotLiteral as error:
        raise Refused(f"{what} is not taken: {error}. Write texts, numbers and lists.") from error


def _read_integer(attribute: h5a.AttrID, kind: Any) -> int | None:
    if attribute.shape != () or kind.get_size() > 8:
        return None
    value = np.empty((), f"V{kind.get_size()}")
    attribute.read(value, mtype=kind)
    is_big_endian = kind.get_order() == h5t.ORDER_BE
    return int.from_bytes(value.tobytes(), "big" if is_big_endian else "little")


def _hard_links(path: str, group: h5g.GroupID) -> list[bytes]:
    links: list[tuple[bytes, int]] = []

    def note(name: bytes, link: Any) -> bool | None:
        # To raise in here would leave h5py's lock in disorder; True ends the iteration.
        links.append((name, link.type))
        return True if len(links) > MAX_OBJECTS else None

    group.links.iterate(note, info=True)
    if len(links) > MAX_OBJECTS:
        raise Refused(f"It holds more than {MAX_OBJECTS:,} objects.")
    for name, kind in links:
        if kind != h5l.TYPE_HARD:
            raise Refused(f"{path} holds a link, {name[:80]!r}, to something elsewhere.")
    return [name for name, _ in links]


def _check_storage(path: str, dataset: h5d.DatasetID) -> None:
    plan = dataset.get_create_plist()
    if plan.get_layout() == h5d.VIRTUAL:
        raise Refused(f"{path} is a virtual dataset: its data lies in other files.")
    if plan.get_layout() != h5d.CHUNKED and plan.get_external_count():
        raise Refused(f"{path} keeps its data in other files.")
