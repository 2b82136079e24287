"""From an upload to its points in a file of the spool, and the record that goes with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..config import Config
from ..enum_types import allowed_bandpasses
from ..models.access import Actor
from ..schemas.upload import check_fields, merge, refusal
from ..sql import Sql
from ..store import LocalStore
from ..workers import Reply, Workers
from . import naming, record, references
from .files import clear
from .references import Sharing
from .rows import Answer
from .writing import Record

NO_DATA = "Must supply data as a dictionary (JSON) or dataframe in HDF5 format."


@dataclass(frozen=True)
class Upload:
    """A request body in the spool."""

    path: Path
    content_type: str


@dataclass(frozen=True)
class Packed:
    """A finished file in the spool: its path, its MD5, its size in bytes."""

    path: Path
    hash: str
    size: int


@dataclass(frozen=True)
class Draft:
    """A series on its way in; `metadata` are those of its file."""

    fields: dict[str, Any]
    sharing: Sharing
    metadata: dict[str, Any]
    #: None where the points stay as they are; then nothing is packed yet.
    summary: dict[str, Any] | None = None
    packed: Packed | None = None


@dataclass(frozen=True)
class Filing:
    """A record to be written, and the file that is to have the key `key` before it is."""

    record: Record
    packed: Packed
    key: str


class Intake:
    """Reads, checks and packs uploads."""

    def __init__(self, config: Config, sql: Sql, store: LocalStore, workers: Workers) -> None:
        self._config = config
        self._sql = sql
        self._store = store
        self._workers = workers
        self._bandpasses = allowed_bandpasses(config.additional_bandpasses)
        sizes = ("rows", "columns", "frame_bytes")
        self._sizes = {name: getattr(config.limits, name) for name in sizes}

    async def draft(
        self, actor: Actor, upload: Upload, packed: Path, current: Answer | None
    ) -> Draft:
        """Read the upload, merge it over `current`, look up what it refers to, pack its points.

        Raises InvalidInput with all problems by field.
        """
        found: list[asyncio.Task[tuple[Draft, dict[str, list[str]]]]] = []

        async def metadata(read: Any) -> dict[str, Any] | None:
            found.append(asyncio.create_task(self._look_up(actor, read, current)))
            await asyncio.wait(found[-1:])
            if found[-1].exception():
                return None  # the worker ends its job in peace, and what it was is raised below
            draft, problems = found[-1].result()
            return None if problems else draft.metadata

        read = await self._read(upload, packed, metadata)
        draft, problems = found[-1].result()
        if problems := read["problems"] | problems:
            raise refusal(problems)
        if read["hash"] is None:
            return draft
        return replace(
            draft, summary=read["summary"], packed=Packed(packed, read["hash"], read["size"])
        )

    async def _look_up(
        self, actor: Actor, read: Any, current: Answer | None
    ) -> tuple[Draft, dict[str, list[str]]]:
        """What an upload says, as a draft, and what is wrong with it; `read` by a worker."""
        given = merge(read["inferred"], read["metadata"], read["fields"])
        fields, problems = check_fields(
            merge(record.fields_of(current), given), self._bandpasses, read["doubts"]
        )
        if current is None and not read["has_data"]:
            problems["data"] = [NO_DATA]
        wanted = record.to_look_up(fields, given, current)
        public = self._config.misc.public_group_name
        sharing, absent = await references.resolve(self._sql.ask, actor, wanted, public)
        metadata = record.metadata_of(fields, sharing, current)
        metadata["owner_id"] = actor.id if current is None else current["owner_id"]
        return Draft(fields, sharing, metadata), absent | problems

    async def _read(self, upload: Upload, packed: Path, metadata: Reply) -> Any:
        form_file = Path(f"{upload.path}.h5")
        try:
            return await self._workers.run(
                "read_upload",
                lane="intake",
                reply=metadata,
                body=str(upload.path),
                content_type=upload.content_type,
                form_file=str(form_file),
                packed=str(packed),
                nsigma=self._config.misc.photometry_detection_threshold_nsigma,
                limits=self._sizes,
            )
        finally:
            await clear(self._sql, form_file)  # where its worker was killed

    async def keep_points(self, stored: str, packed: Path, draft: Draft) -> Draft:
        """Pack the points of the file `stored`. Raises DamagedFile."""
        sealed = await self._workers.run(
            "repack", stored=stored, packed=str(packed), metadata=draft.metadata
        )
        return replace(draft, packed=Packed(packed, sealed["hash"], sealed["size"]))

    def filing(self, draft: Draft, *, new: bool) -> Filing:
        """What is left to do: the record of a draft, and the file that is to have its name."""
        if draft.packed is None:
            raise RuntimeError("the points are not packed yet")
        key = naming.file_key(draft.fields, draft.packed.hash)
        values = record.columns_of(draft.fields, draft.summary)
        values |= {"filename": str(self._store.path(key)), "hash": draft.packed.hash}
        if new:
            values["autodelete"] = self._config.photometric_series_autodelete
        return Filing(Record(values, draft.sharing), draft.packed, key)
