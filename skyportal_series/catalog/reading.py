"""Reading series: rows by themselves, and rows with their files."""

from __future__ import annotations

import dataclasses
import logging
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ..accounts import check_token, measure
from ..errors import DamagedFile, NotFound, StorageFull
from ..formats import FORMATS, WHOLE, Part
from ..models.access import Actor
from ..plotting import PlotOptions
from ..schemas.filters import Query
from ..sql import Sql
from ..store import LocalStore
from ..workers import Workers
from . import record, rows
from .asking import in_place
from .files import StoredFile, StoredFiles, clear
from .rows import Answer

log = logging.getLogger(__name__)

INVALID_ID = "Invalid photometric series ID."


class Reading:
    """The half of the catalogue that changes nothing."""

    def __init__(
        self, sql: Sql, store: LocalStore, workers: Workers, bandpasses: Sequence[str]
    ) -> None:
        self._sql = sql
        self._store = store
        self._files = StoredFiles(store, sql)
        self._workers = workers
        self._bandpasses = bandpasses

    async def get(self, actor: Actor, series_id: int) -> Answer:
        """The row's answer, without data. Raises NotFound."""
        return _found(await self._sql.read(rows.one, actor, series_id))

    async def get_by_token(
        self, token: str, series_id: int, *, for_file: bool = False
    ) -> tuple[Actor, Answer]:
        """Whose the token is, and the series; `for_file` no more of it than FILE_COLUMNS.

        Raises what authenticating does, and NotFound.
        """
        check_token(token)
        statement, told = rows.FILE_BY_TOKEN if for_file else rows.BY_TOKEN
        actor, answer = told(await self._sql.ask(statement, token=token, id=series_id))
        return actor, _found(answer)

    async def search(self, actor: Actor, query: Query) -> tuple[list[Answer], int]:
        """A page of answers, without data, and how many series there are on all pages."""
        query = in_place(query, self._store.root, self._bandpasses)

        def both(connection: Connection) -> tuple[list[Answer], int]:
            measured = measure(connection, actor)
            found = rows.page(connection, measured, query)
            # A page that is not full says by itself how many there are.
            if query["pageNumber"] == 1 and len(found) < query["numPerPage"]:
                return found, len(found)
            return found, rows.count(connection, measured, query)

        return await self._sql.read(both)

    async def scan(
        self, actor: Actor, query: Query, last: tuple[Any, int] | None
    ) -> tuple[list[Answer], bool]:
        """A page of series that follow `last` (value of the sorting column, id); is there more?"""
        query = in_place(query, self._store.root, self._bandpasses)

        def following(connection: Connection) -> tuple[list[Answer], bool]:
            return rows.after(connection, measure(connection, actor), query, last)

        return await self._sql.read(following)

    async def open(self, actor: Actor, answer: Answer) -> StoredFile:
        """The file of a series, checked against its hash.

        Follows the series where an update has just replaced the file: the new row is then in
        `answer`. Raises DamagedFile, or NotFound where the series has just been deleted.
        """
        while True:
            try:
                return await self._files.open(answer["filename"], answer["hash"])
            except DamagedFile as error:
                await self.follow(actor, answer, error)

    async def exported(
        self, actor: Actor, answer: Answer, form: str, part: Part = WHOLE
    ) -> tuple[StoredFile, dict[str, int]]:
        """The light curve, or a part of it, as a file of the format `form`.

        With it, how many rows there are (`total`) and how many are in it (`returned`). Follows the
        series, and raises, as `open` does; InvalidInput where the format cannot hold the part.
        """
        told = await self._told(answer) if FORMATS[form].describes else {}

        def arguments() -> dict[str, Any]:
            metadata = record.metadata_of(record.fields_of(answer), record.UNSHARED, answer)
            metadata |= {"owner_id": answer["owner_id"]}
            if form != "hdf5":  # which holds what an upload may hold
                metadata |= {"id": answer["id"], "hash": answer["hash"], **told}
            return {"form": form, "part": dataclasses.asdict(part), "metadata": metadata}

        return await self._made(actor, answer, "export", arguments)

    async def rendered(self, actor: Actor, answer: Answer) -> StoredFile:
        """The whole light curve as a JSON object of columns."""
        return (await self.exported(actor, answer, "json"))[0]

    async def plotted(self, actor: Actor, answer: Answer, options: PlotOptions) -> StoredFile:
        """A picture of the light curve. Raises NotAcceptable where matplotlib is not installed."""
        told = await self._told(answer)

        def arguments() -> dict[str, Any]:
            return {"options": dataclasses.asdict(options), "title": _title(answer) | told}

        return (await self._made(actor, answer, "plot", arguments))[0]

    async def _told(self, answer: Answer) -> dict[str, Any]:
        """What is known of a series beyond its row."""
        name = await self._sql.read(rows.instrument_name, answer["instrument_id"])
        return {"instrument": name}

    async def _made(
        self, actor: Actor, answer: Answer, job: str, arguments: Callable[[], dict[str, Any]]
    ) -> tuple[StoredFile, Any]:
        """What the worker's `job` makes of a series' file, and what it says of it.

        The job gets the path of the file as `stored`, and `out`, where it writes.
        """
        folders = [self._store.spool, Path(tempfile.gettempdir())]
        while True:
            out = folders[0] / self._store.spool_path().name
            with await self.open(actor, answer) as stored:
                try:
                    return await self._make(job, stored=stored.path, out=out, **arguments())
                except DamagedFile as error:
                    await self.follow(actor, answer, error)
                except StorageFull:  # what is full for uploads need not be so for readers
                    if len(folders) == 1:
                        raise
                    del folders[0]

    async def _make(self, job: str, out: Path, **arguments: Any) -> tuple[StoredFile, Any]:
        try:
            told = await self._workers.run(job, out=str(out), **arguments)
            return await self._sql.thread(StoredFile.passing, out, self._sql), told
        finally:
            await clear(self._sql, out)  # where the job failed halfway

    async def follow(self, actor: Actor, answer: Answer, error: DamagedFile) -> None:
        """Where the row names another file by now than `answer`, that row is put there instead.

        Otherwise the file is damaged, as `error` says. Raises DamagedFile, for the client.
        """
        now = await self.get(actor, answer["id"])
        if now["filename"] == answer["filename"]:
            number, filename = answer["id"], answer["filename"]
            log.error("damaged file of series %d: %s: %s", number, filename, error.message)
            raise DamagedFile(
                f"The file of photometric series {number} is missing or damaged; its metadata is "
                "still to be had with dataFormat=none. The operators have been told."
            ) from None
        answer.update(now)


def _found(answer: Answer | None) -> Answer:
    if answer is None:
        raise NotFound(INVALID_ID)
    return answer


def _title(answer: Answer) -> dict[str, Any]:
    names = ("obj_id", "filter", "series_name", "limiting_mag")
    return {name: answer[name] for name in names if record.has_value(answer[name])}
