"""ECSV 1.0 (astropy's CSV with a header): the header by PyYAML, the lines as CSV's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
import yaml

from ..series import Columns
from .plain import is_text, plain
from .text import write_lines
from .words import meaning


def write(columns: Columns, metadata: Mapping[str, Any], path: Path) -> None:
    """Columns with units, and all that is known of the series under `meta`."""
    columns = plain(columns)
    header = {
        "delimiter": ",",
        "datatype": [_of_column(name, values) for name, values in columns.items()],
        "meta": {"TIMESYS": "UTC", **metadata},
        "schema": "astropy-2.0",
    }
    text = yaml.safe_dump(header, sort_keys=False, allow_unicode=True, default_flow_style=None)
    lines = ["%ECSV 1.0", "---", *text.splitlines()]
    with path.open("xb") as file:
        file.writelines(f"# {line}\n".encode() for line in lines)
        write_lines(columns, file, missing=b"nan")


def _of_column(name: str, values: npt.NDArray[Any]) -> dict[str, Any]:
    what = meaning(name)
    told = {
        "name": name,
        "unit": what.unit,
        "datatype": "string" if is_text(values) else values.dtype.name,
        "description": what.description,
        "meta": {"ucd": what.ucd} if what.ucd else None,
    }
    return {key: value for key, value in told.items() if value is not None}
