"""`/api/photometric_series/<id>/data`: the light curve itself, as a file, whole or in part."""

from __future__ import annotations

from typing import Any

from ..catalog.rows import Answer
from ..errors import RangeNotSatisfiable, SeriesError
from ..schemas.data_query import DataQuery, read_data_query
from . import sending
from .made import MadeHandler, file_name, made_tag
from .ranges import wanted_range


class DataHandler(MadeHandler):
    """The stored HDF5 file as it is, or what is made of it."""

    route = "photometric_series/<id>/data"
    _size = 0

    async def get(self, series_id: str) -> None:
        accept = ",".join(self.request.headers.get_list("Accept"))
        try:
            query = read_data_query(self.arguments(), accept)
        except SeriesError:
            await self.find(series_id)  # whether they may ask at all comes first
            raise
        if query.is_stored_file:
            await self._send_stored(series_id, query)
        else:
            await self._send_made(series_id, query)

    head = get

    async def _send_stored(self, series_id: str, query: DataQuery) -> None:
        answer = await self.find(series_id, for_file=True)
        with await self.services.catalog.open(self.actor, answer) as stored:
            self._describe(answer, query)
            if self.has(_tag(answer, query)):
                self.set_status(304)
                return
            self._count(answer["num_exp"], answer["num_exp"])
            self._size = stored.size
            wanted = wanted_range(self._range(), stored.size)
            start, stop = wanted or (0, stored.size)
            if wanted:
                self.set_status(206)
                self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{stored.size}")
            self.set_header("Accept-Ranges", "bytes")
            await sending.send(self, [sending.Span(stored.file, start, stop)])

    async def _send_made(self, series_id: str, query: DataQuery) -> None:
        answer = await self.find(series_id)
        if self.has(_tag(answer, query)):
            self._describe(answer, query)
            self.set_status(304)
            return
        made, rows = await self.services.catalog.exported(
            self.actor, answer, query.format.name, query.part
        )
        with made:
            self._describe(answer, query)
            self._count(**rows)
            await sending.send(self, [sending.Span(made.file, 0, made.size)])

    def _describe(self, answer: Answer, query: DataQuery) -> None:
        name = file_name(answer, query.format.suffix)
        self.describe(_tag(answer, query), query.format.media_type, name, "attachment")

    def _count(self, total: int, returned: int) -> None:
        self.set_header("X-Total-Rows", str(total))
        self.set_header("X-Returned-Rows", str(returned))

    def _range(self) -> str | None:
        """The Range header, unless If-Range names another version."""
        condition = self.request.headers.get("If-Range")
        if condition is not None and condition.strip() != self._headers["Etag"]:
            return None
        return self.request.headers.get("Range")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if isinstance(kwargs.get("exc_info", (None, None))[1], RangeNotSatisfiable):
            self.set_header("Content-Range", f"bytes */{self._size}")
        super().write_error(status_code, **kwargs)


def _tag(answer: Answer, query: DataQuery) -> str:
    if query.is_stored_file:
        return str(answer["hash"])
    return made_tag(answer["hash"], query.format.name, query.part)
