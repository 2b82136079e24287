"""The stored files, checked against their hashes before their bytes go out."""

from __future__ import annotations

import hashlib
import io
import os
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import DamagedFile
from ..sql import Sql
from ..store import LocalStore, busy_errors, drop

#: Stored files do not change: what was once found whole is trusted while it looks the same.
REMEMBERED = 100_000
#: Bytes that the system removes in next to no time.
SMALL = 1 << 20


@dataclass(frozen=True)
class StoredFile:
    """An open file, its size in bytes, and its path. Close it by `with`.

    `later` closes one whose bytes go with that, which takes the system a while.
    """

    file: BinaryIO
    size: int
    path: str
    later: Callable[[Callable[[], None]], None] | None = None

    @classmethod
    def passing(cls, path: Path, sql: Sql) -> StoredFile:
        """A file of the spool, to be read once: it needs its name no longer."""
        with busy_errors():
            file = path.open("rb")
        path.unlink()
        size = os.fstat(file.fileno()).st_size
        return cls(file, size, str(path), sql.later if size > SMALL else None)

    def __enter__(self) -> StoredFile:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.later is None:
            self.file.close()
        else:
            self.later(self.file.close)


class StoredFiles:
    """Opens files; each is read once for its MD5, then again only where it looks different."""

    def __init__(self, store: LocalStore, sql: Sql) -> None:
        self._store = store
        self._sql = sql
        self._whole: OrderedDict[str, tuple[int, int, int]] = OrderedDict()

    async def open(self, filename: str, digest: str) -> StoredFile:
        """Raises DamagedFile, with the reason, where it cannot be read or is not `digest`."""
        found = self._opened_again(filename, digest)
        if found is None:
            found = await self._sql.thread(self._opened, filename, digest)
        return found

    def placing(self, source: Path, key: str, digest: str) -> Future[None]:
        """Begin to move the file `source` to `key`: its MD5 has just been taken, and is trusted.

        The result raises what the store's `put` does.
        """
        return self._sql.begin(self._put, source, key, digest)

    def _put(self, source: Path, key: str, digest: str) -> None:
        self._store.put(source, key)
        path = self._store.path(key)
        self._note(str(path), digest, path.stat())

    def _opened_again(self, filename: str, digest: str) -> StoredFile | None:
        """The file, if it was found whole before, and still looks so.

        Without a thread, which takes longer than to find in memory what leads to the file.
        """
        looks = self._whole.get(f"{filename}\0{digest}")
        if looks is None:
            return None
        try:
            file = Path(filename).open("rb")  # noqa: SIM115 - whoever asks closes it
        except OSError:
            return None  # for the other way to say what is wrong
        status = os.fstat(file.fileno())
        if _looks(status) != looks:
            file.close()
            return None
        return StoredFile(file, status.st_size, filename)

    def _opened(self, filename: str, digest: str) -> StoredFile:
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
        if self._whole.get(f"{file.name}\0{digest}") != _looks(status):
            _check(file, digest)
            self._note(file.name, digest, status)
        return StoredFile(file, status.st_size, file.name)

    def _note(self, path: str, digest: str, status: os.stat_result) -> None:
        """Remember that a file is whole, as long as it looks as it does."""
        self._whole[f"{path}\0{digest}"] = _looks(status)
        if len(self._whole) > REMEMBERED:
            self._whole.popitem(last=False)


async def clear(sql: Sql, path: Path) -> None:
    """Remove a file of the spool, if it is there; in a thread, as it may be large."""
    if path.exists():
        await sql.thread(drop, path)


def _looks(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _check(file: BinaryIO, digest: str) -> None:
    try:
        found = hashlib.file_digest(cast("io.BufferedReader", file), "md5").hexdigest()
    except OSError as error:
        raise DamagedFile(f"It cannot be read: {error.strerror}.") from error
    file.seek(0)
    if found != digest:
        raise DamagedFile(f"Its MD5 is {found}, not {digest}.")
