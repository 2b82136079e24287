"""The stored files, checked against their hashes before their bytes go out."""

from __future__ import annotations

import hashlib
import io
import logging
import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import DamagedFile
from ..sql import Sql
from ..store import LocalStore

log = logging.getLogger(__name__)

#: Stored files do not change: what was once found whole is trusted while it looks the same.
REMEMBERED = 100_000


@dataclass(frozen=True)
class StoredFile:
    """An open file, its size in bytes, and its path. Close it by `with`."""

    file: BinaryIO
    size: int
    path: str

    @classmethod
    def passing(cls, path: Path) -> StoredFile:
        """A file of the spool, to be read once: it needs its name no longer."""
        file = path.open("rb")
        path.unlink()
        return cls(file, os.fstat(file.fileno()).st_size, str(path))

    def __enter__(self) -> StoredFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.file.close()


def damaged(series_id: int) -> DamagedFile:
    """What the client is told."""
    return DamagedFile(
        f"The file of photometric series {series_id} is missing or damaged; "
        "its metadata is still to be had with dataFormat=none. The operators have been told."
    )


class StoredFiles:
    """Opens files; each is read once for its MD5, then again only where it looks different."""

    def __init__(self, store: LocalStore, sql: Sql) -> None:
        self._store = store
        self._sql = sql
        self._whole: OrderedDict[str, tuple[int, int, int]] = OrderedDict()

    async def open(self, filename: str, digest: str) -> StoredFile:
        """Raises FileNotFoundError, or DamagedFile where the MD5 is not `digest`."""
        return await self._sql.thread(self._open, filename, digest)

    def _open(self, filename: str, digest: str) -> StoredFile:
        file = self._store.open(self._key(filename))
        try:
            status = os.fstat(file.fileno())
            looks = (status.st_ino, status.st_size, status.st_mtime_ns)
            name = f"{filename}\0{digest}"
            if self._whole.get(name) != looks:
                self._check(file, filename, digest)
                self._whole[name] = looks
                if len(self._whole) > REMEMBERED:
                    self._whole.popitem(last=False)
            return StoredFile(file, status.st_size, file.name)
        except BaseException:
            file.close()
            raise

    def _key(self, filename: str) -> str:
        try:
            return self._store.key(filename)
        except ValueError as error:
            log.error("a series' file lies outside the series folder: %s", filename)
            raise DamagedFile("The file lies outside the series folder.") from error

    def _check(self, file: BinaryIO, filename: str, digest: str) -> None:
        found = hashlib.file_digest(cast("io.BufferedReader", file), "md5").hexdigest()
        file.seek(0)
        if found != digest:
            log.error("damaged file: %s has the MD5 %s, not %s", filename, found, digest)
            raise DamagedFile("The file is not what its hash says.")
