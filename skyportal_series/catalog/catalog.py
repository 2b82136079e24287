"""Create, update, delete: the one place where rows and files meet.

The order of every change: the new file is durable, under a name that no other ever has, before the
row and its sharing are committed, in one transaction; then the old file goes. So a crash at any
point loses nothing that was acknowledged; what it can leave is a file without a row, which `fsck`
finds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from sqlalchemy import Connection, exc

from ..config import Config
from ..enum_types import allowed_bandpasses
from ..errors import DamagedFile, NotFound, SeriesError, Unavailable
from ..models.access import Actor
from ..sql import CommitUnknown, Sql, sqlstate
from ..store import LocalStore
from ..workers import Workers
from . import writing
from .files import clear
from .intake import Draft, Filing, Intake, Upload
from .reading import Reading
from .rows import Answer

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Bytes of a file that is made durable in next to no time: a transaction may wait for it.
SMALL = 1 << 20
#: How often an update starts anew because another one came first.
ATTEMPTS = 8

REFRESH = "skyportal/REFRESH_SOURCE_PHOTOMETRY"
OnChange = Callable[[str, dict[str, Any]], None]


class Catalog(Reading):
    """The series of one database and one store."""

    def __init__(
        self, config: Config, sql: Sql, store: LocalStore, workers: Workers, on_change: OnChange
    ) -> None:
        super().__init__(sql, store, workers, allowed_bandpasses(config.additional_bandpasses))
        self._intake = Intake(config, sql, store, workers)
        self._on_change = on_change
        #: Updates of one series wait here for each other, rather than start anew in turns.
        self._updating: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def create(self, actor: Actor, upload: Upload) -> int:
        """A new series from an upload; its id.

        Raises InvalidInput with all problems by field, Duplicate, TooLarge, StorageFull,
        Unavailable. Nothing is stored then.
        """
        async with self._workplace() as packed:
            draft = await self._intake.draft(actor, upload, packed, current=None)
            filing = self._intake.filing(draft, new=True)
            row = filing.record
            series_id = await self._file(
                actor, filing, None, lambda connection: writing.add(connection, actor, row)
            )
        self._changed(row.values["obj_id"])
        return series_id

    async def update(
        self, actor: Actor, series_id: int, upload: Upload, versions: list[str] | None
    ) -> None:
        """Change fields, data or both; `versions` are the hashes that If-Match names.

        Raises what `create` does, NotFound, PreconditionFailed, and DamagedFile where the points
        are to stay and are not whole any more.
        """
        async with self._updating.setdefault(series_id, asyncio.Lock()):
            for _ in range(ATTEMPTS):
                try:
                    return await self._update(actor, series_id, upload, versions)
                except writing.Moved:
                    log.info("series %d changed meanwhile: starting anew", series_id)
        raise Unavailable("Others keep changing this series; try again later.")

    async def _update(
        self, actor: Actor, series_id: int, upload: Upload, versions: list[str] | None
    ) -> None:
        current = await self.get(actor, series_id)
        # Also who may only read is told at once, not after the work.
        await self._sql.read(writing.locked, actor, series_id)
        writing.check_version(current["hash"], versions)
        filename = current["filename"]
        async with self._workplace() as packed:
            draft = await self._intake.draft(actor, upload, packed, current)
            if draft.packed is None:
                draft = await self._with_points(actor, current, packed, draft)
            filing = self._intake.filing(draft, new=False)
            row = filing.record
            await self._file(
                actor,
                filing,
                series_id,
                lambda connection: writing.change(connection, actor, series_id, row, filename),
            )
        await self._forget(filename)
        for obj_id in {current["obj_id"], row.values["obj_id"]}:
            self._changed(obj_id)

    async def _with_points(
        self, actor: Actor, current: Answer, packed: Path, draft: Draft
    ) -> Draft:
        """Pack the points that the series has. Raises DamagedFile, Moved."""
        try:
            # Checked against the hash: what is damaged must not get a new hash that fits it.
            with await self._files.open(current["filename"], current["hash"]) as stored:
                return await self._intake.keep_points(stored.path, packed, draft)
        except DamagedFile as error:
            await self.follow(actor, current, error)
            raise writing.Moved from None

    async def delete(self, actor: Actor, series_id: int, versions: list[str] | None) -> None:
        """Delete the series, and its file if it says so. Raises NotFound, PreconditionFailed."""
        try:
            row = await self._sql.write(writing.remove, actor, series_id, versions)
        except NotFound:
            raise NotFound(f"Cannot find photometry point with ID: {series_id}.") from None
        if row["autodelete"]:
            await self._forget(row["filename"])
        self._changed(row["obj_id"])

    @asynccontextmanager
    async def _workplace(self) -> AsyncIterator[Path]:
        """A path in the spool for a file that is being made."""
        packed = self._store.spool_path(".h5")
        try:
            yield packed
        finally:
            await clear(self._sql, packed)

    async def _file(
        self, actor: Actor, filing: Filing, series_id: int | None, work: Callable[[Connection], T]
    ) -> T:
        """Give the file its name and run the transaction `work`; without either, nothing is left.

        Both at once, as the disk and the database take as long; the commit waits for the file.
        """
        placing = self._files.placing(filing.packed.path, filing.key, filing.packed.hash)
        if filing.packed.size > SMALL:
            await asyncio.wrap_future(placing)
        try:
            return await self._sql.write(work, after=placing)
        except CommitUnknown:
            raise  # perhaps the database does name the file: `fsck` finds out later
        except (SeriesError, writing.Moved, exc.SQLAlchemyError) as error:
            await asyncio.gather(asyncio.wrap_future(placing), return_exceptions=True)
            if placing.exception() is None:
                await self._forget(filing.record.values["filename"])
            if isinstance(error, exc.IntegrityError):
                reason = sqlstate(error)
                raise await self._sql.read(
                    writing.refusal, actor, filing.record, series_id, reason
                ) from error
            raise

    async def _forget(self, filename: str) -> None:
        """Remove a file that no row names any more. The change itself is done: this may fail."""
        try:
            await self._sql.thread(self._store.delete, self._store.key(filename))
        except ValueError:
            log.warning("a file outside the series folder is left alone: %s", filename)
        except OSError as error:
            log.warning("a file without a row stays, for fsck to remove: %s", error)

    def _changed(self, obj_id: str) -> None:
        """Tell the host, apart from the request: the change stands, whatever the host does."""
        loop = asyncio.get_running_loop()
        loop.call_soon(self._on_change, REFRESH, {"obj_id": obj_id})
