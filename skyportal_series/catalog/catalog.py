"""Create, update, delete, get, search: the one place where rows and files meet.

The order of every change: the new file first, under a name that no other ever has; then the row
and its sharing, in one transaction; then, after the commit, the old file. So a crash at any point
loses nothing that was acknowledged; what it can leave is a file without a row, which `fsck` finds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import exc

from ..config import Config
from ..enum_types import allowed_bandpasses
from ..errors import DamagedFile, NotFound, SeriesError, Unavailable
from ..jobs import NO_DATA
from ..models.access import Actor
from ..schemas.filters import Query
from ..schemas.upload import check_fields, merge, refusal
from ..sql import Sql
from ..store import LocalStore
from ..workers import Workers
from . import naming, record, references, rows, writing
from .files import StoredFile, StoredFiles, damaged
from .references import Sharing
from .rows import Answer

log = logging.getLogger(__name__)

INVALID_ID = "Invalid photometric series ID."
#: How often an update starts anew because another one came first.
ATTEMPTS = 5

REFRESH = "skyportal/REFRESH_SOURCE_PHOTOMETRY"
OnChange = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class Upload:
    """A request body in the spool."""

    path: Path
    content_type: str


@dataclass(frozen=True)
class _Draft:
    """A series on its way in: a packed file without metadata, and what is known of it."""

    packed: Path
    fields: dict[str, Any]
    sharing: Sharing
    #: None where the points stay as they are.
    summary: dict[str, Any] | None


class Catalog:
    """The series of one database and one store."""

    def __init__(
        self, config: Config, sql: Sql, store: LocalStore, workers: Workers, on_change: OnChange
    ) -> None:
        self._config = config
        self._sql = sql
        self._store = store
        self._files = StoredFiles(store, sql)
        self._workers = workers
        self._on_change = on_change
        self._bandpasses = allowed_bandpasses(config.additional_bandpasses)

    # Reading

    async def get(self, actor: Actor, series_id: int) -> Answer:
        """The row's answer, without data. Raises NotFound."""
        answer = await self._sql.read(rows.one, actor, series_id)
        if answer is None:
            raise NotFound(INVALID_ID)
        return answer

    async def search(self, actor: Actor, query: Query) -> tuple[list[Answer], int]:
        """A page of answers, without data, and how many series there are on all pages."""

        def both(connection: Any) -> tuple[list[Answer], int]:
            found = rows.page(connection, actor, query)
            # A page that is not full says by itself how many there are.
            if query["pageNumber"] == 1 and len(found) < query["numPerPage"]:
                return found, len(found)
            return found, rows.count(connection, actor, query)

        return await self._sql.read(both)

    async def scan(self, actor: Actor, query: Query, last: tuple[Any, int] | None) -> list[Answer]:
        """The series that follow `last` (value of the sorting column, id)."""
        return await self._sql.read(rows.after, actor, query, last)

    async def open(self, actor: Actor, answer: Answer) -> StoredFile:
        """The file of a series, checked against its hash.

        Follows the series where an update has just replaced the file (and puts the new row into
        `answer`). Raises DamagedFile, NotFound.
        """
        while True:
            try:
                return await self._files.open(answer["filename"], answer["hash"])
            except FileNotFoundError:
                now = await self.get(actor, answer["id"])
                if now["filename"] == answer["filename"]:
                    raise damaged(answer["id"]) from None
                answer.update(now)
            except DamagedFile as error:
                raise damaged(answer["id"]) from error

    async def rendered(self, actor: Actor, answer: Answer) -> StoredFile:
        """The light curve of a series as a JSON object of columns. Raises what `open` does."""
        out = self._store.spool_path(".json")
        with await self.open(actor, answer) as stored:
            try:
                await self._workers.run("render_json", stored=stored.path, out=str(out))
                return await self._sql.thread(StoredFile.passing, out)
            except DamagedFile as error:
                raise damaged(answer["id"]) from error
            finally:
                out.unlink(missing_ok=True)

    # Writing

    async def create(self, actor: Actor, upload: Upload) -> int:
        """A new series from an upload; its id.

        Raises InvalidInput with all problems by field, Duplicate, TooLarge, StorageFull,
        Unavailable. Nothing is stored then.
        """
        packed = self._store.spool_path(".h5")
        try:
            draft = await self._draft(actor, upload, packed, current=None)
            row, key = await self._file(draft, actor.id)
            series_id: int = await self._commit(key, actor, row, None, writing.add, actor, row)
        finally:
            packed.unlink(missing_ok=True)
        self._changed(draft.fields["obj_id"])
        return series_id

    async def update(
        self, actor: Actor, series_id: int, upload: Upload, versions: list[str] | None
    ) -> None:
        """Change fields, data or both; `versions` are the hashes that If-Match names.

        Raises what `create` does, NotFound and PreconditionFailed.
        """
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
        packed = self._store.spool_path(".h5")
        try:
            draft = await self._draft(actor, upload, packed, current)
            row, key = await self._file(draft, current["owner_id"], current)
            version = current["hash"]
            await self._commit(
                key, actor, row, series_id, writing.change, actor, series_id, row, version
            )
        finally:
            packed.unlink(missing_ok=True)
        await self._forget(current["filename"])
        for obj_id in {current["obj_id"], draft.fields["obj_id"]}:
            self._changed(obj_id)

    async def delete(self, actor: Actor, series_id: int, versions: list[str] | None) -> None:
        """Delete the series, and its file if it says so. Raises NotFound, PreconditionFailed."""
        try:
            row = await self._sql.write(writing.remove, actor, series_id, versions)
        except NotFound:
            raise NotFound(f"Cannot find photometry point with ID: {series_id}.") from None
        if row["autodelete"]:
            await self._forget(row["filename"])
        self._changed(row["obj_id"])

    # The steps of a change

    async def _draft(
        self, actor: Actor, upload: Upload, packed: Path, current: Answer | None
    ) -> _Draft:
        """Read the upload, merge it over `current`, and look up what it refers to."""
        limits = self._config.limits
        sizes = {"rows": limits.rows, "columns": limits.columns, "frame_bytes": limits.frame_bytes}
        read = await self._workers.run(
            "read_upload",
            lane="intake",
            body=str(upload.path),
            content_type=upload.content_type,
            packed=str(packed),
            nsigma=self._config.misc.photometry_detection_threshold_nsigma,
            limits=sizes,
        )
        given = merge(read["inferred"], read["metadata"], read["fields"])
        fields, problems = check_fields(
            merge(record.fields_of(current), given), self._bandpasses, read["doubts"]
        )
        problems = read["problems"] | problems
        if current is None and not read["has_data"]:
            problems["data"] = [NO_DATA]
        public = self._config.misc.public_group_name
        sharing, absent = await self._sql.read(
            references.resolve, actor, record.to_look_up(fields, given, current), public
        )
        if problems | absent:
            raise refusal(absent | problems)
        if not read["has_data"] and current is not None:
            await self._workers.run(
                "repack", stored=current["filename"], packed=str(packed), limits=sizes
            )
        return _Draft(packed, fields, sharing, read["summary"])

    async def _file(
        self, draft: _Draft, owner_id: int, current: Answer | None = None
    ) -> tuple[writing.Record, str]:
        """Finish the file and give it its name; the record that goes with it."""
        metadata = record.metadata_of(draft.fields, draft.sharing, current) | {"owner_id": owner_id}
        sealed = await self._workers.run("seal", packed=str(draft.packed), metadata=metadata)
        key = naming.file_key(draft.fields, sealed["hash"])
        await self._sql.thread(self._store.put, draft.packed, key)
        values = record.columns_of(draft.fields, draft.summary)
        values |= {"filename": str(self._store.path(key)), "hash": sealed["hash"]}
        if current is None:
            values["autodelete"] = self._config.photometric_series_autodelete
        return writing.Record(values, draft.sharing), key

    async def _commit(
        self,
        key: str,
        actor: Actor,
        row: writing.Record,
        series_id: int | None,
        work: Callable[..., Any],
        *arguments: Any,
    ) -> Any:
        """Run the transaction `work`. Where it surely failed, the file `key` goes again."""
        try:
            return await self._sql.write(work, *arguments)
        except Unavailable:
            # It may have committed before the connection was lost: `fsck` finds out later.
            raise
        except (SeriesError, writing.Moved, exc.SQLAlchemyError) as error:
            await self._sql.thread(self._store.delete, key)
            if isinstance(error, exc.IntegrityError):
                raise await self._sql.read(writing.refusal, actor, row, series_id) from error
            raise

    async def _forget(self, filename: str) -> None:
        """Remove a file that no row names any more."""
        try:
            key = self._store.key(filename)
        except ValueError:
            log.warning("a file outside the series folder is left alone: %s", filename)
            return
        await self._sql.thread(self._store.delete, key)

    def _changed(self, obj_id: str) -> None:
        self._on_change(REFRESH, {"obj_id": obj_id})
