"""The fields of a pandas table's rows: which columns they hold, of which type, written how."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from h5py import h5t

from skyportal_series.utils.hdf5_refusal import EMPTY, Refused

MAX_FIELDS = 2**15
MAX_TEXT_WIDTH = 64 * 1024

#: HDF5's types that numpy has too, under numpy's names. A field of bits holds a boolean.
_STORED = [
    (getattr(h5t, f"{family}{8 * size}{end}"), f"{order}{code}{size}")
    for order, end in (("<", "LE"), (">", "BE"))
    for family, code, sizes in (
        ("IEEE_F", "f", (8, 4, 2)),
        ("STD_I", "i", (8, 4, 2, 1)),
        ("STD_U", "u", (8, 4, 2, 1)),
        ("STD_B", "u", (1,)),
    )
    for size in sizes
]
_TIME = re.compile(r"(datetime64|timedelta64)(?:\[(s|ms|us|ns)\])?")
# What the index' kind may be where pandas does not note its type.
_PLAIN_INDEX = ("integer", "float", "string")


@dataclass(frozen=True, slots=True)
class Block:
    """Columns of one type, side by side in each row from byte `offset` on.

    `stored` is the type in the file, `dtype` that of the values; for both, `S…` is UTF-8 text, in
    which `missing` stands for a missing value.
    """

    names: tuple[Any, ...]
    offset: int
    stored: np.dtype[Any]
    dtype: np.dtype[Any]
    missing: str | None


class Fields:
    """The type of a row, with the attributes in which pandas says what its fields mean."""

    def __init__(self, row: h5t.TypeID, notes: Mapping[str, Any], own: Mapping[str, Any]) -> None:
        if not isinstance(row, h5t.TypeCompoundID) or row.get_nmembers() > MAX_FIELDS:
            raise Refused("Its table does not hold rows such as pandas writes.")
        self.row = row
        self.row_bytes: int = row.get_size()
        self.numbers = {row.get_member_name(i): i for i in range(row.get_nmembers())}
        self.notes, self.own = notes, own
        encoding = str(notes.get("encoding", "UTF-8"))
        if encoding.lower() not in ("utf-8", "utf8", "ascii"):
            raise Refused(f"Its texts are encoded as {encoding[:40]!r}: write them in UTF-8.")

    def columns(self) -> tuple[tuple[Any, ...], Any]:
        """The names of the columns, in order, and what pandas calls that list."""
        match self.notes.get("non_index_axes"), self._info(1).get("names", [None]):
            case [(1, [*names])], [title] if not any(isinstance(n, tuple) for n in names):
                _check_names(names)
                return tuple(names), _title(title)
            case [(1, [*_])], _:
                raise Refused("Its columns have several levels: give each column one name.")
        raise Refused("It does not name its columns as pandas does.")

    def index(self) -> Block:
        """The index, as a block of one column."""
        match self.notes.get("index_cols"):
            case [(0, str(field))]:
                kind = str(self.own.get(f"{field}_kind"))
            case _:
                raise Refused("It has no index such as pandas writes.")
        info = self._info(field)
        if kind == "integer" and info.get("freq") is not None:
            kind = "period"
        self._refuse_special(field, kind, "its index", "df.index")
        # Before pandas 3.1 noted what stands for a missing label, "nan" did.
        missing = str(self.own.get(f"{field}_nan_rep", "nan")) or None
        names = (_title(info.get("index_name")),)
        block = self._block(field, names, None if kind in _PLAIN_INDEX else kind, missing)
        if block.dtype == np.float16:
            raise Refused("Its index holds numbers of 16 bits, which pandas has no index for.")
        return block

    def blocks(self, columns: tuple[Any, ...]) -> Iterator[Block]:
        """Blocks that hold each of `columns` once."""
        fields = self.notes.get("values_cols")
        if not isinstance(fields, list):
            raise Refused("It does not list its columns as pandas does.")
        left = set(columns)
        for field in map(str, fields):
            names, dtype = self.own.get(f"{field}_kind"), self.own.get(f"{field}_dtype")
            if not isinstance(names, list) or not names or not left.issuperset(names):
                raise Refused("The names of its columns contradict each other.")
            left.difference_update(names)
            self._refuse_special(field, str(dtype), f"column {names[0]!r}", f"df[{names[0]!r}]")
            yield self._block(field, tuple(names), dtype, self._missing(field))
        if left:
            raise Refused(f"It names a column {left.pop()!r:.80} and does not hold it.")

    def _info(self, key: Any) -> dict[Any, Any]:
        info = self.notes.get("info")
        entry = info.get(key) if isinstance(info, dict) else None
        return entry if isinstance(entry, dict) else {}

    def _missing(self, field: str) -> str | None:
        if self.notes.get("data_col_nan_rep"):
            # Since pandas 3.1 each field has its own, and none if nothing is missing there.
            own = self.own.get(f"{field}_nan_rep")
            return own if isinstance(own, str) else None
        for_all = self.notes.get("nan_rep")
        return for_all if isinstance(for_all, str) else "nan"

    def _refuse_special(self, field: str, dtype: str, what: str, code: str) -> None:
        times = code if what == "its index" else f"{code}.dt"
        if self._info(field).get("tz") is not None:
            found, remedy = "times with a time zone", f"in UTC with {times}.tz_convert(None)"
        elif self.own.get(f"{field}_meta") == "category":
            found, remedy = "categories", f"as text with {code}.astype(str)"
        elif dtype.startswith("period"):
            found, remedy = "periods", f"as times with {times}.to_timestamp()"
        elif dtype.startswith("complex"):
            found, remedy = "complex numbers", "as two columns, real and imaginary"
        elif dtype in ("date", "object"):
            found, remedy = "objects", f"as text with {code}.astype(str)"
        else:
            return
        raise Refused(f"{what[0].upper()}{what[1:]} holds {found}: write it {remedy}.")

    def _block(self, field: str, names: tuple[Any, ...], dtype: Any, missing: str | None) -> Block:
        number = self.numbers.get(field.encode())
        if number is None:
            raise Refused(f"Its rows have no field {field!r:.80}.")
        count, stored = _stored_type(field, self.row.get_member_type(number))
        offset = self.row.get_member_offset(number)
        if count != len(names) or offset + count * stored.itemsize > self.row_bytes:
            raise Refused(f"The field {field!r:.80} does not fit the columns that it holds.")
        return Block(names, offset, stored, _value_type(field, stored, dtype), missing)


def _title(name: Any) -> Any:
    if not isinstance(name, str | int | float | None):
        raise Refused("Its index, or its list of columns, is called by what is not a text.")
    return name


def _check_names(names: list[Any]) -> None:
    if not names:
        raise Refused(f"Its table has no columns. {EMPTY}")
    for name in names:
        if not isinstance(name, str | int | float):
            raise Refused(f"A column is called {name!r:.80}: call it by a text.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(f"Two columns are called {twice!r:.80}.")


def _stored_type(field: str, kind: h5t.TypeID) -> tuple[int, np.dtype[Any]]:
    """How many values of which type a field holds."""
    count = 1
    if isinstance(kind, h5t.TypeArrayID):
        if kind.get_array_ndims() != 1:
            raise Refused(f"The field {field!r:.80} is not a list of columns.")
        (count,), kind = kind.get_array_dims(), kind.get_super()
    if isinstance(kind, h5t.TypeStringID) and not kind.is_variable_str():
        if not 0 < kind.get_size() <= MAX_TEXT_WIDTH:
            raise Refused(f"The texts in {field!r:.80} have more than {MAX_TEXT_WIDTH:,} bytes.")
        return count, np.dtype(f"S{kind.get_size()}")
    for hdf5_type, name in _STORED:
        if kind.equal(hdf5_type):
            return count, np.dtype(name)
    raise Refused(f"The field {field!r:.80} holds neither real numbers, booleans, times nor texts.")


def _value_type(field: str, stored: np.dtype[Any], name: Any) -> np.dtype[Any]:
    """The type that pandas noted for a field, if what is stored can be seen as that."""
    native = stored.newbyteorder("=")
    if stored.kind == "S" or name is None or name == native.name:
        return native
    if name == "bool" and native == np.uint8:
        return np.dtype(bool)
    if native == np.int64 and (time := _TIME.fullmatch(str(name))):
        return np.dtype(f"{time[1]}[{time[2] or 'ns'}]")
    raise Refused(f"The field {field!r:.80} is called {name!r:.40}, and holds {native.name}.")
