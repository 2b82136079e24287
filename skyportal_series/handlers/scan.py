"""`/api/photometric_series/scan`: all series that filters want, page after page, by a cursor.

Unlike page numbers, a cursor misses and repeats nothing while others upload and delete, and the
last page costs no more than the first.
"""

from __future__ import annotations

from ..schemas.cursor import read_cursor, write_cursor
from ..schemas.filters import SCAN_BY_SPELLING, read_query
from .base import BaseHandler


class ScanHandler(BaseHandler):
    """One page, and the cursor of the next."""

    route = "photometric_series/scan"

    async def get(self) -> None:
        query = read_query(self.arguments(), SCAN_BY_SPELLING)
        found, more = await self.services.catalog.scan(self.actor, query, read_cursor(query))
        self.success({"series": found, "next": write_cursor(query, found[-1]) if more else None})
