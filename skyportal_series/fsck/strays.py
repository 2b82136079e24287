"""Every file against the rows: what no row names, and what a crash left in the spool."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice

from ..sql import Sql
from ..store import Entry, LocalStore
from . import rows
from .findings import Finding, Report, Totals

#: Files that the database is asked about together.
BATCH = 1000
#: More orphans than this beside a database without any series look like the wrong database.
SUSPICIOUS = 100


class StrayCheck:
    """Goes through the files in the order of the disk; what it finds goes to `report`.

    Files younger than `age` seconds are left alone: their rows may be on the way. Where
    `autodelete` is false, files outlive their series on purpose.
    """

    def __init__(
        self, sql: Sql, store: LocalStore, age: float, autodelete: bool, repair: bool
    ) -> None:
        self._sql = sql
        self._store = store
        self._age = age
        self._autodelete = autodelete
        self._repair = repair
        self._removable: float = 0

    async def run(self, totals: Totals, report: Report) -> None:
        """All of them."""
        empty = await self._sql.read(rows.is_empty)
        self._removable = SUSPICIOUS if empty else float("inf")
        for entry in self._store.leftovers(self._age):
            if self._repair:
                self._store.discard(entry)
            reason = "Left in the spool, by a crash."
            report(Finding("leftover", self._full(entry), reason, repaired=self._repair))
        entries = self._store.list()
        while batch := list(islice(entries, BATCH)):
            totals.files += len(batch)
            for entry in await self._orphans(batch):
                report(self._settle(entry))

    async def _orphans(self, batch: Iterable[Entry]) -> Iterator[Entry]:
        latest = time.time() - self._age
        old = {self._full(entry): entry for entry in batch if entry.modified <= latest}
        known = await self._sql.read(rows.named, list(old)) if old else set()
        return (entry for path, entry in old.items() if path not in known)

    def _settle(self, entry: Entry) -> Finding:
        path = self._full(entry)
        if not self._autodelete:
            reason = "No series names it; photometric_series_autodelete is false."
            return Finding("kept", path, reason)
        if self._repair and self._removable <= 0:
            reason = "No series names it, nor any other file: is this the right database?"
            return Finding("orphan", path, reason)
        if self._repair:
            self._store.delete(entry.key)
            self._removable -= 1
        return Finding("orphan", path, "No series names it.", repaired=self._repair)

    def _full(self, entry: Entry) -> str:
        return str(self._store.root / entry.key)
