"""Arrow (the IPC file format, also known as Feather) and Parquet, by pyarrow (an extra)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from ..series import Columns
from .words import meaning


def write(name: str, columns: Columns, metadata: Mapping[str, Any], path: Path) -> None:
    """`metadata` stands as JSON under that key of the schema; units and UCDs with each column."""
    arrays = [pa.array(values, from_pandas=False) for values in columns.values()]
    fields = [
        pa.field(column, array.type, metadata=_of_column(column))
        for column, array in zip(columns, arrays, strict=True)
    ]
    schema = pa.schema(fields, {"metadata": orjson.dumps(dict(metadata))})
    table = pa.Table.from_arrays(arrays, schema=schema)
    if name == "parquet":
        import pyarrow.parquet

        pyarrow.parquet.write_table(table, path)
        return
    # Not compressed: so it can be mapped, and read by what has no codecs.
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_table(table)


def _of_column(name: str) -> dict[str, str]:
    what = meaning(name)
    told = {"unit": what.unit, "ucd": what.ucd, "description": what.description}
    return {key: value for key, value in told.items() if value}
