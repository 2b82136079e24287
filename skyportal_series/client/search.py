"""The series that match a search: asked for page by page, as they are needed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skyportal_series.client.errors import UnknownName
from skyportal_series.client.series import Series
from skyportal_series.client.vocabulary import server_filters

if TYPE_CHECKING:
    import pandas as pd

    from skyportal_series.client.client import Client

PER_PAGE = 500


class SearchResults:
    """Iterates over Series; `len()` is how many there are. Nothing is asked before it is needed.

    It follows the server's cursor: what others add or delete meanwhile neither hides a series nor
    shows one twice. The order is that of `sort_by` and `sort_order`, by default by obj_id.
    """

    def __init__(self, client: Client, filters: Mapping[str, Any]) -> None:
        self._client = client
        self.filters = server_filters(filters)
        self._total: int | None = None

    def __iter__(self) -> Iterator[Series]:
        for record in self.records():
            yield Series(self._client, record)

    def __len__(self) -> int:
        if self._total is None:
            asked = {**self.filters, "dataFormat": "none", "numPerPage": 1}
            page = self._client.call("GET", "", params=asked)
            self._total = int(page["totalMatches"])
        return self._total

    def __bool__(self) -> bool:
        return len(self) > 0

    def records(self, limit: int | None = None) -> Iterator[dict[str, Any]]:
        """The metadata alone, one dict a series; the first `limit`, or all."""
        size = PER_PAGE if limit is None else min(limit, PER_PAGE)
        return itertools.islice(self._scanned(size), limit)

    def first(self) -> Series | None:
        """The first match, or None."""
        return next((Series(self._client, record) for record in self.records(1)), None)

    def to_dataframe(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """One row a series, with its id as the index; `columns` of the metadata, or all.

        Raises UnknownName for a column that the server's answers do not have.
        """
        import pandas as pd

        frame = pd.DataFrame(list(self.records()))
        if frame.empty:
            return pd.DataFrame(columns=list(columns or ()))
        unknown = [name for name in columns or () if name not in frame]
        if unknown:
            known = ", ".join(sorted(frame.columns))
            raise UnknownName(f"There is no column {', '.join(unknown)}; known are {known}.")
        frame = frame.set_index("id")
        return frame[[name for name in columns if name != "id"]] if columns else frame

    def _scanned(self, size: int) -> Iterator[dict[str, Any]]:
        after: str | None = None
        while True:
            asked = {**self.filters, "after": after, "numPerPage": size}
            page = self._client.call("GET", "/scan", params=asked)
            for record in page["series"]:
                yield {name: value for name, value in record.items() if name != "data"}
            after = page["next"]
            if after is None:
                return

    def __repr__(self) -> str:
        asked = ", ".join(f"{name}={value!r}" for name, value in self.filters.items())
        return f"<SearchResults of {asked or 'everything'}>"

    def _repr_html_(self) -> str:
        import pandas as pd

        names = ("id", "obj_id", "series_name", "filter", "num_exp", "mjd_first", "mean_mag")
        rows = [{n: r.get(n) for n in names} for r in self.records(10)]
        table = pd.DataFrame(rows, columns=list(names)).to_html(index=False)
        return f"<p>{len(self)} photometric series</p>{table}"
