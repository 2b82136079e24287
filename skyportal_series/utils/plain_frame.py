"""What a DataFrame is made of, without pandas, which takes longer to load than all else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]

#: Rows of an index that are looked at together.
BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class PlainFrame:
    """Columns by name, each of shape (rows,): numbers, booleans, times, or objects (str, None).

    No `index` is one that counts from 0. `title` is what pandas calls `df.columns.name`.
    """

    columns: Mapping[Any, Values]
    index: Values | None = None
    index_name: Any = None
    title: Any = None

    @property
    def rows(self) -> int:
        """How long the columns are."""
        return len(next(iter(self.columns.values()), ()))


def index_of(labels: Values) -> Values | None:
    """The labels of an index, or None where they are 0, 1, 2, …, which nobody needs to hold."""
    rows = len(labels)
    counts = labels.dtype == np.int64 and all(
        np.array_equal(labels[start : start + BLOCK], np.arange(start, min(start + BLOCK, rows)))
        for start in range(0, rows, BLOCK)
    )
    return None if counts else labels
