"""What of a query only the catalogue can tell: where files lie, and which bandpasses there are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import InvalidInput
from ..schemas.filters import Query
from ..schemas.upload import bandpass_problem


def in_place(query: Query, folder: Path, bandpasses: Sequence[str]) -> Query:
    """`query` with a relative `filename` put below `folder`.

    Raises InvalidInput for a `filter` that is none of `bandpasses`.
    """
    bandpass, filename = query.values.get("filter"), query.values.get("filename")
    if bandpass is not None and (problem := bandpass_problem(bandpass, bandpasses)):
        raise InvalidInput(problem, {"filter": [problem]})
    if filename is None or Path(filename).is_absolute():
        return query
    return Query({**query.values, "filename": os.path.normpath(folder / filename)})
