"""The stored files, checked against their hashes before their bytes go out."""

from __future__ import annotations

import hashlib
import io
import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import DamagedFile
from ..sql import Sql
from ..store import LocalStore, busy_errors

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
        with busy_errors():
            file = path.open("rb")
        path.unlink()
        return cls(file, os.fstat(file.fileno()).st_size, str(path))

    def __enter__(self) -> StoredFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.file.close()


class StoredFiles:
    """Opens files; each is read once for its MD5, then again only where it looks different."""

    def __init__(self, store: LocalStore, sql: Sql) -> None:
        self._store = store
        self._sql = sql
        self._whole: OrderedDict[str, tuple[int, int, int]] = OrderedDict()

    async def open(self, filename: str, digest: str) -> StoredFile:
        """Raises DamagedFile, with the reason, where it cannot be read or is not `digest`."""
        return await self._sql.thread(self._open, filename, digest)

    def _open(self, filename: str, digest: str) -> StoredFile:
        try:
            with busy_errors():
                file = self._store.open(self._store.key(filename))
        except ValueError as error:
            raise DamagedFile("It lies outside the series folder.") from error
        except OSError as error:
            raise DamagedFile(f"It cannot be opened: {error.strerror}.") from error
        try:
            return self._checked(file, digest)
        except BaseException:
            file.close()
            raise

    def _checked(self, file: BinaryIO, digest: str) -> StoredFile:
        status = os.fstat(file.fileno())
        looks = (status.st_ino, status.st_size, status.st_mtime_ns)
        name = f"{file.name}\0{digest}"
        if self._whole.get(name) != looks:
            _check(file, digest)
            self._whole[name] = looks
            if len(self._whole) > REMEMBERED:
                self._whole.popitem(last=False)
        return StoredFile(file, status.st_size, file.name)


def _check(file: BinaryIO, digest: str) -> None:
    try:
        found = hashlib.file_digest(cast("io.BufferedReader", file), "md5").hexdigest()
    except OSError as error:
        raise DamagedFile(f"It cannot be read: {error.strerror}.") from error
    file.seek(0)
    if found != digest:
        raise DamagedFile(f"Its MD5 is {found}, not {digest}.")
