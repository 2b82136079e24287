"""Every row against its file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from ..errors import SeriesError
from ..sql import Sql
from ..store import LocalStore
from ..workers import Workers
from . import figures, rows
from .findings import Finding, Progress, Report, Totals
from .rows import Row

#: Series that are looked at together.
BATCH = 100


class SeriesCheck:
    """Goes through the series by id; what it finds goes to `report`."""

    def __init__(
        self, sql: Sql, store: LocalStore, workers: Workers, nsigma: float, repair: bool
    ) -> None:
        self._sql = sql
        self._store = store
        self._workers = workers
        self._nsigma = nsigma
        self._repair = repair

    async def run(self, totals: Totals, report: Report, progress: Progress) -> None:
        """All of them."""
        number = await self._sql.read(rows.count)
        last = 0
        while batch := await self._sql.read(rows.after, last, BATCH):
            for finding in await self._check(batch):
                report(finding)
            totals.series += len(batch)
            last = batch[-1]["id"]
            progress(totals.series, max(number, totals.series))

    async def _check(self, batch: Sequence[Row]) -> list[Finding]:
        found = []
        while batch:
            looked_at = await asyncio.gather(*map(self._look, batch))
            before = {row["id"]: (row, seen) for row, seen in zip(batch, looked_at, strict=True)}
            doubtful = [number for number, (_, seen) in before.items() if "kind" in seen]
            now = await self._sql.read(rows.by_id, doubtful) if doubtful else ()
            # What an update has replaced meanwhile is looked at again; what is deleted is well.
            batch = [row for row in now if row["filename"] != before[row["id"]][0]["filename"]]
            again = {row["id"] for row in batch}
            gone = set(doubtful) - {row["id"] for row in now}
            for number, (row, seen) in before.items():
                if number not in again | gone:
                    found += await self._settle(row, seen)
        return found

    async def _look(self, row: Row) -> dict[str, Any]:
        """`kind` and `reason` of what is wrong with a series, and `figures` if it can be read."""
        try:
            self._store.key(row["filename"])
        except ValueError:
            return {"kind": "missing", "reason": "It would lie outside the series folder."}
        if not os.path.lexists(row["filename"]):  # spares the way to a worker
            return {"kind": "missing", "reason": "There is no such file."}
        try:
            seen: dict[str, Any] = await self._workers.run(
                "inspect_file", stored=row["filename"], digest=row["hash"], nsigma=self._nsigma
            )
        except SeriesError as error:  # it took too long, too much memory, or the worker's life
            return {"kind": "unreadable", "reason": error.message}
        if "figures" in seen and (names := figures.differing(row, seen["figures"])):
            reason = figures.described(row, seen["figures"], names)
            return seen | {"kind": "statistics", "reason": reason}
        return seen

    async def _settle(self, row: Row, seen: dict[str, Any]) -> list[Finding]:
        """What to say of a series, after what could be done about it."""
        number, path, kind = row["id"], row["filename"], seen.get("kind")
        findings = []
        if kind is not None:
            repaired = self._repair and await self._mend(row, seen)
            findings = [Finding(kind, path, seen["reason"], number, repaired)]
        if self._repair and row["marked"] is not None and "figures" in seen:
            await self._sql.write(rows.unmark, number)
            findings.append(Finding("mended", path, f"It was: {row['marked']}", number, True))
        return findings

    async def _mend(self, row: Row, seen: dict[str, Any]) -> bool:
        if seen["kind"] == "statistics":
            return await self._sql.write(rows.set_figures, row, seen["figures"])
        await self._sql.write(rows.mark, row["id"], f"{seen['kind']}: {seen['reason']}")
        return False
