"""`/api/photometric_series` and `/api/photometric_series/<id>`: SkyPortal's surface."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from ..catalog import StoredFile
from ..catalog.rows import Answer
from ..errors import NotFound
from ..schemas.filters import DATA_FORMAT_ONLY, read_query
from . import sending
from .base import as_id
from .uploads import UploadHandler

#: Light curves of a list that are made ready at the same time: others want workers as well.
AT_ONCE = 2


class _SeriesHandler(UploadHandler):
    as_skyportal = True

    async def answer_with_data(
        self, answers: Sequence[Answer], data_format: str, page: dict[str, Any] | None = None
    ) -> None:
        """Send `answers` with their light curves: as JSON columns, or as files in base64."""
        as_json = data_format == "json"
        opened: list[StoredFile] = []
        present: list[Answer] = []
        with ExitStack() as files:
            found = await self._files(answers, files, as_json)
            for answer, file in zip(answers, found, strict=True):
                if isinstance(file, StoredFile):
                    opened.append(file)
                    present.append(answer)
                elif page is None:  # in a page it has been deleted since that was made
                    raise file
            cuts = sending.around(present, page)
            spans = [sending.Span(file.file, 0, file.size, not as_json) for file in opened]
            parts = [part for pair in zip(cuts, spans, strict=False) for part in pair]
            if page is None:
                # Not before: an update may have put a newer version here while it was opened.
                self.set_header("Etag", f'"{present[0]["hash"]}"')
            self.set_header("Content-Type", "application/json; charset=UTF-8")
            await sending.send(self, [*parts, cuts[-1]])

    async def _files(
        self, answers: Sequence[Answer], opened: ExitStack, as_json: bool
    ) -> list[StoredFile | NotFound]:
        """The file of each, left to `opened` to close; or that its series is not there any more."""
        catalog = self.services.catalog
        get = catalog.rendered if as_json else catalog.open
        files: list[StoredFile | NotFound] = []
        for start in range(0, len(answers), AT_ONCE):
            some = (get(self.actor, answer) for answer in answers[start : start + AT_ONCE])
            found = await asyncio.gather(*some, return_exceptions=True)
            for file in found:
                if isinstance(file, StoredFile):
                    opened.enter_context(file)
            for file in found:
                if not isinstance(file, StoredFile | NotFound):
                    raise file
                files.append(file)
        return files


class SeriesListHandler(_SeriesHandler):
    """The collection: search, and upload."""

    route = "photometric_series"

    async def get(self) -> None:
        query = read_query(self.arguments())
        answers, total = await self.services.catalog.search(self.actor, query)
        page = {
            "totalMatches": total,
            "pageNumber": query["pageNumber"],
            "numPerPage": query["numPerPage"],
        }
        if query["dataFormat"] == "none" or not answers:
            self.success({"series": answers, **page})
        else:
            await self.answer_with_data(answers, query["dataFormat"], page)

    async def post(self) -> None:
        async with self.upload() as upload:
            series_id = await self.services.catalog.create(self.actor, upload)
        self.success({"id": series_id})


class SeriesHandler(_SeriesHandler):
    """One series."""

    route = "photometric_series/<id>"
    finds = True

    async def get(self, series_id: str) -> None:
        answer = await self.find(series_id)
        query = read_query(self.arguments(), DATA_FORMAT_ONLY)
        data_format = query.values.get("dataFormat", "json")
        if data_format == "none":
            self.set_header("Etag", f'"{answer["hash"]}"')
            self.success(answer)
        else:
            await self.answer_with_data([answer], data_format)

    async def patch(self, series_id: str) -> None:
        async with self.upload() as upload:  # first: it raises what was wrong with the request
            number = as_id(series_id)
            versions = self.etags("If-Match")
            await self.services.catalog.update(self.actor, number, upload, versions)
        self.success({"id": number})

    async def delete(self, series_id: str) -> None:
        try:
            number = as_id(series_id)
        except NotFound:
            raise NotFound(f"Cannot find photometry point with ID: {series_id[:20]}.") from None
        await self.services.catalog.delete(self.actor, number, self.etags("If-Match"))
        self.success({})
