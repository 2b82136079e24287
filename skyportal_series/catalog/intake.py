"""From an upload to a finished file under its name, and the record that goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import Config
from ..enum_types import allowed_bandpasses
from ..jobs import NO_DATA
from ..models.access import Actor
from ..schemas.upload import check_fields, merge, refusal
from ..sql import Sql
from ..store import LocalStore, drop
from ..workers import Workers
from . import naming, record, references
from .files import StoredFiles
from .references import Sharing
from .rows import Answer
from .writing import Record


@dataclass(frozen=True)
class Upload:
    """A request body in the spool."""

    path: Path
    content_type: str


@dataclass(frozen=True)
class Draft:
    """A series on its way in: what is known of it, and its points packed without metadata."""

    fields: dict[str, Any]
    sharing: Sharing
    #: None where the points stay as they are; then nothing is packed yet.
    summary: dict[str, Any] | None
    packed: Path


class Intake:
    """Reads, checks and files uploads."""

    def __init__(
        self, config: Config, sql: Sql, store: LocalStore, files: StoredFiles, workers: Workers
    ) -> None:
        self._config = config
        self._sql = sql
        self._store = store
        self._files = files
        self._workers = workers
        self._bandpasses = allowed_bandpasses(config.additional_bandpasses)
        sizes = ("rows", "columns", "frame_bytes")
        self._sizes = {name: getattr(config.limits, name) for name in sizes}

    async def draft(
        self, actor: Actor, upload: Upload, packed: Path, current: Answer | None
    ) -> Draft:
        """Read the upload, merge it over `current`, and look up what it refers to.

        Raises InvalidInput with all problems by field.
        """
        read = await self._read(upload, packed)
        given = merge(read["inferred"], read["metadata"], read["fields"])
        fields, problems = check_fields(
            merge(record.fields_of(current), given), self._bandpasses, read["doubts"]
        )
        problems = read["problems"] | problems
        if current is None and not read["has_data"]:
            problems["data"] = [NO_DATA]
        wanted = record.to_look_up(fields, given, current)
        public = self._config.misc.public_group_name
        sharing, absent = await references.resolve(self._sql.ask, actor, wanted, public)
        if problems | absent:
            raise refusal(absent | problems)
        return Draft(fields, sharing, read["summary"], packed)

    async def _read(self, upload: Upload, packed: Path) -> Any:
        form_file = Path(f"{upload.path}.h5")
        try:
            return await self._workers.run(
                "read_upload",
                lane="intake",
                body=str(upload.path),
                content_type=upload.content_type,
                form_file=str(form_file),
                packed=str(packed),
                nsigma=self._config.misc.photometry_detection_threshold_nsigma,
                limits=self._sizes,
            )
        finally:
            drop(form_file)

    async def keep_points(self, stored: str, draft: Draft) -> None:
        """Pack the points of the file `stored`. Raises DamagedFile."""
        await self._workers.run("repack", stored=stored, packed=str(draft.packed))

    async def file(self, draft: Draft, owner_id: int, current: Answer | None = None) -> Record:
        """Finish the file and give it its name; the record that names it."""
        metadata = record.metadata_of(draft.fields, draft.sharing, current) | {"owner_id": owner_id}
        sealed = await self._workers.run("seal", packed=str(draft.packed), metadata=metadata)
        key = naming.file_key(draft.fields, sealed["hash"])
        values = record.columns_of(draft.fields, draft.summary)
        values |= {"filename": str(self._store.path(key)), "hash": sealed["hash"]}
        if current is None:
            values["autodelete"] = self._config.photometric_series_autodelete
        await self._files.put(draft.packed, key, sealed["hash"])
        return Record(values, draft.sharing)
