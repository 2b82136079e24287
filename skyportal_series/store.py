"""Bytes under keys, on a local disk.

A key is a relative path with forward slashes. `put` moves a finished file from the spool into
place: atomically, durably, and never over another one. Whoever holds an open file keeps its bytes,
whatever happens to the key.
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from .errors import InvalidInput, StorageFull, Unavailable

SPOOL = ".spool"
#: Nothing stays this long (seconds) in the spool, or without its row, but what a crash left.
LEFT_AFTER = 3600.0

#: What a full, failing or write-protected disk says.
_NO_ROOM = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
}
#: What says nothing about the file, but that the server has too much open.
_BUSY = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}
#: What a file system says of a name that it cannot hold.
_BAD_NAME = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOTDIR}


@dataclass(frozen=True)
class Entry:
    """One stored file: its key, its size in bytes, when it was last written (Unix seconds)."""

    key: str
    size: int
    modified: float


class Store(Protocol):
    """What the catalogue asks of a store; `tests/test_store.py` holds every one to it."""

    def put(self, source: Path, key: str) -> None:
        """Move the file `source` to `key`, durably; FileExistsError where the key is taken.

        Raises StorageFull, or InvalidInput for a name that cannot be; nothing is at `key` then.
        """

    def open(self, key: str) -> BinaryIO:
        """The stored bytes; FileNotFoundError where there are none."""

    def delete(self, key: str) -> None:
        """Forget `key`; it is no error if it is not there."""

    def list(self) -> Iterator[Entry]:
        """All that is stored, in the order of the file system; not what links lead to."""


class LocalStore:
    """A store in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.spool = self.root / SPOOL

    def prepare(self) -> None:
        """Make the folders, and clear the spool of what a crash left; safe to do twice."""
        with storage_errors():
            self.spool.mkdir(parents=True, exist_ok=True)
        for entry in self.leftovers(LEFT_AFTER):
            with suppress(OSError):  # it takes room, and harms nobody
                self.discard(entry)

    def spool_path(self, suffix: str = "") -> Path:
        """A fresh name for a file that is being made, on the same disk as the store."""
        return self.spool / (secrets.token_hex(12) + suffix)

    def path(self, key: str) -> Path:
        """Where `key` lies. Raises ValueError for a key that would lie outside the folder."""
        parts = key.split("/")
        if any(part in ("", ".", "..") or "\0" in part for part in parts) or parts[0] == SPOOL:
            raise ValueError(f"not a key: {key!r}")
        return self.root.joinpath(*parts)

    def key(self, path: str) -> str:
        """The key of a full path below the folder; ValueError for any other path."""
        key = Path(os.path.normpath(path)).relative_to(self.root).as_posix()
        self.path(key)
        return key

    def put(self, source: Path, key: str) -> None:
        target = self.path(key)
        with storage_errors():
            self._link(source, target)
            try:
                self._sync(target)
                source.unlink()
            except BaseException:
                self.delete(key)
                raise

    def open(self, key: str) -> BinaryIO:
        return self.path(key).open("rb")

    def delete(self, key: str) -> None:
        target = self.path(key)
        target.unlink(missing_ok=True)
        self._remove_empty(target.parent)

    def list(self) -> Iterator[Entry]:
        yield from self._walk(self.root)

    def leftovers(self, age: float) -> Iterator[Entry]:
        """Files of the spool that nobody wrote to for `age` seconds: a crash left them."""
        latest = time.time() - age
        return (entry for entry in self._walk(self.spool) if entry.modified <= latest)

    def discard(self, leftover: Entry) -> None:
        """Remove one of `leftovers`."""
        (self.root / leftover.key).unlink(missing_ok=True)

    def _walk(self, folder: Path) -> Iterator[Entry]:
        with suppress(FileNotFoundError), os.scandir(folder) as entries:  # it may go as we walk
            for entry in entries:
                if entry.is_dir(follow_symlinks=False) and entry.path != str(self.spool):
                    yield from self._walk(Path(entry.path))
                if not entry.is_file(follow_symlinks=False):
                    continue  # such as an operator's link to another disk
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    key = Path(entry.path).relative_to(self.root).as_posix()
                    yield Entry(key, status.st_size, status.st_mtime)

    def _link(self, source: Path, target: Path) -> None:
        """Give `source` its name; a link, unlike a rename, fails where the name is taken."""
        while True:
            try:
                # It may be told of a folder that a delete has just removed as empty.
                with suppress(FileExistsError):
                    target.parent.mkdir(parents=True, exist_ok=True)
                os.link(source, target)
            except FileNotFoundError:
                # So may the link. Without a source, give up.
                if not source.exists():
                    raise
            else:
                return

    def _sync(self, path: Path) -> None:
        """Make a file and its new name durable, and those of the folders that may be new with it.

        Together, after it has its name: a file system writes down once what are two changes.
        """
        while path.is_relative_to(self.root):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            path = path.parent

    def _remove_empty(self, folder: Path) -> None:
        while folder != self.root and folder.is_relative_to(self.root):
            try:
                folder.rmdir()
            except OSError:  # not empty, or already gone: either is fine
                return
            folder = folder.parent


def drop(path: Path) -> None:
    """Remove a file of the spool, if it is there. Where that fails, a later start clears it."""
    with suppress(OSError):
        path.unlink()


@contextmanager
def busy_errors() -> Iterator[None]:
    """Say that the server has too much open, where that is why a file does not open."""
    try:
        yield
    except OSError as error:
        if error.errno in _BUSY:
            raise Unavailable("The server has too many files open; try again later.") from error
        raise


@contextmanager
def storage_errors() -> Iterator[None]:
    """Say what a disk that cannot take more means to the one who asked."""
    try:
        with busy_errors():
            yield
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull(
                "The server's disk cannot take this now; nothing was stored. Try again later."
            ) from error
        if error.errno in _BAD_NAME:
            raise InvalidInput(
                "The file system cannot hold a file of this name: "
                "use a shorter series_name, series_obj_id, channel or origin."
            ) from error
        raise
